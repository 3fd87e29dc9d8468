"""A photograph on the page, with a stand-in for the detector: as `mfps restore` does it, whatever is dropped."""

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.files.config_model import fill
from mfps.images.image import read_image, write_image
from mfps.inference.config import RestoreConfig
from mfps.inference.open_runnable import open_runnable
from mfps.inference.prior_runs import run_with_priors
from mfps.inference.restore import restore
from mfps.inference.reuse import Reuse
from mfps.serve.networks import Network
from mfps.serve.restoring import Wanted
from PIL import Image

THREE = [(2, 2, 40), (50, 4, 44), (40, 50, 33)]
EXTENT = (110, 90)


@pytest.fixture
def into(tmp_path):
    """`into()`: a new empty folder."""
    made = iter(range(100))

    def make():
        folder = tmp_path / f"into{next(made)}"
        folder.mkdir()
        return folder

    return make


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"face": "largest", "format": "webp"},
        {"face": "centre", "blend": 0.4},
        {"iterations": 1, "format": "jpg"},
    ],
    ids=str,
)
def test_the_page_gives_the_file_that_restore_gives(restoring, network, album, into, detector, tmp_path, options):
    album("a photo.png", THREE, EXTENT)
    photo, on_page, kind = tmp_path / "album/a photo.png", restoring(), options.get("format", "png")
    wanted = Wanted(network, **options)
    on_page.look(photo, wanted)
    result = on_page.restore(photo, wanted, into())
    assert result.file.name == f"a photo.{kind}"
    expected = tmp_path / f"expected.{kind}"
    given = {"weights": network.weights, "source": photo, "out": expected, "device": "cpu", **options}
    restore(fill(RestoreConfig, given), detector=detector)
    assert result.file.read_bytes() == expected.read_bytes()
    for shown, same in ((result.before, photo), (result.after, expected)):
        difference = np.abs(read_image(shown).astype(int) - read_image(same))
        assert np.percentile(difference, 90) < 12  # a jpg


def test_a_face_crop_is_restored_as_one(restoring, network, into, tmp_path, detector):
    write_image(tmp_path / "crop.png", np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8))
    on_page, wanted = restoring(), Wanted(network)
    on_page.look(tmp_path / "crop.png", wanted)
    result = on_page.restore(tmp_path / "crop.png", wanted, into())
    given = {"weights": network.weights, "source": tmp_path / "crop.png", "out": tmp_path / "e.png", "device": "cpu"}
    restore(fill(RestoreConfig, given), detector=detector)
    assert result.file.read_bytes() == (tmp_path / "e.png").read_bytes()
    assert "1 face crop" in result.said


@pytest.mark.parametrize("which", ["all", "largest", "centre"])
def test_each_face_has_its_number_and_a_reason_if_it_is_left(restoring, network, album, tmp_path, which):
    """The second face is half out of the picture, the third is too small."""
    album("a.png", [(2, 2, 40), (85, 4, 44), (40, 60, 20)], EXTENT)
    seen = restoring().look(tmp_path / "album/a.png", Wanted(network, face=which))
    assert "3 faces found" in seen.said
    assert [line.split(":")[0] for line in seen.left] == ["face 2", "face 3"]
    assert "border" in seen.left[0]
    assert "too small" in seen.left[1]
    assert (seen.picture != read_image(tmp_path / "album/a.png")).any()


def test_nothing_is_searched_or_restored_twice(restoring, network, album, into, detector, tmp_path, monkeypatch):
    """Another blend runs neither the detector nor the network, and gives the same as restoring anew."""
    album("a.png", THREE, EXTENT)
    photo, on_page, runs = tmp_path / "album/a.png", restoring(), []

    def counted(*given, **options):
        runs.append(1)
        return run_with_priors(*given, **options)

    monkeypatch.setattr("mfps.inference.whole.album.run_with_priors", counted)
    for blend in (1.0, 0.5):
        on_page.look(photo, Wanted(network, blend=blend))
        last = on_page.restore(photo, Wanted(network, blend=blend), into())
    assert (len(runs), detector.searched) == (1, 1)
    on_page.restore(photo, Wanted(network, iterations=1), into())
    assert len(runs) == 2
    fresh = Network("net", network.weights, Reuse(open_runnable(network.weights, None, "auto")))
    assert on_page.restore(photo, Wanted(fresh, blend=0.5), into()).file.read_bytes() == last.file.read_bytes()
    assert len(runs) == 3


