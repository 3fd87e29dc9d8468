import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.images.image import SquareFit
from mfps.priors.array_source import ArraySource
from mfps.priors.dictionary.kind import DICTIONARY
from mfps.priors.flip import flip_labels, flip_points
from mfps.priors.kinds import PRIOR_KINDS
from mfps.priors.landmarks.heatmaps import draw_heatmaps
from mfps.priors.landmarks.schemes import SCHEMES
from mfps.priors.parsing.one_hot import one_hot_parsing
from safetensors.numpy import save_file

FIT = SquareFit(1.0, 0, 0)
SIZE = 16


def stored(folder, *arrays, prior="dictionary"):
    paths = []
    for number, array in enumerate(arrays):
        paths.append(folder / f"{number}.npy")
        np.save(paths[-1], array)
    return ArraySource(paths, PRIOR_KINDS[prior])


def maps(channels, height=SIZE, width=SIZE, seed=0):
    return np.random.default_rng(seed).random((channels, height, width), np.float32)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8])
def test_either_file_gives_the_same_maps(tmp_path, dtype):
    array = (100 * maps(5)).astype(dtype)
    np.save(tmp_path / "a.npy", array)
    save_file({"features": array}, tmp_path / "a.safetensors")
    for name in ("a.npy", "a.safetensors"):
        source = ArraySource([tmp_path / name], DICTIONARY)
        assert source.channels == 5
        tensor = source.tensor([source.load(0, FIT)], SIZE, torch.zeros(1))
        assert tensor.dtype == torch.float32
        assert np.array_equal(tensor[0].numpy(), array.astype(np.float32))


def test_maps_of_another_size_are_resized_at_aligned_corners(tmp_path):
    ramp = np.linspace(0, 1, 5, dtype=np.float32) * np.ones((2, 5, 1), np.float32)
    source = stored(tmp_path, ramp, maps(2))
    found = source.tensor([source.load(0, FIT), source.load(1, FIT)], 9, torch.zeros(1))
    assert found.shape == (2, 2, 9, 9)
    assert found[0, 0, 0].numpy() == pytest.approx(np.linspace(0, 1, 9), abs=1e-6)


@pytest.mark.parametrize(("height", "width"), [(10, 16), (16, 10), (16, 13)])
def test_the_middle_square_is_kept(tmp_path, height, width):
    array = maps(2, height, width)
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    assert np.array_equal(stored(tmp_path, array).load(0, FIT), array[:, top : top + side, left : left + side])


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("rgb", [0, 3])
def test_flipped_heatmaps_are_heatmaps_of_flipped_points(tmp_path, scheme, rgb):
    points = np.random.default_rng(0).uniform(0, SIZE - 1, (scheme.count, 2))
    colours = maps(rgb)
    drawn, mirrored = (
        draw_heatmaps(torch.from_numpy(each).float()[None], SIZE)[0].numpy()
        for each in (points, flip_points(points, SIZE, scheme.name))
    )
    source = stored(tmp_path, np.concatenate([colours, drawn]), prior="heatmap")
    flipped = source.flip(source.load(0, FIT), SIZE)
    assert np.array_equal(flipped[:rgb], colours[..., ::-1])
    assert np.allclose(flipped[rgb:], mirrored, atol=1e-5)


def test_flipped_parsing_maps_are_maps_of_flipped_labels(tmp_path):
    labels = np.random.default_rng(0).integers(0, 19, (SIZE, SIZE)).astype(np.uint8)
    one_hot, mirrored = (
        one_hot_parsing(torch.from_numpy(each)[None], 19, SIZE)[0].numpy() for each in (labels, flip_labels(labels))
    )
    source = stored(tmp_path, one_hot, prior="parsing")
    assert np.array_equal(source.flip(source.load(0, FIT), SIZE), mirrored)


@pytest.mark.parametrize(("prior", "channels"), [("parsing", 11), ("heatmap", 5), ("heatmap", 3), ("heatmap", 72)])
def test_channels_with_unknown_mirror_images_are_not_flipped(tmp_path, refused, prior, channels):
    source = stored(tmp_path, maps(channels), prior=prior)
    with refused(f"not known which of {channels} {prior} channels mirror each other; train without `flip`"):
        source.flip(source.load(0, FIT), SIZE)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((4, 4)), r"height, width\), not \(4, 4\)"),
        (np.zeros((4, 0, 4)), r"not \(4, 0, 4\)"),
        (np.zeros((1, 2, 3), complex), "an array of numbers"),
        (np.zeros((1, 2, 3), "U3"), "an array of numbers"),
    ],
)
def test_other_arrays_are_refused(tmp_path, refused, array, said):
    with refused(said):
        stored(tmp_path, array)


def test_every_face_has_the_same_channels(tmp_path, refused):
    with refused("1.npy: 3 channels, but 0.npy has 2"):
        stored(tmp_path, maps(2), maps(3))


@pytest.mark.parametrize("suffix", [".npy", ".safetensors"])
@given(st.integers(0, 10**4), st.binary(max_size=30), st.booleans())
@settings(max_examples=60)
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path, suffix, place, damage, cut):
    path = tmp_path / f"a{suffix}"
    path.unlink(missing_ok=True)
    np.save(path, maps(2)) if suffix == ".npy" else save_file({"features": maps(2)}, path)
    content = path.read_bytes()
    place %= len(content)
    path.write_bytes(content[:place] + damage + (b"" if cut else content[place + len(damage) :]))
    message = ""
    try:
        assert ArraySource([path], DICTIONARY).load(0, FIT).ndim == 3
    except MfpsError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1
    assert len(message) < 600


def test_nothing_is_unpickled(tmp_path, refused):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}]), allow_pickle=True)
    with refused("pickled ones are refused"):
        ArraySource([tmp_path / "a.npy"], DICTIONARY)
    save_file({"other": maps(2)}, tmp_path / "a.safetensors")
    with refused("not a safetensors file with a tensor `features`"):
        ArraySource([tmp_path / "a.safetensors"], DICTIONARY)
