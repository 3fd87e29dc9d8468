import contextlib
import json
import random

import numpy as np
import pytest
import torch
from mfps.engine.training_state import capture_state, kept_generators, restore_state

OPTIMIZERS = {
    "adam": lambda parameters: torch.optim.Adam(parameters, 0.01, weight_decay=1e-3),
    "momentum": lambda parameters: torch.optim.SGD(parameters, 0.01, momentum=0.9),
    "sgd": lambda parameters: torch.optim.SGD(parameters, 0.01),
    "fused adam": lambda parameters: torch.optim.Adam(parameters, 0.01, weight_decay=1e-3, fused=True),
    "fused momentum": lambda parameters: torch.optim.SGD(parameters, 0.01, momentum=0.9, fused=True),
}


def parts(optimizer, channels_last=True, width=6):
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, width, 3), torch.nn.BatchNorm2d(width), torch.nn.Conv2d(width, 3, 1)
    )
    if channels_last:
        network.to(memory_format=torch.channels_last)
    return {"network": network, "optimizer": OPTIMIZERS[optimizer](network.parameters())}


def train(parts, steps):
    for _ in range(steps):
        parts["optimizer"].zero_grad()
        noise = np.random.rand() + random.random()
        parts["network"](torch.randn(2, 3, 9, 9)).square().mean().mul(noise).backward()
        parts["optimizer"].step()


def bits(parts):
    tensors, state = capture_state(parts)
    return {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}, json.dumps(state)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("channels_last", [True, False])
def test_a_restored_training_continues_bit_for_bit(optimizer, channels_last):
    """Weights, statistics, optimizer and all generators, through JSON and into fresh objects."""
    random.seed(1)
    np.random.seed(1)
    whole = parts(optimizer, channels_last)
    train(whole, 3)
    tensors, state = capture_state(whole)
    train(whole, 3)
    expected = bits(whole)

    fresh = parts(optimizer, channels_last)
    random.seed(2)
    np.random.seed(2)
    restore_state(fresh, tensors, json.loads(json.dumps(state)))
    train(fresh, 3)
    assert bits(fresh) == expected


@pytest.mark.parametrize("kind", ["adam", "momentum"])
@pytest.mark.parametrize("layouts", [(True, True), (True, False), (False, True)])
def test_a_training_goes_on_with_the_kind_of_optimizer_that_it_began_with(kind, layouts):
    """To the bit, in the same memory layout: that one is fused and the other is not changes the rounding."""
    for began, goes_on in ((kind, f"fused {kind}"), (f"fused {kind}", kind)):
        whole = parts(began, layouts[0])
        train(whole, 3)
        tensors, state = capture_state(whole)
        train(whole, 2)
        expected = bits(whole)[0]
        fresh = parts(goes_on, layouts[1])
        restore_state(fresh, tensors, json.loads(json.dumps(state)))
        assert bool(fresh["optimizer"].param_groups[0]["fused"]) == began.startswith("fused")
        train(fresh, 2)
        found = bits(fresh)[0]
        weights = [np.frombuffer(at["network.0.weight"], np.float32) for at in (found, expected)]
        assert np.allclose(*weights, atol=1e-5)
        assert layouts[0] != layouts[1] or found == expected


def test_optimizer_states_are_laid_out_as_their_parameters():
    whole = parts("adam")
    train(whole, 1)
    fresh = parts("adam")
    restore_state(fresh, *capture_state(whole))
    (weight, *_), values = fresh["network"].parameters(), fresh["optimizer"].state
    assert values[weight]["exp_avg"].stride() == weight.stride() != weight.contiguous().stride()


def test_a_capture_is_a_copy():
    whole = parts("momentum")
    train(whole, 1)
    tensors, _ = capture_state(whole)
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    train(whole, 1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in tensors.items())


def test_a_state_of_another_network_is_refused(refused):
    tensors, state = capture_state(parts("adam"))
    with refused("the checkpoint is not of this network"):
        restore_state(parts("adam", width=7), tensors, state)
    with refused("the checkpoint is not of this network"):
        restore_state(parts("adam"), {}, state)
    short = {"numbers": {}, "groups": [{"params": list(range(6))}]}
    for broken in (
        {},
        {**state, "optimizer": 3},
        {**state, "optimizer": short},
        {**state, "random": {"numpy": [], "python": []}},
    ):
        with refused("the checkpoint is not of this network"):
            restore_state(parts("adam"), tensors, broken)


def test_an_optimizer_state_of_another_shape_is_refused(refused):
    whole = parts("adam")
    train(whole, 1)
    tensors, state = capture_state(whole)
    with refused(r"the checkpoint is not of this network \(\(1,\) where \(6, 3, 3, 3\) should be\)"):
        restore_state(parts("adam"), {**tensors, "optimizer.0.exp_avg": torch.zeros(1)}, state)


@pytest.mark.parametrize("fails", [False, True])
def test_generators_are_kept(fails):
    def states():
        return torch.get_rng_state().tolist(), str(np.random.get_state(legacy=True)), random.getstate()

    torch.randn(1), np.random.randn(), random.gauss()  # these keep a second number for the next call
    before = states()
    with contextlib.suppress(RuntimeError), kept_generators():
        torch.randn(1), np.random.randn(), random.gauss()
        assert all(now != then for now, then in zip(states(), before, strict=True))
        if fails:
            raise RuntimeError
    assert states() == before
