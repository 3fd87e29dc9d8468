"""The data sets of a run never share a face, however they are named."""

import pytest
from mfps.data.dataset import FaceFolder
from mfps.nas.config import SearchConfig
from mfps.nas.search_faces import search_faces
from mfps.retrain.config import RetrainConfig
from mfps.training.training_data import HeldOut, split_names, training_data

LISTS = ("list", "val_list", "select_list")


@pytest.fixture
def config(drawn_folder, tmp_path):
    """`config(list="0000.png 0001.png", ...)` writes the lists that are given."""

    def make(model=SearchConfig, **lists):
        paths = {}
        for field, names in lists.items():
            paths[field] = tmp_path / f"{field}.txt"
            paths[field].write_text("".join(f"{name}.png\n" for name in names.split()))
        needed = {"genotype": "mfpsnet"} if model is RetrainConfig else {}
        return model(data=drawn_folder, out=tmp_path / "run", size=16, **needed, **paths)

    return make


@pytest.mark.parametrize(
    "lists",
    [
        {},
        {"val_list": "0001"},
        {"select_list": "0001 0002"},
        {"val_list": "0001", "select_list": "0007 0002"},
        {"list": "0000 0001 0002 0003 0004 0005"},
        {"list": "0000 0001 0002 0003 0004 0005", "select_list": "0006"},
        {"list": "0000", "val_list": "0001", "select_list": "0002"},
    ],
    ids=lambda lists: "+".join(lists) or "none",
)
def test_no_face_has_two_purposes(config, lists):
    sets = [faces.names for faces in search_faces(config(**lists))]
    together = [name for names in sets for name in names]
    assert all(sets)
    assert len(set(together)) == len(together)
    for field, names in zip(LISTS, sets, strict=True):
        if field in lists and field != "list":
            assert [name.removesuffix(".png") for name in names] == lists[field].split()
    if "list" not in lists:
        assert len(together) == 8


def test_a_training_holds_out_the_same_faces_as_before_there_was_a_selection(config):
    """The selection's faces are taken from what is left."""
    train, val = training_data(config(RetrainConfig))
    searching, validating, selecting = search_faces(config())
    assert validating.names == val.names
    assert {*searching.names, *selecting.names} == set(train.names)


def test_what_is_held_out_depends_on_the_name_and_the_seed_alone(config, drawn_folder):
    """A face more moves no other from one set to another, but perhaps the last one of a share."""
    given = config()
    everything = FaceFolder(drawn_folder, 16)
    fewer = FaceFolder(drawn_folder, 16, names=everything.names[1:])
    purposes = HeldOut("validation", None, 9), HeldOut("selection", None, 9)
    for listed in (everything, fewer):
        train, judging = split_names(given, listed, purposes, {})
        assert sorted([*train, *judging[0], *judging[1]]) == sorted(listed.names)


@pytest.mark.parametrize(
    ("lists", "rule"),
    [
        (
            {"list": "0000 0001 0002"},
            "3 faces are too few to hold some out for validation and others for selec",
        ),
        ({"list": "0000 0001 0002", "val_list": "0007"}, "3 faces are too few to hold some out for selection; give at"),
        ({"val_list": "0001 0002", "select_list": "0002"}, r"select_list.txt: 1 faces are also in the validation list"),
        ({"list": "0001 0002", "val_list": "0003", "select_list": "0001"}, "1 faces are also in the training list"),
        ({"val_list": "0000 0001 0002 0003", "select_list": "0004 0005 0006 0007"}, "no face is left to train on"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_faces_that_cannot_be_split(config, refused, lists, rule):
    with refused(rule):
        search_faces(config(**lists))
