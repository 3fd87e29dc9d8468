"""All choices at once, as published: every supernet is weighed by the softmaxes over its own logits."""

from ...networks.path import Active
from ..search_network import SearchNetwork
from .strategy import Draw


def active(_searched: SearchNetwork, _draw: Draw) -> Active:
    """Everything, by the supernets' own softmaxes."""
    return Active({})
