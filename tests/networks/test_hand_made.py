"""Hand-made networks."""

import pytest
import torch
from mfps.errors import MfpsError
from mfps.genotypes.hand_made import HandMade
from mfps.networks.base import first_base
from mfps.networks.cost import network_cost
from mfps.networks.hand_made import ChannelNorm, HandMadeRestorer
from mfps.networks.network_config import NetworkConfig
from torch.utils.flop_counter import FlopCounterMode

KINDS = ["nafnet", "residual"]
BASED = NetworkConfig(iterations=1, base="lowpass")


@pytest.mark.parametrize("kind", KINDS)
def test_it_begins_as_its_base_and_every_parameter_learns(kind):
    network = HandMadeRestorer(HandMade(kind, 4, 2), BASED)
    faces = torch.rand(2, 3, 16, 24)
    (restored,) = network(faces)
    assert torch.equal(restored, first_base(faces, "lowpass", 4))
    for name, parameter in network.named_parameters():
        if name.startswith("conv_last") or "scale" in name:  # which are zero at the start
            torch.nn.init.normal_(parameter, std=0.1)
    (network(faces)[0] - torch.rand(2, 3, 16, 24)).square().mean().backward()
    without = [name for name, parameter in network.named_parameters() if not parameter.grad.any()]
    assert not without


@pytest.mark.parametrize("kind", KINDS)
def test_its_cost_is_that_of_its_convolutions(kind):
    network = HandMadeRestorer(HandMade(kind, 6, 3), NetworkConfig(iterations=1)).eval()
    counted = network_cost(network, 32)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.rand(1, 3, 32, 32))
    assert counted["total"].flops == counter.get_total_flops()
    assert counted["total"] == counted["rest"]
    assert counted["total"].parameters == sum(p.numel() for p in network.parameters())


def test_each_face_is_restored_as_if_it_were_alone():
    network = HandMadeRestorer(HandMade("nafnet", 4, 2), BASED).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    faces = torch.rand(3, 3, 16, 16)
    torch.testing.assert_close(network(faces)[0][1:2], network(faces[1:2])[0])


def test_the_norm_is_torchs_over_the_channels():
    norm, x = ChannelNorm(5), torch.randn(2, 5, 3, 4)
    expected = torch.nn.functional.layer_norm(x.movedim(1, -1), (5,), eps=1e-6).movedim(-1, 1)
    torch.testing.assert_close(norm(x), expected)


def test_what_it_cannot_do_is_refused():
    made = HandMade("residual", 4, 1)
    with pytest.raises(MfpsError, match="no priors"):
        HandMadeRestorer(made, NetworkConfig(iterations=2))
    network = HandMadeRestorer(made, NetworkConfig(iterations=1))
    with pytest.raises(MfpsError, match="multiples of 8"):
        network(torch.rand(1, 3, 12, 16))
    with pytest.raises(MfpsError, match="one iteration"):
        network(torch.rand(1, 3, 16, 16), None, 2)
