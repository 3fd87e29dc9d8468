"""Whole photographs through `restore`, with a stand-in for the detector."""

import json
import shutil

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.files.config_model import fill
from mfps.files.external_weights import at_hand
from mfps.images.image import read_image, write_image
from mfps.images.photograph import read_photograph
from mfps.inference.config import RestoreConfig
from mfps.inference.restore import restore
from mfps.inference.whole.faces_to_restore import FaceRules, faces_to_restore
from mfps.inference.whole.pasting import face_mask
from PIL import Image

FACE = (20, 10, 48)
TWO = [(5, 5, 40), (55, 30, 40)]


@pytest.fixture
def run(write_weights, tmp_path, detector, console):
    """`run(**options)` restores the album."""
    weights = tmp_path / "w.safetensors"
    write_weights(weights, size=16)

    def restored(source="album", out="out", **options):
        given = {"weights": weights, "source": tmp_path / source, "out": tmp_path / out, "device": "cpu", **options}
        return restore(fill(RestoreConfig, {"whole": True, **given}), console, detector)

    return restored


def changed(before, after):
    return (before != after).any(-1)


def mask_of(colour, detector):
    masks = np.zeros(colour.shape[:2], bool)
    for face in faces_to_restore(colour, detector.detect(colour), FaceRules(16)).restored:
        mask = face_mask(face, colour.shape[1::-1])
        height, width = mask.weights.shape
        masks[mask.top : mask.top + height, mask.left : mask.left + width] |= mask.weights > 0
    return masks


def hidden(folder):
    return [path for path in folder.rglob("*") if path.name.startswith(".") or path.name == "restoration.jsonl"]


def test_faces_are_put_back_and_nothing_else_changes(run, album, tmp_path, detector):
    pictures = {name: album(name, places) for name, places in (("a.png", [FACE]), ("deep/b.webp", TWO), ("c.png", []))}
    done = run()
    assert [file.relative_to(tmp_path / "out").as_posix() for file in done.files] == ["a.png", "c.png", "deep/b.png"]
    assert (done.whole.faces, done.whole.without, done.whole.bad, done.size) == (3, 1, {}, 16)
    for name, before in pictures.items():
        after = read_image((tmp_path / "out" / name).with_suffix(".png"))
        mask = mask_of(before, detector)
        assert not (changed(before, after) & ~mask).any()
        assert (changed(before, after) & mask).sum() >= 0.5 * mask.sum()
    assert (tmp_path / "out" / "c.png").read_bytes() == (tmp_path / "album" / "c.png").read_bytes()
    assert not hidden(tmp_path / "out")


def test_faces_of_several_photographs_share_batches_and_these_change_nothing(run, album, tmp_path):
    for number in range(3):
        album(f"{number}.png", TWO)
    run(out="one", batch_size=1)
    run(out="many", batch_size=4)
    for file in (tmp_path / "one").glob("*.png"):
        difference = read_image(file).astype(int) - read_image(tmp_path / "many" / file.name)
        assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_alpha_profile_and_exif_come_back_as_far_as_the_format_has_them(run, album, tmp_path, kind, console):
    exif = Image.Exif()
    exif[0x010F] = "a maker"
    alpha = np.tile(np.linspace(255, 200, 100).astype(np.uint8), (80, 1))
    before = album("a.png", [FACE], alpha=alpha, exif=exif.tobytes())
    done = run(format=kind)
    assert done.files == (tmp_path / "out" / f"a.{kind}",)
    after = read_photograph(done.files[0])
    assert after.extent == (100, 80)
    assert after.alpha is None if kind == "jpg" else np.array_equal(after.alpha, alpha)
    assert after.exif
    assert ("transparency became white" in console.file.getvalue()) == (kind == "jpg")
    if kind != "jpg":
        assert changed(before, after.colour).any()
        assert not changed(before[:5], after.colour[:5]).any()


def test_a_turned_photograph_comes_out_upright(run, album, tmp_path, detector):
    colour = album("a.png", [FACE])
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(colour)).save(tmp_path / "album" / "a.png", exif=exif)
    run()
    with Image.open(tmp_path / "out" / "a.png") as opened:
        assert (opened.size, opened.getexif().get(0x0112)) == ((100, 80), None)
    assert changed(colour, read_image(tmp_path / "out" / "a.png")).any()


