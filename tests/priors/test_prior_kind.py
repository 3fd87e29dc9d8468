from dataclasses import replace

import numpy as np
import pytest
from mfps.images.image import write_image
from mfps.priors.faces import BATCH, CutFaces
from mfps.priors.kinds import PRIOR_KINDS
from mfps.priors.landmarks.kind import HEATMAP
from mfps.priors.parsing.kind import PARSING
from mfps.priors.parsing.label_maps import write_label_map


@pytest.fixture
def cut(tmp_path, faces, console):
    """Two batches of drawn faces and one face more."""
    (tmp_path / "images" / "sub").mkdir(parents=True)
    points = {}
    for number in range(2 * BATCH + 1):
        face = faces[number % len(faces)]
        name = f"sub/{number}.png"
        write_image(tmp_path / "images" / name, face.image)
        points[name] = face.points
    return CutFaces(tmp_path, 64, points, "ibug68", console, "ibug68")


def test_a_batch_is_the_same_faces_after_an_interruption(cut):
    batches = []

    def count(pictures):
        """Stands in for a network: every pixel gets the number of faces seen together."""
        batches.append(len(pictures))
        return np.full(pictures.shape[:3], len(pictures), np.uint8)

    PARSING.make_files(cut, count, write_label_map)
    assert batches == [BATCH, BATCH, 1]
    folder = cut.root / "priors" / "parsing" / "sub"
    made = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert len(made) == len(cut.points)
    (folder / "5.png").unlink()
    batches.clear()
    PARSING.make_files(cut, count, write_label_map)
    assert batches == [BATCH]
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == made


@pytest.mark.parametrize("kind", PRIOR_KINDS.values(), ids=lambda kind: kind.name)
def test_files_of_faces_are_below_priors_and_distinct(kind, tmp_path):
    names = ("a.png", "sub/a.png", "sub/b.c.jpg")
    for pattern in kind.patterns:
        files = [kind.file_of(tmp_path, name, pattern) for name in names]
        assert len(set(files)) == len(names)
        assert all(file.is_relative_to(tmp_path / "priors") for file in files)
    assert kind.file_of(tmp_path, names[0]) == kind.file_of(tmp_path, names[0], kind.patterns[0])


def test_stored_files_are_those_that_mfps_writes(tmp_path):
    assert HEATMAP.stored_files(tmp_path) == ("landmarks", [])
    assert PARSING.stored_files(tmp_path) == ("parsing", [])
    file = PARSING.file_of(tmp_path, "sub/a.png")
    file.parent.mkdir(parents=True)
    for path in (file, file.with_suffix(".npy"), tmp_path / "priors" / "landmarks.json"):
        path.touch()
    assert PARSING.stored_files(tmp_path) == ("parsing", [file])
    assert HEATMAP.stored_files(tmp_path) == ("landmarks", [tmp_path / "priors" / "landmarks.json"])


def test_arrays_go_by_the_kinds_own_name_first():
    kind = replace(PARSING, name="mine", files=(), array_folders=("other",))
    assert kind.patterns == ("mine/{name}.npy", "mine/{stem}.npy", "other/{name}.npy", "other/{stem}.npy")
