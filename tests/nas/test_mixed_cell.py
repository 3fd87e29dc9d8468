"""The cell with all operations at once computes what they compute one by one; gradients and statistics are the same."""

from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.genotypes.space import EDGES, NODES, OPERATIONS
from mfps.nas import wide_convolution
from mfps.nas.mixed_cell import MixedCell

WIDTH = 2


def one_by_one(cell, s0, s1, weights):
    """The definition: a node is the sum over its edges of the weighted sums of their operations' results."""
    features = {"s0": s0, "s1": s1}
    for node in NODES:
        features[node] = torch.zeros_like(s0)
        for edge in (edge for edge in EDGES if edge.target == node and edge in weights):
            for name, weight in weights[edge].items():
                if isinstance(weight, torch.Tensor) or weight != 0:
                    operation = cell.get_submodule(f"edges.{edge.name}.{name}")
                    features[node] = features[node] + weight * operation(features[edge.source])
    return torch.cat([features[node] for node in NODES], dim=1)


def made(seed=0, operations=OPERATIONS):
    torch.manual_seed(seed)
    cell = MixedCell(operations, WIDTH).double()
    for name, tensor in cell.state_dict().items():
        if "bn" in name and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    return cell, torch.randn(2, WIDTH, 9, 8).double(), torch.randn(2, WIDTH, 9, 8).double()


def compared(weights_of, training, operations=OPERATIONS):
    cell, s0, s1 = made(operations=operations)
    ours, theirs = cell.train(training), deepcopy(cell).train(training)
    results = []
    for run, own in ((ours, ours), (lambda *a: one_by_one(theirs, *a), theirs)):
        weights = weights_of()
        output = run(s0, s1, weights)
        generator = torch.Generator().manual_seed(1)
        (output * torch.rand(output.shape, generator=generator)).sum().backward()
        given = [w for by_name in weights.values() for w in by_name.values() if isinstance(w, torch.Tensor)]
        gradients = [tensor.grad for tensor in (*given, *own.parameters())]
        results.append([output, *gradients, *own.buffers()])
    for a, b in zip(*results, strict=True):
        assert (a is None) == (b is None)
        assert a is None or torch.allclose(a.double(), b.double(), atol=1e-9)


def softmaxed(seed=0, names=OPERATIONS):
    generator = torch.Generator().manual_seed(seed)

    def weights():
        generator.manual_seed(seed)
        return {
            edge: dict(
                zip(names, torch.rand(len(names), generator=generator).double().requires_grad_().unbind(), strict=True)
            )
            for edge in EDGES
        }

    def leaves():
        return {
            edge: {name: weight.detach().requires_grad_() for name, weight in by_name.items()}
            for edge, by_name in weights().items()
        }

    return leaves


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("names", [OPERATIONS, ("conv_3x3",), ("skip", "conv_5x5")], ids="+".join)
def test_outputs_gradients_and_statistics(training, names):
    compared(softmaxed(names=names), training, names)


@settings(max_examples=25)
@given(st.data())
def test_any_weights_may_be_missing_zero_or_plain_numbers(data):
    kinds = {
        edge: {
            name: data.draw(
                st.sampled_from(["missing", "zero", "one", "number", "tensor"]), label=f"{edge.name} {name}"
            )
            for name in OPERATIONS
        }
        for edge in EDGES
    }

    def weights():
        value = {"zero": 0.0, "one": 1.0, "number": 0.4}
        found = {
            edge: {
                name: value[kind] if kind != "tensor" else torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
                for name, kind in by_name.items()
                if kind != "missing"
            }
            for edge, by_name in kinds.items()
        }
        return {edge: by_name for edge, by_name in found.items() if by_name}

    cell, s0, s1 = made()
    assert torch.allclose(cell.eval()(s0, s1, weights()), one_by_one(cell, s0, s1, weights()), atol=1e-9)


def test_what_has_no_weight_is_not_run():
    cell, s0, s1 = made()
    for edge in EDGES:
        cell.get_submodule(f"edges.{edge.name}.conv_7x7").register_forward_pre_hook(lambda *_: pytest.fail("it ran"))
    cell(s0, s1, {edge: {"skip": 0.5, "conv_3x3": 0.5, "conv_7x7": 0.0} for edge in EDGES})


@pytest.mark.parametrize("change", ["momentum", "synchronised"])
def test_norms_that_must_see_their_channels_alone_run_one_by_one(change, monkeypatch):
    def other(norm):
        if change == "momentum":
            norm.momentum = None
        else:
            norm.__class__ = type("Synchronised", (torch.nn.BatchNorm2d,), {})

    real = made

    def changed(*args, **options):
        cell, *inputs = real(*args, **options)
        for module in cell.modules():
            if type(module) is torch.nn.BatchNorm2d:
                other(module)
        return cell, *inputs

    monkeypatch.setitem(globals(), "made", changed)
    monkeypatch.setattr(wide_convolution.WideConvolution, "__call__", lambda *_: pytest.fail("they ran together"))
    compared(softmaxed(), training=True)


def test_kernels_larger_than_the_features_are_not_stacked(monkeypatch):
    cell, _, _ = made()
    small = torch.randn(1, WIDTH, 1, 1).double()
    cell.eval()
    monkeypatch.setattr(wide_convolution.WideConvolution, "__call__", lambda *_: pytest.fail("they were stacked"))
    weights = softmaxed()()
    assert torch.allclose(cell(small, small, weights), one_by_one(cell, small, small, weights), atol=1e-9)