def test_bad_photographs_are_skipped_and_told_and_the_rest_goes_on(run, album, tmp_path, console):
    album("a.png", [FACE])
    (tmp_path / "album" / "b.jpg").write_text("a text")
    frames = [Image.new("P", (70, 80), colour) for colour in range(2)]
    frames[0].save(tmp_path / "album" / "c.gif", save_all=True, append_images=frames[1:])
    shutil.copy(tmp_path / "album" / "c.gif", tmp_path / "album" / "d.png")
    (tmp_path / "album" / "e.png").write_bytes((tmp_path / "album" / "a.png").read_bytes()[:3000])
    album("f.png", [FACE])
    done = run()
    assert [file.name for file in done.files] == ["a.png", "f.png"]
    assert {name: reason.partition(";")[0] for name, reason in done.whole.bad.items()} == {
        "b.jpg": "the file is not an image of a known format",
        "d.png": "the file is not an image of a known format but GIF",
        "e.png": done.whole.bad["e.png"].partition(";")[0],
    }
    assert "damaged" in done.whole.bad["e.png"]
    assert done.passed_over == "1 file of other suffixes (.gif 1)"
    said = console.file.getvalue()
    assert all(f"skipped   {name}: " in said for name in done.whole.bad)
    record = json.loads((tmp_path / "out" / "restoration.json").read_text())["photographs"]
    assert [name for name, entry in record.items() if "error" in entry] == ["b.jpg", "d.png", "e.png"]


def test_faces_that_are_left_are_told(run, album, console):
    album("a.png", [(3, 3, 24), FACE, (-24, 20, 48)])
    album("b.png", [(3, 3, 24)])
    done = run()
    assert (done.whole.faces, done.whole.without) == (1, 1)
    assert {name: len(reasons) for name, reasons in done.whole.left.items()} == {"a.png": 2, "b.png": 1}
    said = console.file.getvalue()
    assert "left      a.png: face 1: too small" in said
    assert "left      a.png: face 3: at the border" in said


def test_forty_faces_in_one_photograph(run, album):
    places = [(40 * (i % 8), 40 * (i // 8), 40) for i in range(40)]
    album("a.png", places, extent=(320, 200))
    assert run().whole.faces == 40


def test_the_record_says_what_was_found_and_how(run, album, tmp_path, detector):
    album("a.png", TWO)
    run(face="largest", cmp=True)
    record = json.loads((tmp_path / "out" / "restoration.json").read_text())
    assert record["settings"]["faces_by"] == detector.provenance()
    assert record["settings"]["face"] == "largest"
    (entry,) = record["photographs"].values()
    assert (entry["result"], entry["size"], entry["not_asked_for"]) == ("a.png", [100, 80], 1)
    assert set(entry["seconds"]) == {"reading", "detection", "network", "pasting", "writing"}
    both = read_image(tmp_path / "out" / "cmp" / "a.png")
    assert np.array_equal(both[:, :100], read_image(tmp_path / "album" / "a.png"))
    assert np.array_equal(both[:, 100:], read_image(tmp_path / "out" / "a.png"))


def test_what_was_killed_goes_on_and_ends_with_the_same_pictures(run, album, tmp_path, detector, monkeypatch, refused):
    for name in "abcd":
        album(f"{name}.png", [FACE])
    run(out="whole", batch_size=1)
    with monkeypatch.context() as patch:
        real, calls = detector.detect, iter(range(9))

        def detect(image):
            if next(calls) == 2:
                raise KeyboardInterrupt
            return real(image)

        patch.setattr(detector, "detect", detect)
        with pytest.raises(KeyboardInterrupt):
            run(batch_size=1)
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "b.png", "restoration.jsonl"]
    (out / ".c.png.999999999.part").write_text("half")
    with refused("out: holds another run or other files"):
        run(batch_size=1)
    with refused("out: was started with other settings .blend 1.0 -> 0.5"):
        run(batch_size=1, blend=0.5, resume=True)
    done = run(batch_size=1, resume=True)
    assert (done.whole.before, done.whole.faces, len(done.files)) == (2, 2, 4)
    assert not hidden(out)
    for file in (tmp_path / "whole").glob("*.png"):
        assert (out / file.name).read_bytes() == file.read_bytes()


def test_a_finished_album_goes_on_with_what_is_new_changed_or_was_bad(run, album, tmp_path, refused):
    album("a.png", [FACE])
    album("b.png", [FACE])
    (tmp_path / "album" / "c.png").write_text("a text")
    assert set(run().whole.bad) == {"c.png"}
    before = (tmp_path / "out" / "restoration.json").read_bytes()
    with refused("was started with other settings"):
        run(resume=True, face="largest")
    assert (tmp_path / "out" / "restoration.json").read_bytes() == before
    assert not hidden(tmp_path / "out")
    album("b.png", TWO)
    album("c.png", [FACE])
    album("d.png", [FACE])
    done = run(resume=True)
    assert (done.whole.before, done.whole.faces, done.whole.bad) == (1, 4, {})
    record = json.loads((tmp_path / "out" / "restoration.json").read_text())
    assert list(record["photographs"]) == ["a.png", "b.png", "c.png", "d.png"]
    shutil.rmtree(tmp_path / "out")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "note.txt").touch()
    with refused("holds other files and no restoration.json"):
        run(resume=True)


def test_one_file_becomes_one_file(run, album, tmp_path, refused):
    before = album("a.png", [FACE])
    done = run(source="album/a.png", out="new/deep/b.webp")
    assert done.files == (tmp_path / "new" / "deep" / "b.webp",)
    assert [path.name for path in (tmp_path / "new" / "deep").iterdir()] == ["b.webp"]
    assert changed(before, read_image(done.files[0])).any()
    with refused("b.webp: already exists"):
        run(source="album/a.png", out="new/deep/b.webp")


def test_priors_are_found_in_the_coarse_output(write_weights, album, tmp_path, console, detector, monkeypatch, refused):
    write_weights(tmp_path / "p.safetensors", ("heatmap",), size=16)
    monkeypatch.setattr("mfps.priors.landmarks.detector.open_detector", lambda *_: detector)
    album("a.png", [FACE])
    given = {"weights": tmp_path / "p.safetensors", "source": tmp_path / "album", "whole": True, "device": "cpu"}
    done = restore(fill(RestoreConfig, {**given, "out": tmp_path / "out"}), console, detector)
    assert done.priors == "heatmap: found on the fly in the coarse output of iteration 0"
    assert done.iterations == 2
    record = json.loads((tmp_path / "out" / "restoration.json").read_text())
    assert record["photographs"]["a.png"]["priors"] == ["heatmap"]
    assert record["settings"]["priors_from"] == "coarse"
    with refused("`priors_from` clean: whole photographs have no stored priors"):
        restore(fill(RestoreConfig, {**given, "out": tmp_path / "b", "priors_from": "clean"}), console, detector)


def test_nothing_is_written_where_something_is_wrong(run, album, tmp_path, refused):
    album("a.png", [FACE])
    album("a.webp", [FACE])
    with refused("two photographs differ only by their suffix and would both become a.png; rename one"):
        run()
    (tmp_path / "album" / "a.webp").unlink()
    album("cmp/a.png", [FACE])
    with refused("cmp/a.png would get the place of a comparison"):
        run(cmp=True)
    with refused("out: lies among the photographs"):
        run(out="album/out")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "album" / "out").exists()


