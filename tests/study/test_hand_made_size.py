"""How large a hand-made network is that costs what is asked for."""

import math

import pytest
from mfps.errors import MfpsError
from mfps.networks.cost import network_cost
from mfps.networks.hand_made import HandMadeRestorer
from mfps.networks.network_config import NetworkConfig
from mfps.study.hand_made_size import CHANNELS_A_BLOCK, sized


@pytest.mark.parametrize("kind", ["nafnet", "residual"])
@pytest.mark.parametrize("flops", [1e7, 3e7])
def test_it_costs_about_what_is_asked_for_and_has_a_usual_shape(kind, flops):
    made = sized(kind, flops, 64)
    cost = network_cost(HandMadeRestorer(made, NetworkConfig(iterations=1)), 64)["total"]
    assert abs(math.log(cost.flops / flops)) < 0.06
    assert CHANNELS_A_BLOCK[0] <= made.width / made.blocks <= CHANNELS_A_BLOCK[-1]


def test_what_is_too_cheap_is_refused_with_what_is_nearest():
    with pytest.raises(
        MfpsError, match="no nafnet network of these sizes costs about 1e-06 GFLOPs; the nearest, nafnet:2x1"
    ):
        sized("nafnet", 1000, 16)
