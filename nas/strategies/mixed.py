"""All choices at once, as published: every supernet is weighed by the softmaxes over its own logits."""

from ...networks.path import Mixture
from ..search_network import SearchNetwork
from .strategy import Draw


def mixtures(_searched: SearchNetwork, _draw: Draw) -> dict[str, Mixture]:
    """No mixture but the supernets' own."""
    return {}
