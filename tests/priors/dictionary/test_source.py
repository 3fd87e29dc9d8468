import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mfps.drawn.faces import draw_face
from mfps.images.image import SquareFit, fit_square
from mfps.priors.dictionary.component_boxes import PARTS, component_boxes
from mfps.priors.dictionary.dictionary_file import PATCH_SIDES, FacialDictionary, write_dictionary
from mfps.priors.dictionary.prior_file import DICTIONARY_FILE, PRIOR_FILE, write_dictionary_prior
from mfps.priors.dictionary.source import DictionarySource, draw_part, flip_dictionary
from mfps.priors.sources import PriorSource

NAMES = ("a.png", "b.png", "c.png")
SIZE = 64
SAME = SquareFit(1, 0, 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three drawn faces of 64 pixels, two entries a part; the second face has no nose."""
    folder = tmp_path_factory.mktemp("priors")
    generator = torch.Generator().manual_seed(0)
    centres = {part: torch.rand(2, 256, side, side, generator=generator).half() for part, side in PATCH_SIDES.items()}
    write_dictionary(folder / DICTIONARY_FILE, FacialDictionary(centres, 2, 0, "random", "0" * 64))
    faces = {}
    for number, name in enumerate(NAMES):
        points = draw_face(np.random.default_rng(number), SIZE).points
        if number == 1:
            points[29:36] = np.nan
        faces[name] = component_boxes(points, "ibug68", SIZE), np.array([0, 1, 1, number % 2])
    write_dictionary_prior(folder / PRIOR_FILE, folder / DICTIONARY_FILE, SIZE, faces)
    return folder


@pytest.fixture(scope="module")
def source(folder):
    return DictionarySource(folder, NAMES, dict.fromkeys(NAMES, (SIZE, SIZE)))


def maps_of(source, stored, size=SIZE):
    return source.tensor(stored, size, torch.zeros(len(stored), 3, size, size))


def plainly(source, parts, size):
    """The same map, pixel by pixel."""
    expected = torch.zeros(256, size, size)
    for row, (part, centres) in zip(parts, source._centres.items(), strict=True):
        if np.isnan(row).any():
            continue
        side = PATCH_SIDES[part]
        centre = centres[int(row[4])].float()
        centre = centre.flip(-1) if row[5] else centre
        for y in range(size):
            for x in range(size):
                if row[0] <= x <= row[2] and row[1] <= y <= row[3]:
                    u, v = (x - row[0]) / (row[2] - row[0]) * side - 0.5, (y - row[1]) / (row[3] - row[1]) * side - 0.5
                    u, v = np.clip([u, v], 0, side - 1)
                    i, j = int(min(u, side - 2)), int(min(v, side - 2))
                    top = centre[:, j, i] * (1 - (u - i)) + centre[:, j, i + 1] * (u - i)
                    below = centre[:, j + 1, i] * (1 - (u - i)) + centre[:, j + 1, i + 1] * (u - i)
                    expected[:, y, x] = top * (1 - (v - j)) + below * (v - j)
    return expected


def test_it_is_a_prior_source(source):
    assert isinstance(source, PriorSource)
    assert source.channels == 256


def test_each_entry_is_resized_to_its_box(source):
    stored = [source.load(index, SAME) for index in range(3)]
    maps = maps_of(source, stored)
    assert maps.dtype == torch.float32
    assert maps.is_contiguous()
    for face, parts in zip(maps, stored, strict=True):
        assert torch.allclose(face, plainly(source, parts, SIZE), atol=1e-4)


def test_a_box_of_the_entrys_size_gets_the_entry():
    centres = torch.rand(1, 3, 12, 12).half()
    maps = torch.zeros(1, 3, 32, 32)
    draw_part(maps, torch.tensor([[4.5, 9.5, 16.5, 21.5, 0, 0]]), centres)
    expected = F.pad(centres.float(), (5, 15, 10, 10))
    assert torch.allclose(maps, expected, atol=1e-5)


def test_a_face_does_not_depend_on_its_batch(source):
    stored = [source.load(index, SAME) for index in range(3)]
    together = maps_of(source, stored)
    assert torch.equal(together, torch.cat([maps_of(source, [parts]) for parts in stored]))


def test_boxes_follow_the_photograph(source):
    _, fit = fit_square(np.zeros((SIZE, SIZE, 3), np.uint8), SIZE // 2)
    parts = source.load(0, fit)
    assert np.allclose((parts[:, :4] + 0.5) * 2, source.load(0, SAME)[:, :4] + 0.5)
    small, large = maps_of(source, [parts], SIZE // 2), maps_of(source, [source.load(0, SAME)])
    covered = F.max_pool2d((large != 0).any(1).float(), 2)
    assert (covered - (small != 0).any(1).float()).abs().mean() < 0.05


@pytest.mark.parametrize("size", [SIZE, SIZE - 1])
def test_the_map_of_flipped_parts_is_the_flipped_map(source, size):
    stored = [source.load(index, SquareFit(size / SIZE, 0, 0)) for index in range(3)]
    flipped = [source.flip(parts, size) for parts in stored]
    expected = maps_of(source, stored, size).flip(-1)
    assert torch.allclose(maps_of(source, flipped, size), expected, atol=1e-4)
    assert (expected - maps_of(source, stored, size)).abs().max() > 0.1
    twice = [flip_dictionary(parts, size) for parts in flipped]
    assert np.allclose(twice, stored, atol=1e-5, equal_nan=True)


def test_what_is_missing_or_outside_is_not_drawn(source):
    missing = np.full((4, 6), np.nan, np.float32)
    outside = np.array([[-30, 0, -20, 10, 0, 0], [63.6, 0, 80, 9, 0, 0], [1.2, 1.2, 1.4, 1.4, 0, 0]] * 2, np.float32)
    assert maps_of(source, [missing, outside[:4]]).abs().max() == 0
    across = missing.copy()
    across[0] = (-10.5, -10.5, 9.5, 9.5, 1, 0)
    centre = source._centres["left_eye"][1].float()
    assert torch.allclose(maps_of(source, [across])[0, :, :10, :10], centre[:, 10:, 10:], atol=1e-5)
    assert np.isnan(source.load(1, SAME)[PARTS.index("nose")]).all()


def test_a_worker_that_is_not_forked_opens_the_dictionary_itself(source):
    pickled = pickle.dumps(source)
    assert len(pickled) < 5000
    stored = [source.load(0, SAME)]
    assert torch.equal(maps_of(pickle.loads(pickled), stored), maps_of(source, stored))


def test_refused(folder, refused):
    with refused("the dictionary prior is missing for 1 of 2 images, first d.png"):
        DictionarySource(folder, ("a.png", "d.png"), {})
    with refused("the boxes of a.png are for 64 x 64 pixels, but the photograph has 64 x 65; match the faces again"):
        DictionarySource(folder, ("a.png",), {"a.png": (64, 65)})
