import math

import pytest
import torch
from mfps.engine.device import make_fabric
from mfps.engine.update import apply_update, raise_together
from mfps.errors import NotFiniteError

FABRIC = make_fabric("cpu", "float32")


def parameters(*gradients):
    made = {}
    for number, gradient in enumerate(gradients):
        parameter = torch.nn.Parameter(torch.ones(2))
        parameter.grad = None if gradient is None else torch.tensor(gradient)
        made[f"p{number}"] = parameter
    return made


def update(learning, **options):
    optimizer = torch.optim.SGD(learning.values(), lr=1.0)
    apply_update(FABRIC, optimizer, learning, 7, ("a.png", "b.png", "c.png", "d.png"), **options)


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


def test_trouble_is_raised():
    raise_together(FABRIC, None)
    with pytest.raises(NotFiniteError, match="x at step 0"):
        raise_together(FABRIC, NotFiniteError.at("x", 0, ()))
