"""The edge of a supernet's cell: all candidate operations at once, weighted.

Source: DARTS (Liu et al., 2019), continuous relaxation.
"""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor, nn

from ..networks.cell import Weight, sum_in_order
from ..networks.operations import make_operation


class MixedOperation(nn.ModuleDict):
    """Every candidate operation of an edge, by name.

    Args:
        operations: names of the candidates.
        width: channels in and out.
    """

    def __init__(self, operations: tuple[str, ...], width: int) -> None:
        super().__init__({name: make_operation(name, width) for name in operations})

    def forward(self, x: Float[Tensor, "B C H W"], weights: Mapping[str, Weight]) -> Float[Tensor, "B C H W"]:
        """The weighted sum of the operations' results; an operation missing from `weights` is not computed."""
        return sum_in_order([weight * self[name](x) for name, weight in weights.items()])
