import math
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mfps.engine.device import make_fabric
from mfps.engine.update import PieceLosses, apply_update, backward, checked_update, not_finite
from mfps.errors import NotFiniteError

from ..waits import waits_for

FABRIC = make_fabric("cpu")


def parameters(*gradients):
    made = {}
    for number, gradient in enumerate(gradients):
        parameter = torch.nn.Parameter(torch.ones(2))
        parameter.grad = None if gradient is None else torch.tensor(gradient)
        made[f"p{number}"] = parameter
    return made


def update(learning, **options):
    optimizer = torch.optim.SGD(learning.values(), lr=1.0)
    losses = [PieceLosses(names, {"l1": torch.tensor(1.0)}) for names in (("a.png", "b.png"), ("c.png", "d.png"))]
    return apply_update(FABRIC, optimizer, learning, 7, losses, **options)


def test_gradients_are_applied():
    learning = parameters([1.0, 2.0], None)
    update(learning)
    assert learning["p0"].tolist() == [0.0, -1.0]
    assert learning["p1"].tolist() == [1.0, 1.0]


def test_all_gradients_together_are_clipped():
    learning = parameters([3.0, 0.0], [0.0, 4.0])
    update(learning, clip_norm=1.0)
    step = torch.stack([1 - p.detach() for p in learning.values()])
    assert torch.allclose(step, torch.tensor([[0.6, 0.0], [0.0, 0.8]]), atol=1e-5)
    gentle = parameters([0.3, 0.0], [0.0, 0.4])
    update(gentle, clip_norm=1.0)
    assert gentle["p0"].tolist() == pytest.approx([0.7, 1.0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_a_gradient_that_is_not_finite_is_named_and_changes_nothing(bad, clip_norm):
    learning = parameters([1.0, 1.0], [0.0, bad], [bad, bad])
    with pytest.raises(
        NotFiniteError, match=r"gradient of p1 is not finite at step 7 \(batch: a.png, b.png, c.png, ...\)"
    ):
        update(learning, clip_norm=clip_norm)
    assert all(p.tolist() == [1.0, 1.0] for p in learning.values())


class Part(NamedTuple):
    names: tuple[str, ...]
    faces: torch.Tensor


@pytest.mark.parametrize("pieces", [1, 2, 3, 6])
def test_pieces_give_the_gradient_and_the_losses_of_the_whole_batch(pieces):
    faces, weight = torch.rand(6, 2), torch.nn.Parameter(torch.rand(2))

    def losses(piece):
        return {"near": (piece.faces * weight).mean(), "far": (piece.faces - weight).square().mean()}

    found = backward([Part(("a",), part) for part in faces.chunk(pieces)], losses)
    whole = losses(Part(("a",), faces))
    (expected,) = torch.autograd.grad(sum(whole.values()), weight)
    assert torch.allclose(weight.grad, expected)
    means = apply_update(FABRIC, torch.optim.SGD([weight], lr=1.0), {"weight": weight}, 0, found)
    assert means == pytest.approx({name: float(value.detach()) for name, value in whole.items()})


def step(values, **options):
    """Update a weight of ones by a step whose pieces, a, b, ..., have these losses."""
    weight = torch.nn.Parameter(torch.ones(1))
    parts = [Part((name,), torch.tensor([value])) for name, value in zip("abcd", values, strict=False)]
    optimizer = torch.optim.SGD([weight], lr=1.0)

    def losses(piece):
        return {"l1": (piece.faces * weight).sum()}

    try:
        return checked_update(FABRIC, optimizer, {"weight": weight}, parts, losses, 3, **options), weight
    except NotFiniteError as error:
        assert weight.tolist() == [1.0]
        raise error from None


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_piece_that_is_not_finite_is_named_and_changes_nothing(bad, place):
    values = [1.0, 2.0, 3.0]
    values[place] = bad
    with pytest.raises(NotFiniteError, match=rf"the l1 loss is {bad} at step 3 \(batch: {'abc'[place]}\)"):
        step(values)


def test_an_update_leaves_no_gradient_behind():
    means, weight = step([1.0, 3.0])
    assert means == {"l1": 2.0}
    assert weight.tolist() == [-1.0]
    assert weight.grad is None


@pytest.mark.parametrize("clip_norm", [None, 1.0])
@pytest.mark.parametrize("solver", [torch.optim.SGD, torch.optim.Adam])
@pytest.mark.parametrize("pieces", [1, 3])
def test_an_update_waits_for_the_device_once(pieces, solver, clip_norm):
    weights = {f"w{i}": torch.nn.Parameter(torch.rand(2, i)) for i in (1, 2, 3)}
    parts = [Part(("a",), torch.rand(2, 1)) for _ in range(pieces)]
    optimizer = solver(weights.values(), lr=0.1, fused=True)

    def losses(piece):
        return {name: (piece.faces * weight).mean() for name, weight in weights.items()}

    for _ in range(2):
        with waits_for(weights.values()) as waits:
            checked_update(FABRIC, optimizer, weights, parts, losses, 0, clip_norm)
        assert waits == ["tolist"]


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=4))
def test_finite_terms_raise_nothing(values):
    assert not_finite({str(i): value for i, value in enumerate(values)}, 0, ["a"]) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_terms_that_are_not_finite_are_named(value):
    trouble = str(not_finite({"l1": 1.0, "perceptual": value}, 17, ["a", "b", "c", "d"]))
    assert trouble.startswith(f"the perceptual loss is {value} at step 17 (batch: a, b, c, ...), so this")
    assert "(batch: a, b)" in str(not_finite({"l1": value}, 17, ["a", "b"]))
