"""Convolutions in boxes give what the plain ones give, with the same gradients; and they are used where they pay."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.networks import sparse_input
from mfps.networks.sparse_input import boxes_of, compose, convolve_sparse, empty_response
from torch import nn
from torch.nn import functional as F

HEIGHT, WIDTH = 24, 30


def convolutions(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(6, 5, 3, padding=1), nn.Conv2d(5, 4, 3, padding=1), nn.Conv2d(4, 3, 3, padding=1)
    ).double()


def filled(*boxes, batch=2):
    x = torch.zeros(batch, 6, HEIGHT, WIDTH, dtype=torch.float64)
    for item, top, left, height, width in boxes:
        x[item, :, top : top + height, left : left + width] = torch.randn(6, 1, 1, dtype=torch.float64).expand(
            6, *x[item, :, top : top + height, left : left + width].shape[1:]
        )
    return x


BOX = st.tuples(
    st.integers(0, 1), st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, 7), st.integers(1, 7)
)


@settings(max_examples=60)
@given(st.lists(BOX, max_size=5), st.booleans())
def test_results_and_gradients_are_those_of_the_plain_convolutions(monkeypatch_always, boxes, channels_last):
    x = filled(*boxes)
    plain, sparse = convolutions(), convolutions()
    if channels_last:
        x, sparse = x.to(memory_format=torch.channels_last), sparse.to(memory_format=torch.channels_last)
    expected, found = plain(x), convolve_sparse(sparse, x)
    assert torch.allclose(found, expected, atol=1e-6)  # kernels are composed in float32
    weights = torch.randn_like(expected)
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    for ours, theirs in zip(sparse.parameters(), plain.parameters(), strict=True):
        assert ours.grad is not None
        assert torch.allclose(ours.grad, theirs.grad, atol=1e-4)


@pytest.fixture(scope="module")
def monkeypatch_always():
    """Boxes are used however little they save."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparse_input, "WORTHWHILE", 1e9)
        yield


def test_two_kernels_become_one():
    first, then = torch.randn(5, 6, 3, 3), torch.randn(4, 5, 3, 3)
    x = torch.randn(1, 6, 12, 12)
    assert torch.allclose(F.conv2d(x, compose(first, then)), F.conv2d(F.conv2d(x, first), then), atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(7, 7), (8, 16), (40, 9)])
def test_an_empty_map_is_known_everywhere(height, width):
    convs = convolutions()
    expected = convs(torch.zeros(2, 6, height, width, dtype=torch.float64))
    assert torch.allclose(empty_response(convs, 2, height, width, 3), expected)


@given(st.lists(BOX, max_size=6))
def test_boxes_hold_all_that_is_not_zero_and_are_disjoint(boxes):
    x = filled(*boxes)
    covered = torch.zeros(2, HEIGHT, WIDTH)
    for box in boxes_of(x) or []:
        covered[box.item, box.rows, box.columns] += 1
    assert covered.max() <= 1
    assert not (covered == 0)[(x != 0).any(1)].any()


def test_boxes_are_used_only_where_they_pay(monkeypatch):
    used = []
    monkeypatch.setattr(sparse_input, "compose", lambda *kernels: used.append(1) or compose(*kernels))
    convs, large = convolutions(), torch.zeros(8, 6, 64, 64, dtype=torch.float64)
    large[:, :, 20:30, 20:30] = 1
    convolve_sparse(convs, large)
    assert len(used) == 2
    convolve_sparse(convs, torch.ones(8, 6, 64, 64, dtype=torch.float64))
    assert len(used) == 2


@pytest.mark.parametrize("state", ["torch.compiler.is_compiling", "torch.jit.is_tracing"])
def test_what_is_exported_holds_the_plain_convolutions(monkeypatch, state):
    convs, x = convolutions(), filled((0, 8, 8, 4, 4))
    monkeypatch.setattr(state, lambda: True)
    monkeypatch.setattr(sparse_input, "boxes_of", lambda _: pytest.fail("it depends on the values"))
    assert torch.equal(convolve_sparse(convs, x), convs(x))
