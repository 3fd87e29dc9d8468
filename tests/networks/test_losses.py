import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.networks.losses import PIXEL_LOSSES, perceptual_loss, restoration_loss


def images(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.rand(2, 3, 16, 16, generator=generator) for _ in range(count)]


@pytest.mark.parametrize("pixel", PIXEL_LOSSES)
@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_every_iteration_counts_the_same(pixel, iterations):
    clean, *outputs = images(1 + iterations)
    terms = restoration_loss(outputs, clean, pixel)
    alone = [restoration_loss([output], clean, pixel)[pixel] for output in outputs]
    assert list(terms) == [pixel]
    assert torch.allclose(terms[pixel], sum(alone))
    assert torch.allclose(restoration_loss(outputs[::-1], clean, pixel)[pixel], terms[pixel])


@settings(max_examples=50)
@given(st.floats(-2, 2, width=32))
def test_pixel_losses_of_a_constant_difference(difference):
    clean = torch.zeros(1, 3, 8, 8)
    size = abs(difference)
    expected = {"l1": size, "smooth_l1": size**2 / 2 if size < 1 else size - 0.5}
    for pixel, value in expected.items():
        found = restoration_loss([clean + difference], clean, pixel)[pixel]
        assert float(found) == pytest.approx(value, rel=1e-5, abs=1e-6)


def test_perceptual_term(vgg):
    clean, a, b = images(3)
    terms = restoration_loss([a, b], clean, "l1", 0.25, vgg)
    expected = 0.25 * sum((vgg(output) - vgg(clean)).abs().mean() for output in (a, b))
    assert list(terms) == ["l1", "perceptual"]
    assert float(terms["perceptual"]) == pytest.approx(float(expected), rel=1e-5)
    assert torch.equal(terms["l1"], restoration_loss([a, b], clean, "l1")["l1"])
    assert float(perceptual_loss(vgg, clean, clean)) == 0
    assert list(restoration_loss([a], clean, "l1", 0.0, vgg)) == ["l1"]


def test_perceptual_loss_reaches_the_output_alone(vgg):
    clean, output = (image.requires_grad_() for image in images(2))
    restoration_loss([output], clean.detach(), "l1", 1.0, vgg)["perceptual"].backward()
    assert output.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in vgg.parameters())


def test_perceptual_loss_without_vgg_is_refused(refused):
    clean, output = images(2)
    with refused("needs VGG19's weights: name the file as `vgg19`, or set `perceptual` to 0"):
        restoration_loss([output], clean, "l1", 0.005)
