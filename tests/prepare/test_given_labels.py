import numpy as np
import pytest
from mfps.images.image import write_image
from mfps.prepare.config import PrepareConfig
from mfps.prepare.given_labels import given_labels, without_label_maps
from mfps.priors.parsing.classes import CELEBAMASK_CLASSES
from mfps.priors.parsing.label_maps import BISENET_ORDER, write_label_map

LABELS = np.arange(19, dtype=np.uint8).repeat(2).reshape(1, -1).repeat(3, 0)


def config(tmp_path, **settings):
    return PrepareConfig.model_validate(
        {"photos": tmp_path, "out": tmp_path / "out", "labels": tmp_path, "priors": ("parsing",), **settings}
    )


def write_masks(folder, stem, labels):
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(CELEBAMASK_CLASSES[1:], start=1):
        write_image(folder / f"{stem}_{name}.png", ((labels == number) * 255).astype(np.uint8))


@pytest.mark.parametrize("name", ["a.png", "a_label.png"])
def test_either_name_and_either_order(tmp_path, name):
    write_label_map(tmp_path / name, LABELS)
    assert np.array_equal(given_labels(config(tmp_path), "a.jpg"), LABELS)
    write_label_map(tmp_path / name, np.array(BISENET_ORDER, np.uint8)[LABELS])
    assert np.array_equal(given_labels(config(tmp_path, label_order="bisenet"), "a.jpg"), LABELS)


def test_part_masks_in_every_published_layout(tmp_path):
    write_masks(tmp_path / "flat", "00012", LABELS)
    write_masks(tmp_path / "named", "face", LABELS)
    (tmp_path / "whole").mkdir()
    for number in range(2):
        (tmp_path / "whole" / str(number)).mkdir()
    write_masks(tmp_path / "whole" / "1", "02345", LABELS)
    for folder, photograph in (("flat", "12.jpg"), ("named", "face.jpg"), ("whole", "2345.jpg")):
        found = given_labels(config(tmp_path, labels=tmp_path / folder), photograph)
        assert np.array_equal(found, LABELS)


def test_a_photograph_without_labels_has_its_reason(tmp_path, refused):
    with refused("no label map of it in .*: neither a.png nor a_label.png, nor part masks"):
        given_labels(config(tmp_path), "sub/a.jpg")
    assert given_labels(config(tmp_path, priors=()), "a.jpg") is None
    assert given_labels(config(tmp_path, labels=None), "a.jpg") is None


def test_label_maps_among_the_photographs_are_not_photographs():
    assert without_label_maps(("a.jpg", "a_label.png", "b/c_label.png", "label.png")) == ("a.jpg", "label.png")
