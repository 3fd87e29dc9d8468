"""What a file computes is what the network does, with the resizing and the priors inside."""

import pytest
import torch
import torch.nn.functional as F
from mfps.export.face_graph import FaceGraph, GraphSpec, enlarged_face512, shrunk_face512
from mfps.inference.compile import load_network

from .conftest import PRIORS, SIZE


@pytest.fixture
def restorer(mfpsnet):
    return load_network(mfpsnet).restorer


@pytest.mark.parametrize("outputs", [(0,), (1,), (0, 1)])
@torch.no_grad()
def test_the_chosen_passes_come_out(restorer, outputs):
    picture = torch.rand(2, 3, SIZE, SIZE)
    maps = {prior: torch.rand(2, count, SIZE, SIZE) for prior, count in PRIORS.items()}
    graph = FaceGraph(restorer, GraphSpec(SIZE, 2, outputs, PRIORS, "inputs"))
    assert graph.input_names == ("input", *PRIORS)
    expected = restorer(picture, maps)
    found = graph(picture, *maps.values())
    assert len(found) == len(graph.spec.output_names) == len(outputs)
    for picture, number in zip(found, outputs, strict=True):
        assert torch.equal(picture, expected[number])


@torch.no_grad()
def test_zeros_inside_are_priors_that_are_left_out(restorer):
    picture = torch.rand(2, 3, SIZE, SIZE)
    graph = FaceGraph(restorer, GraphSpec(SIZE, 2, (1,), PRIORS, "zeros"))
    zeros = {prior: torch.zeros(2, count, SIZE, SIZE) for prior, count in PRIORS.items()}
    assert graph.input_names == ("input",)
    assert torch.equal(graph(picture)[0], restorer(picture, zeros)[1])


@torch.no_grad()
def test_half_takes_and_returns_float32(restorer):
    picture = torch.rand(2, 3, SIZE, SIZE)
    expected = restorer(picture, iterations=1)[0]
    (found,) = FaceGraph(restorer, GraphSpec(SIZE, 1, (0,), {}, half=True))(picture)
    assert found.dtype == torch.float32
    assert 0 < float((found - expected).abs().max()) < 0.01


@pytest.mark.parametrize("size", [512, 256, 128, 64, 96, 200, 520])
def test_a_face_keeps_its_colours_and_its_place_through_both_resizings(size):
    rows = torch.linspace(-0.9, 0.9, 512)
    smooth = torch.stack([rows[:, None].expand(-1, 512), rows.expand(512, -1), torch.full((512, 512), 0.3)])[None]
    inside = shrunk_face512(smooth, size)
    assert inside.shape == (1, 3, size, size)
    assert 0 <= float(inside.min()) < float(inside.max()) <= 1
    assert float((enlarged_face512(inside) - smooth).abs().max()) < 0.02
    if 512 % size == 0:
        assert torch.allclose(inside, F.interpolate(smooth, (size, size), mode="area") * 0.5 + 0.5, atol=1e-6)


def test_what_comes_out_of_a_wrapped_file_is_in_its_range():
    assert enlarged_face512(torch.tensor([-3.0, 4.0]).repeat(1, 3, 8, 4)).abs().max() == 1
