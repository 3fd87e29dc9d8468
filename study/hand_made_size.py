"""How wide and deep a hand-made network is that costs what is asked for."""

import math
from collections.abc import Iterator

from ..errors import MfpsError
from ..genotypes.hand_made import MAX_BLOCKS, HandMade, Kind
from ..networks.cost import network_cost
from ..networks.hand_made import HandMadeRestorer
from ..networks.network_config import NetworkConfig

CHANNELS_A_BLOCK = (2, 4, 8)
"""Channels for each block: at least, usually (as in EDSR's baseline, 64 channels and 16 blocks), and at most."""

WIDEST = 256

AS_NEAR = 0.01
"""Costs that differ by less than this share are equally near; then the usual shape decides."""

FARTHEST = 0.25
"""By how much, as a share, a network may miss what it is to cost."""


def sized(kind: Kind, flops: int | float, size: int) -> HandMade:
    """The network of a kind whose cost is nearest to some FLOPs, of even width.

    Args:
        kind: which network.
        flops: what it is to cost, for one face.
        size: side of the face in pixels.

    Raises:
        MfpsError: none costs about as much.
    """

    def distance(made: HandMade, cost: int | float) -> tuple[int, float]:
        off = abs(math.log(cost / flops))
        return round(off / AS_NEAR), abs(math.log(made.width / made.blocks / CHANNELS_A_BLOCK[1]))

    costs: dict[HandMade, int] = {}
    for width in range(2, WIDEST + 1, 2):
        of_width = dict(_of_width(kind, width, size))
        costs |= of_width
        if min(of_width.values()) > 2 * flops:
            break
    best = min(costs, key=lambda made: distance(made, costs[made]))
    if abs(math.log(costs[best] / flops)) > FARTHEST:
        raise MfpsError(
            f"no {kind} network of these sizes costs about {flops / 1e9:.4g} GFLOPs; the nearest, {best}, costs "
            f"{costs[best] / 1e9:.4g}"
        )
    return best


def _of_width(kind: Kind, width: int, size: int) -> Iterator[tuple[HandMade, int]]:
    """The networks of a width and their FLOPs, which grow evenly with the blocks."""
    one, two = _flops(HandMade(kind, width, 1), size), _flops(HandMade(kind, width, 2), size)
    least, _, most = CHANNELS_A_BLOCK
    for blocks in range(math.ceil(width / most), min(MAX_BLOCKS, width // least) + 1):
        yield HandMade(kind, width, blocks), one + (blocks - 1) * (two - one)


def _flops(made: HandMade, size: int) -> int:
    return network_cost(HandMadeRestorer(made, NetworkConfig(iterations=1, blocks=1)), size)["total"].flops
