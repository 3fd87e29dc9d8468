import mfps
import numpy as np
import pytest
import torch
from mfps.images.image import read_image, write_image
from mfps.inference.trained_network import TrainedNetwork, load


@pytest.fixture
def net(tmp_path, write_weights):
    write_weights(tmp_path / "w.safetensors", iterations=1, size=16)
    return load(str(tmp_path / "w.safetensors"), "cpu")


@pytest.fixture
def face():
    return np.random.default_rng(0).integers(0, 256, (20, 24, 3), dtype=np.uint8)


def test_it_restores_what_the_command_restores(tmp_path, write_weights, face):
    """From a file, from pixels, and as `restore` writes it."""
    write_weights(tmp_path / "w.safetensors", iterations=1, size=16)
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in" / "a.png", face)
    net = mfps.load(tmp_path / "w.safetensors", device="cpu")
    restored = net(face)
    assert (restored.shape, restored.dtype) == ((16, 16, 3), np.uint8)
    assert np.array_equal(net(str(tmp_path / "in" / "a.png")), restored)
    mfps.restore(
        mfps.RestoreConfig(
            weights=tmp_path / "w.safetensors", source=tmp_path / "in", out=tmp_path / "out", device="cpu"
        )
    )
    assert np.array_equal(read_image(tmp_path / "out" / "a.png"), restored)


def test_it_says_what_it_is(net):
    assert isinstance(net, TrainedNetwork)
    assert net.size == 16
    assert net.priors == ()
    assert net.genotype.hash
    assert not net.network.training
    assert net.to("cpu") is net
    assert net.device == torch.device("cpu")
    assert repr(net).startswith("TrainedNetwork('random")


def test_with_its_priors_it_runs_all_iterations(tmp_path, write_weights, face):
    write_weights(tmp_path / "w.safetensors", ("heatmap",), size=16)
    net = load(tmp_path / "w.safetensors", "cpu")
    heatmaps = np.random.default_rng(1).random((68, 16, 16), np.float32)
    assert net.priors == ("heatmap",)
    assert np.array_equal(net(face), net(face, iterations=1))
    assert not np.array_equal(net(face, {"heatmap": heatmaps}), net(face))
    assert np.array_equal(net(face, {"heatmap": torch.from_numpy(heatmaps)}), net(face, {"heatmap": heatmaps}))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros((16, 16), np.uint8), r"`face` must be a file or uint8 pixels \(H, W, 3\).*not uint8 \(16, 16\)"),
        (np.zeros((16, 16, 4), np.uint8), r"not uint8 \(16, 16, 4\)"),
        (np.zeros((16, 16, 3)), r"not float64 \(16, 16, 3\)"),
        (np.zeros((0, 16, 3), np.uint8), "has no pixels"),
        ("none.png", "none.png: there is no such"),
    ],
    ids=["grey", "alpha", "floats", "empty", "no file"],
)
def test_what_is_not_a_face_is_refused(net, given, message, refused):
    with refused(message):
        net(given)


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ({"parsing": np.zeros((19, 16, 16))}, "`priors` has 'parsing', which this network does not take"),
        ({"heatmap": np.zeros((68, 16))}, r"the heatmap prior must be \(C, H, W\), not \(68, 16\)"),
        ({"heatmap": np.zeros((7, 16, 16))}, r"the heatmap prior has shape \(1, 7, 16, 16\), expected"),
    ],
    ids=["unknown", "flat", "channels"],
)
def test_a_prior_that_does_not_fit_is_refused(tmp_path, write_weights, face, priors, message, refused):
    write_weights(tmp_path / "w.safetensors", ("heatmap",), size=16)
    with refused(message):
        load(tmp_path / "w.safetensors", "cpu")(face, priors)


@torch.no_grad()
def test_the_copy_that_runs_follows_the_network(net, face):
    """Whatever is done to the module that people have, calling the object runs that; and does nothing to the module."""
    before = {name: tensor.clone() for name, tensor in net.network.state_dict().items()}
    first = net(face)
    assert list(net.network.state_dict()) == list(before)
    assert all(torch.equal(before[name], tensor) for name, tensor in net.network.state_dict().items())
    assert np.array_equal(net(face), first)
    net.network.conv_last.bias += 0.2
    assert net(face).mean() > first.mean() + 20
    net.network.load_state_dict(before)
    assert np.array_equal(net(face), first)
    net.network.half()
    assert np.abs(net(face).astype(int) - first).max() <= 2


def test_it_may_be_loaded_in_inference_mode(tmp_path, write_weights, face):
    write_weights(tmp_path / "w.safetensors", iterations=1, size=16)
    with torch.inference_mode():
        net = load(tmp_path / "w.safetensors", "cpu")
        assert np.array_equal(net(face), net(face))
