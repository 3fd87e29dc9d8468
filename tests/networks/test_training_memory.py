import pytest
import torch
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.networks.losses import restoration_loss
from mfps.networks.network_config import NetworkConfig
from mfps.networks.path import FixedPath
from mfps.networks.restorer import Restorer
from mfps.networks.training_memory import WithoutWeights, saved_activations

SPACE = search_space(("heatmap", "dictionary"), width=2, layers=2, fusion_layers=2)
CHANNELS = {"heatmap": 3, "dictionary": 5}


def network(**options):
    genotype = random_genotype(SPACE, 0)
    config = NetworkConfig(iterations=2, blocks=1, prior_channels=CHANNELS, **options)
    return Restorer(config, SPACE, lambda space: FixedPath(genotype.present[space.name]))


def faces(batch):
    priors = {name: torch.zeros(batch, channels, 16, 16) for name, channels in CHANNELS.items()}
    return torch.zeros(batch, 3, 16, 16), torch.ones(batch, 3, 16, 16), priors


def kept_of_a_pass(restorer, degraded, clean, priors):
    """Bytes that autograd really keeps, but for parameters, buffers and the batch."""
    there = [degraded, clean, *priors.values(), *restorer.parameters(), *restorer.buffers()]
    own, kept = {tensor.untyped_storage().data_ptr() for tensor in there}, {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        sum(restoration_loss(restorer(degraded, priors), clean, "l1").values())
    return sum(tensor.untyped_storage().nbytes() for place, tensor in kept.items() if place not in own)


@pytest.mark.parametrize("options", [{}, {"attention": True}, {"base": "lowpass", "base_window": 2}])
@pytest.mark.parametrize("batch", [1, 3])
def test_what_is_counted_is_what_autograd_keeps(options, batch):
    with WithoutWeights():
        counted = network(**options)
    degraded, clean, priors = faces(0)

    def run():
        return sum(restoration_loss(counted.eval()(degraded, priors), clean, "l1").values())

    found, kernels = saved_activations(counted, run, (degraded, clean, *priors.values()))
    assert batch * found + kernels == pytest.approx(kept_of_a_pass(network(**options), *faces(batch)), rel=0.02)
    held = saved_activations(counted.requires_grad_(False), run, (degraded, clean, *priors.values()))
    assert held == (0, 0)


def test_half_precision_keeps_less():
    with WithoutWeights():
        counted = network().eval()
    degraded, clean, priors = faces(0)

    def run():
        outputs = [output.float() for output in counted(degraded, priors)]
        return sum(restoration_loss(outputs, clean, "l1").values())

    whole, half = (
        saved_activations(counted, run, (degraded, clean, *priors.values()), dtype).of_a_face
        for dtype in (torch.float32, torch.bfloat16)
    )
    assert 0.4 < half / whole < 0.75


def test_without_weights_nothing_is_drawn_and_little_is_allocated():
    before = torch.get_rng_state()
    with WithoutWeights():
        made = network(attention=True)
    assert torch.equal(torch.get_rng_state(), before)
    real = network(attention=True)
    assert {n: p.shape for n, p in made.named_parameters()} == {n: p.shape for n, p in real.named_parameters()}
    allocated = sum(parameter.numel() for parameter in made.parameters() if not parameter.is_meta)
    assert allocated == len(made.attention)
