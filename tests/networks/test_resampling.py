import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.networks.operations import ConvNormReLU
from mfps.networks.resampling import Projection, resize

sides = st.integers(1, 9)


@settings(max_examples=40)
@given(sides, sides, sides, sides)
def test_resize_keeps_corners_and_bounds(height, width, new_height, new_width):
    x = torch.rand(1, 2, height, width)
    y = resize(x, (new_height, new_width))
    assert y.shape == (1, 2, new_height, new_width)
    assert x.min() - 1e-6 <= y.min() <= y.max() <= x.max() + 1e-6
    if new_height > 1 and new_width > 1:
        assert torch.allclose(y[..., [0, 0, -1, -1], [0, -1, 0, -1]], x[..., [0, 0, -1, -1], [0, -1, 0, -1]])


def test_resize_keeps_a_ramp_a_ramp():
    ramp = torch.linspace(0, 1, 4).repeat(4, 1)[None, None]
    assert torch.allclose(resize(ramp, (8, 8))[0, 0], torch.linspace(0, 1, 8).repeat(8, 1), atol=1e-6)


def test_the_same_size_is_the_same_tensor():
    x = torch.randn(1, 1, 4, 4)
    assert resize(x, (4, 4)) is x


@pytest.mark.parametrize("side", [2, 4, 8])
def test_a_projection_resizes_before_it_projects(side, randomised):
    projection = randomised(Projection(6, 2))
    x = torch.randn(1, 6, 4, 4)
    y = projection(x, (side, side))
    assert y.shape == (1, 2, side, side)
    assert isinstance(projection.project, ConvNormReLU)
    assert torch.equal(y, projection.project(resize(x, (side, side))))


def test_an_input_of_the_right_width_has_no_projection():
    projection = Projection(4, 4)
    x = torch.randn(1, 4, 4, 4)
    assert not list(projection.parameters())
    assert torch.equal(projection(x, (4, 4)), x)
    assert torch.equal(projection(x, (2, 2)), resize(x, (2, 2)))
