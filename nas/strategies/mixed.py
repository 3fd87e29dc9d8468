"""All choices at once, as published: every supernet is weighed by the softmaxes over its own logits."""

from ...engine.position import Position
from ...networks.path import Mixture
from ..search_network import SearchNetwork


def mixed(_searched: SearchNetwork, _position: Position) -> dict[str, Mixture]:
    """No mixture but the supernets' own."""
    return {}
