import numpy as np
import pytest
from mfps.drawn.faces import write_drawn_faces
from mfps.files.config_model import fill
from mfps.images.image import image_size
from mfps.priors.dictionary.build import build_dictionary
from mfps.priors.dictionary.component_boxes import PARTS
from mfps.priors.dictionary.config import DictionaryConfig
from mfps.priors.dictionary.dictionary_file import read_dictionary
from mfps.priors.landmarks.landmark_file import read_landmarks, write_landmarks


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Five drawn faces. Read only."""
    folder = tmp_path_factory.mktemp("data")
    write_drawn_faces(folder, 5, 32, seed=0, val=2)
    return folder


@pytest.fixture
def build(data, console, cheap_features):
    """`build(out, **options)` makes a dictionary of three entries a part."""

    def run(out, **options):
        chosen = {"data": data, "out": out, "entries": 3, "random_features": True, "device": "cpu", **options}
        return build_dictionary(fill(DictionaryConfig, chosen), console)

    return run


def test_the_same_faces_and_seed_give_the_same_bytes(build, tmp_path):
    pictures = [build(tmp_path / f"{name}.safetensors", seed=seed) for name, seed in (("a", 4), ("b", 4), ("c", 5))]
    files = [(tmp_path / f"{name}.safetensors").read_bytes() for name in "abc"]
    assert files[0] == files[1] != files[2]
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    assert pictures[0] == tmp_path / "a.png"
    assert min(image_size(pictures[0])) > 300


def test_it_says_what_it_was_made_of(build, tmp_path, data):
    build(tmp_path / "all.safetensors", seed=7)
    build(tmp_path / "some.safetensors", seed=7, list=data / "train.txt")
    everything, some = (read_dictionary(tmp_path / f"{name}.safetensors") for name in ("all", "some"))
    assert everything.features == "seeded random VGG19 (seed 7)"
    assert (everything.seed, everything.entries) == (7, 3)
    assert everything.counts == some.counts == dict.fromkeys(PARTS, 3)
    assert everything.photographs != some.photographs


def test_the_file_names_its_network(build, tmp_path, refused):
    build(tmp_path / "a.safetensors", features="vgg16", seed=1)
    assert read_dictionary(tmp_path / "a.safetensors").features == "seeded random VGG16 (seed 1)"
    for given in ({}, {"features": "vgg16"}):  # random weights are not those of a file
        with refused("`vgg16` names weights that are not used"):
            build(tmp_path / "b.safetensors", vgg16=tmp_path / "w.whl", **given)


def test_nothing_is_overwritten(build, tmp_path, refused):
    build(tmp_path / "a.safetensors")
    before = (tmp_path / "a.safetensors").read_bytes()
    with refused("a.safetensors: already exists"):
        build(tmp_path / "a.safetensors")
    (tmp_path / "b.png").touch()
    with refused("b.png: already exists"):
        build(tmp_path / "b.safetensors")
    with refused("ends in .safetensors"):
        build(tmp_path / "c.pth")
    assert (tmp_path / "a.safetensors").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"a.safetensors", "a.png", "b.png"}


def test_faces_without_landmarks_are_refused(build, tmp_path, data, refused):
    import shutil

    shutil.copytree(data, tmp_path / "data")
    landmarks = read_landmarks(data / "priors" / "landmarks.json")
    some = {name: (face.size, np.array(face.points)) for name, face in list(landmarks.faces.items())[:3]}
    write_landmarks(tmp_path / "data" / "priors" / "landmarks.json", "ibug68", some)
    with refused("2 of 5 faces have no landmarks, first 0003.png"):
        build(tmp_path / "a.safetensors", data=tmp_path / "data")
    with refused("`entries`: must be greater than or equal to 1"):
        build(tmp_path / "a.safetensors", entries=0)
    assert not list(tmp_path.glob("a.*"))