def written(folder, kind):
    """A file that people drop; returns its path."""
    folder.mkdir()
    file = folder / {"text": "a.jpg", "gif": "a.gif", "zip": "a.zip", "name": "d\u00e9j\u00e0 vu <b>.png"}.get(
        kind, "a.png"
    )
    ramp = np.linspace(0, 255, 90 * 70).reshape(70, 90)
    rgb = Image.fromarray(np.stack([ramp, ramp[::-1], ramp], 2).astype(np.uint8))
    if kind in ("text", "zip"):
        file.write_bytes(b"PK\3\4 no picture" if kind == "zip" else b"no picture")
    elif kind == "empty":
        file.write_bytes(b"")
    elif kind == "cut off":
        rgb.save(file)
        file.write_bytes(file.read_bytes()[:-300])
    elif kind == "gif":
        rgb.save(file, save_all=True, append_images=[rgb.rotate(90)])
    elif kind == "16 bit":
        Image.fromarray((ramp * 257).astype(np.uint16)).save(file)
    elif kind == "CMYK":
        rgb.convert("CMYK").save(file, "TIFF")
    elif kind in ("P", "LA", "RGBA", "L", "1"):
        rgb.convert(kind).save(file)
    elif kind == "large":
        Image.new("L", (7000, 300)).save(file)
    else:
        rgb.save(file)
    return file


@pytest.mark.parametrize("kind", ["16 bit", "CMYK", "P", "LA", "RGBA", "L", "1", "no face", "name"])
def test_every_photograph_comes_back_and_without_a_face_as_it_was(restoring, network, into, tmp_path, kind):
    photo, on_page = written(tmp_path / "given", kind), restoring()
    seen = on_page.look(photo, Wanted(network))
    assert "no face is found" in seen.said
    result = on_page.restore(photo, Wanted(network), into())
    assert "stays as it is" in result.said
    assert (read_image(result.file) == read_image(photo)).all()
    assert result.file.name == f"{photo.stem}.png"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("text", "a.jpg: the file is not an image of a known format; give a PNG"),
        ("gif", "a.gif: the file is not an image of a known format but GIF; give a PNG"),
        ("zip", "a.zip: the file is not an image of a known format"),
        ("empty", "a.png: the file is empty"),
        ("cut off", "a.png: the image is damaged"),
        ("large", "a.png: 7000 x 300 pixels are more than the 1,000,000 that are read"),
    ],
)
def test_what_cannot_be_restored_is_told_in_a_line_that_names_no_folder(restoring, network, tmp_path, kind, says):
    with pytest.raises(MfpsError) as raised:
        restoring(max_megapixels=1).look(written(tmp_path / "given", kind), Wanted(network))
    assert str(raised.value).startswith(says)
    assert "\n" not in str(raised.value)
    assert "given" not in str(raised.value)


def test_what_was_missing_is_tried_again(restoring, network, album, tmp_path, monkeypatch, detector):
    """Weights that are missing or of another hash: a line each time, until they are there."""
    album("a.png", THREE, EXTENT)
    on_page, photo = restoring(landmarks_by="dlib"), tmp_path / "album/a.png"

    def missing(*_):
        raise MfpsError("dlib's weights are not the published ones")

    with monkeypatch.context() as patch:
        patch.setattr("mfps.serve.restoring.open_detector", missing)
        for _ in range(2):
            with pytest.raises(MfpsError, match="not the published ones"):
                on_page.look(photo, Wanted(network))
    assert "3 faces found" in on_page.look(photo, Wanted(network)).said
    assert detector.searched == 1


def test_after_the_end_nothing_is_begun(restoring, network, album, tmp_path):
    album("a.png", THREE, EXTENT)
    on_page = restoring()
    on_page.stop()
    on_page.wait()
    with pytest.raises(MfpsError, match="being closed"):
        on_page.look(tmp_path / "album/a.png", Wanted(network))
    on_page.wait()
