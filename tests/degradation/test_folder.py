import numpy as np
import pytest
from mfps.data.dataset import FaceFolder
from mfps.degradation.folder import degradation_targets, degrade_files
from mfps.drawn.faces import write_drawn_faces
from mfps.images.image import read_image

MIX = "full:0.5,grey|blur(6,12)|jpeg(30,60):0.5"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write_drawn_faces(folder, 6, 32, seed=0, val=2)
    (folder / "images" / "more").mkdir()
    (folder / "images" / "0003.png").rename(folder / "images" / "more" / "0003.png")
    (folder / "images" / "0004.png").rename(folder / "images" / "more" / "0000.png")
    return folder


def degraded(source, out, size=16, seed=5):
    targets = degradation_targets(source, out)
    assert list(degrade_files(source, out, targets, MIX, size, seed)) == [one.target for one in targets]
    return {one.name: read_image(one.target) for one in targets}


def test_a_folder_is_degraded_as_an_evaluation_or_a_validation_degrades_it(drawn, tmp_path):
    found = degraded(drawn, tmp_path / "all")
    assert set(found) == {"0000.png", "0001.png", "0002.png", "0005.png", "more/0000.png", "more/0003.png"}
    for names in (None, ["more/0003.png", "0001.png"]):
        faces = FaceFolder(drawn, 16, MIX, names, seed=5)
        for i, name in enumerate(faces.names):
            assert np.array_equal(faces[0, i].degraded, found[name])
    assert not np.array_equal(found["0000.png"], found["more/0000.png"])


def test_one_photograph_is_degraded_as_it_is_in_its_folder(drawn, tmp_path):
    found = degraded(drawn, tmp_path / "all")
    assert np.array_equal(degraded(drawn / "images" / "0002.png", tmp_path / "one")["0002.png"], found["0002.png"])
    other = degraded(drawn / "images" / "0002.png", tmp_path / "two", seed=6)
    assert not np.array_equal(other["0002.png"], found["0002.png"])