def test_a_disk_that_fills_up_ends_it_and_what_is_done_stays(run, album, tmp_path, monkeypatch):
    for name in "abc":
        album(f"{name}.png", [FACE])
    real, calls = Image.Image.save, iter(range(9))

    def save(image, *given, **options):
        if next(calls) == 1:
            raise OSError(28, "No space left on device")
        return real(image, *given, **options)

    monkeypatch.setattr(Image.Image, "save", save)
    with pytest.raises(MfpsError, match=r"out/b.png: cannot be written .No space left"):
        run(batch_size=1)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "restoration.jsonl"]
    monkeypatch.setattr(Image.Image, "save", real)
    assert run(resume=True).whole.before == 1


def test_an_exported_network_restores_them_too(run, write_exported, album, tmp_path):
    write_exported(tmp_path / "a.onnx")
    before = album("a.png", TWO)
    done = run(weights=tmp_path / "a.onnx")
    assert done.whole.faces == 2
    assert changed(before, read_image(done.files[0])).any()


def test_a_real_photograph_with_a_real_detector(write_weights, tmp_path, console):
    """Eileen Collins, a square photograph that scikit-image brings (public domain)."""
    pytest.importorskip("dlib", reason="the extra mfps[faces] is not installed")
    if not at_hand("dlib landmarks"):
        pytest.skip("dlib's 68-point model is not installed")
    from skimage.data import astronaut

    photograph = np.ascontiguousarray(astronaut()[:300, :300])
    write_image(tmp_path / "a.png", photograph)
    write_weights(tmp_path / "w.safetensors", size=16)
    given = {"weights": tmp_path / "w.safetensors", "source": tmp_path / "a.png", "landmarks_by": "dlib"}
    done = restore(fill(RestoreConfig, {**given, "out": tmp_path / "b.png", "device": "cpu"}), console)
    assert done.decided == "whole photographs: the face in a.png is not placed as in a face crop"
    rows, columns = np.nonzero(changed(photograph, read_image(tmp_path / "b.png")))
    assert min(rows.min() - 20, columns.min() - 150) >= 0  # around the face, which is at 76 to 166, and 175 to 265
    assert max(rows.max() - 190, columns.max() - 290) <= 0
    assert len(rows) > 4000
