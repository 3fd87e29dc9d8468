import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.genotypes.space import OPERATIONS
from mfps.nas.mixed_operation import MixedOperation

subsets = st.lists(st.sampled_from(OPERATIONS), min_size=1, unique=True)


@settings(max_examples=30)
@given(subsets, st.data())
def test_the_weighted_sum_of_the_operations(names, data):
    mixed = MixedOperation(tuple(OPERATIONS), 2).eval()
    weights = {name: data.draw(st.floats(-1, 1)) for name in names}
    x = torch.randn(1, 2, 5, 4)
    expected = sum(weight * mixed[name](x) for name, weight in weights.items())
    assert torch.allclose(mixed(x, weights), expected, atol=1e-6)


@pytest.mark.parametrize("name", OPERATIONS)
def test_one_hot_is_the_operation(name):
    mixed = MixedOperation(OPERATIONS, 2).eval()
    x = torch.randn(1, 2, 5, 4)
    zeros = {other: 1.0 * (other == name) for other in OPERATIONS}
    assert torch.equal(mixed(x, {name: 1.0}), mixed[name](x))
    assert torch.allclose(mixed(x, zeros), mixed[name](x))


def test_operations_without_weight_are_not_run():
    mixed = MixedOperation(OPERATIONS, 1)
    mixed["conv_7x7"].register_forward_pre_hook(lambda *_: pytest.fail("conv_7x7 ran"))
    mixed(torch.randn(1, 1, 4, 4), {name: 0.5 for name in OPERATIONS if name != "conv_7x7"})


def test_candidates_go_by_name():
    assert tuple(MixedOperation(("conv_3x3", "skip"), 1)) == ("conv_3x3", "skip")


def test_the_gradient_of_a_weight_is_what_its_operation_adds():
    mixed = MixedOperation(OPERATIONS, 2).eval()
    x = torch.randn(1, 2, 4, 4)
    weights = {name: torch.rand((), requires_grad=True) for name in OPERATIONS}
    mixed(x, weights).sum().backward()
    for name, weight in weights.items():
        assert torch.allclose(weight.grad, mixed[name](x).sum(), atol=1e-5)
