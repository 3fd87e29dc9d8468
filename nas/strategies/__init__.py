"""Search strategies: what a step of a search trains, whole supernets or a part of them. One file each.

A strategy returns the mixtures that a forward pass of a training step uses, by branch; a branch that it leaves out is
mixed by its supernet's own softmaxes. It is called again for every piece of a batch, since a piece's graph is gone
after its backward pass. It draws from torch's global generator, whose state is in the checkpoints: all processes and a
resumed run draw the same. The search knows nothing else about strategies.
"""

from collections.abc import Callable, Mapping

from ...engine.position import Position
from ...networks.path import Mixture
from ..search_network import SearchNetwork
from .mixed import mixed

Strategy = Callable[[SearchNetwork, Position], Mapping[str, Mixture]]
"""Takes the network under search and the search's position; returns the mixtures by branch."""

STRATEGIES: dict[str, Strategy] = {"mixed": mixed}
"""Every strategy, by its name in `SearchConfig.strategy`."""
