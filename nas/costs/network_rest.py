"""What a network costs besides its paths."""

from collections.abc import Mapping

import numpy as np
import torch

from ...genotypes.backbone import Backbone
from ...genotypes.space import PRIORS, BranchSpace, fusion_width
from ...networks.cost import Cost, network_cost
from ...networks.network_config import NetworkConfig
from ...networks.path import FixedPath
from ...networks.restorer import Restorer
from .cell_kinds import KEPT_EDGES
from .cost_distribution import branch_of
from .parts import PartTimes, rest_time


def whole_fusion_width(spaces: Mapping[str, BranchSpace]) -> int:
    """How wide the fusion branch of a network is if it has its whole width."""
    return fusion_width(spaces["upsample"].width, [spaces[name].width for name in spaces if name in PRIORS])


def rest_of(
    spaces: Mapping[str, BranchSpace],
    config: NetworkConfig,
    size: int,
    backbone: Backbone | None,
    times: PartTimes | None = None,
) -> Cost:
    """What a network costs without its paths.

    Args:
        spaces: every branch of the network by name, as wide as it is there.
        config: the network apart from its paths.
        size: side of the face in pixels, a multiple of 8.
        backbone: how deep and wide the layers around the paths are; by default as `config` says, and whole.
        times: how long the parts take, if that is known.

    Raises:
        MfpsError: the priors of `config` are not those of `spaces`.
    """

    def shortest(space: BranchSpace) -> FixedPath:
        first = np.zeros(len(space.operations), np.int64)
        first[0] = KEPT_EDGES
        branch = branch_of(space, np.array([space.start_rate]), first)
        return FixedPath(branch, whole_fusion_width(spaces) if space.name == "fusion" else None)

    with torch.device("meta"):  # shapes alone
        network = Restorer(config, spaces, shortest, backbone).eval()
    taken = 0 if times is None else rest_time(spaces, config, backbone, times)
    return network_cost(network, size)["rest"]._replace(nanoseconds=taken)
