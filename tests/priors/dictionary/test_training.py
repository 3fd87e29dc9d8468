import numpy as np
import pytest
import torch
from mfps.drawn.faces import draw_face
from mfps.priors.dictionary import training as dictionary_training
from mfps.priors.dictionary.component_boxes import PARTS
from mfps.priors.dictionary.dictionary_file import PATCH_SIDES, read_dictionary, write_dictionary
from mfps.priors.dictionary.features import random_features
from mfps.priors.dictionary.training import train_dictionary


def tiny(images):
    """Stands in for VGG19: 256 channels at a quarter of the size."""
    small = torch.nn.functional.avg_pool2d(images, 4)
    return torch.einsum("bchw,kc->bkhw", small, torch.linspace(-1, 1, 768).view(256, 3).sin()).relu()


@pytest.fixture(scope="module")
def faces():
    drawn = [draw_face(np.random.default_rng(seed), 64) for seed in range(5)]
    return [(face.image, face.points, "ibug68") for face in drawn]


def trained(faces, entries=2, seed=0, features=tiny, **options):
    return train_dictionary(iter(faces), features, entries, seed, "test", **options)


def test_a_dictionary_has_its_shapes_and_says_where_it_is_from(faces, tmp_path):
    dictionary, nearest = trained(faces, 2, 5, batch=3)
    for part, side in PATCH_SIDES.items():
        assert dictionary.centres[part].shape == (2, 256, side, side)
        assert dictionary.centres[part].dtype == torch.float16
        assert nearest[part].shape == (2, 6)
    assert (dictionary.entries, dictionary.seed, dictionary.features) == (2, 5, "test")
    write_dictionary(tmp_path / "d.safetensors", dictionary)
    assert read_dictionary(tmp_path / "d.safetensors").counts == dict.fromkeys(PARTS, 2)


def test_same_seed_same_bytes(faces, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_dictionary(tmp_path / name, trained(faces, 3, seed).dictionary)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_one_entry_is_the_mean_however_many_windows(faces, monkeypatch):
    alone = [trained([face], 1).dictionary.centres for face in faces]
    together = trained(faces, 1).dictionary.centres
    monkeypatch.setattr(dictionary_training, "MIN_WINDOW", 2)
    in_windows, nearest = trained(faces, 1)
    for part in PARTS:
        mean = torch.stack([centres[part].float() for centres in alone]).mean(0)
        assert torch.allclose(together[part].float(), mean, atol=2e-3)
        assert torch.allclose(in_windows.centres[part].float(), mean, atol=2e-3)
        assert sorted(nearest[part][0, :2].tolist()) == [3, 4]


def test_two_kinds_of_faces_are_told_apart(faces):
    dark = [(image // 4, points, scheme) for image, points, scheme in faces[:3]]
    light = [(255 - image // 4, points, scheme) for image, points, scheme in faces[:3]]
    _, nearest = trained(dark + light, 2)
    for part in PARTS:
        assert {tuple(sorted(row[:3].tolist())) for row in nearest[part]} == {(0, 1, 2), (3, 4, 5)}


def test_as_many_entries_as_patches(faces):
    notes = []
    points = faces[0][1].copy()
    points[29:36] = np.nan
    some = [(faces[0][0], points, "ibug68"), *faces[1:3]]
    dictionary, nearest = trained(some, 3, note=notes.append)
    assert dictionary.counts == {"left_eye": 3, "right_eye": 3, "nose": 2, "mouth": 3}
    assert dictionary.entries == 3
    assert notes == ["nose: 2 entries instead of 3, because there are no more patches"]
    assert sorted(nearest["nose"][:, 0].tolist()) == [1, 2]
    assert (nearest["nose"][:, 2:] == -1).all()
    assert sorted(nearest["mouth"][:, 0].tolist()) == [0, 1, 2]


def test_photographs_are_told_apart_by_their_content(faces):
    def hash_of(some):
        return trained(some, 1).dictionary.photographs

    image, points, scheme = faces[0]
    other = image.copy()
    other[0, 0, 0] ^= 1
    hashes = {hash_of([face]) for face in (faces[0], (other, points, scheme), (image, points + 0.1, scheme))}
    assert len(hashes) == 3
    assert hash_of([(image.copy(), points, scheme)]) in hashes


def test_with_vgg19s_layers(faces):
    dictionary, nearest = trained(faces[:1], 2, features=random_features("vgg19", 0))
    assert dictionary.counts == dict.fromkeys(PARTS, 1)
    assert all(0.1 < centres.float().std() < 10 for centres in dictionary.centres.values())
    assert nearest["nose"].tolist() == [[0, -1, -1, -1, -1, -1]]


def test_refused(faces, refused):
    with refused("0 entries"):
        trained(faces, 0)
    with refused("none of 0 faces has landmarks of the left_eye"):
        trained([])
    points = faces[0][1].copy()
    points[48:] = np.nan
    with refused("none of 1 faces has landmarks of the mouth"):
        trained([(faces[0][0], points, "ibug68")])
    with refused(r"face 0 \(counted from 0\), left_eye: features are not finite"):
        trained(faces, features=lambda images: tiny(images) * torch.inf)
    with refused("a face must be square"):
        trained([(faces[0][0][:, :50], faces[0][1], "ibug68")])
