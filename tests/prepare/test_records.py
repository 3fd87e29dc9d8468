import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.images.image import write_image
from mfps.prepare.config import PrepareConfig
from mfps.prepare.faces import PreparedFace
from mfps.prepare.records import split_faces, write_records

counts = st.lists(st.integers(1, 3), min_size=1, max_size=30)
shares = st.sampled_from([0.0, 0.1, 0.3, 0.49])


def config(**settings):
    return PrepareConfig.model_validate({"photos": "photos", "out": "out", "priors": ("heatmap",), **settings})


def faces_of(counts):
    return [PreparedFace(f"{n}_{k}.png", f"{n}.jpg", None) for n, count in enumerate(counts) for k in range(count)]


@given(counts, shares, shares, st.integers(0, 5))
def test_the_lists_divide_the_faces(counts, val, test, seed):
    faces = faces_of(counts)
    lists = split_faces(config(val=val, test=test, seed=seed), faces)
    assert sorted(name for names in lists.values() for name in names) == sorted(face.name for face in faces)
    photographs = [{name.split("_")[0] for name in names} for names in lists.values()]
    assert sum(map(len, photographs)) == len(counts)  # the faces of a photograph are in one list
    assert lists["train"]
    assert ("val" in lists) == (val > 0 and len(counts) - round(test * len(counts)) > 1)
    assert len(photographs[-1]) == round(test * len(counts)) if "test" in lists else round(test * len(counts)) == 0
    assert split_faces(config(val=val, test=test, seed=seed), faces) == lists


def test_another_seed_gives_other_lists():
    faces = faces_of([1] * 40)
    assert split_faces(config(seed=0), faces) != split_faces(config(seed=1), faces)


@pytest.fixture
def written(tmp_path):
    """`written(points, found, **settings)` writes the records of a face and of one without landmarks."""

    def write(points, found, **settings):
        out = tmp_path / "out"
        (out / "images").mkdir(parents=True)
        for name in ("a.png", "b.png"):
            write_image(out / "images" / name, np.zeros((16, 16, 3), np.uint8))
        faces = [PreparedFace("a.png", "a.jpg", points), PreparedFace("b.png", "b.jpg", None)]
        chosen = config(out=out, size=16, val=0, **settings)
        write_records(chosen, faces, {"a.jpg": "0" * 64, "c.jpg": None}, {"c.jpg": ["no face"]}, found, {"heatmap": {}})
        return out

    return write


def test_missing_landmarks_are_counted_in_the_requested_scheme(written):
    out = written(np.random.default_rng(0).uniform(0, 15, (98, 2)).round(1), "wflw98", scheme="ibug68")
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["missing_points"], manifest["faces_without_points"]) == (16, 1)


def test_a_dropped_photograph_is_in_the_manifest(written):
    manifest = json.loads((written(np.ones((68, 2)), "ibug68") / "manifest.json").read_text())
    assert manifest["dropped"] == {"c.jpg": ["no face"]}
    assert manifest["photographs"] == {"a.jpg": "0" * 64, "c.jpg": None}
    assert manifest["priors"] == {"heatmap": {"made_from": "clean"}}
    assert "contact.png" in manifest["files"]
