"""A branch's way through its trellis: stem, cells, head, and the fixed path of a genotype.

Modules are named after their place in the trellis (`cells.l3_r4`, `s1.l3_r4_from_r2`, `edges.s0_n1.conv_5x5`), in the
fixed path as in the supernet. So a fixed path's weights are a subset of its supernet's, under the same keys.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from ..genotypes.backbone import Backbone
from ..genotypes.branch_genotype import BranchGenotype
from ..genotypes.space import (
    OUTPUT_NODES,
    RATES,
    BranchSpace,
    Edge,
    End,
    Transition,
    cell_channels,
    cell_width,
)
from .cell import Cell, Weight
from .nested import convolve
from .operations import ConvNormReLU, make_operation
from .resampling import Projection, ResizingConvNormReLU, ResizingConvolution

PathFactory = Callable[[BranchSpace], nn.Module]
"""Builds a branch's path: a map of (B, start width, h, w) at the start rate to (B, 3 * width, H, W) at rate 8."""


class Mixture(NamedTuple):
    """The weights of every choice in a branch. Anything missing has weight zero and is not computed.

    Attributes:
        operations: for each edge, the weight of each operation.
        transitions: for each transition its weight among those into the same cell.
        ends: for each end its weight.
        width: base width of the slice that runs, of whose channels each is the first; None for all.
    """

    operations: Mapping[Edge, Mapping[str, Weight]]
    transitions: Mapping[Transition, Weight]
    ends: Mapping[End, Weight]
    width: int | None = None


class Active(NamedTuple):
    """What of a network under search runs in a pass; its fields are arguments of `Restorer.forward`."""

    mixtures: Mapping[str, Mixture]
    """Of each branch; one that is missing is mixed by its own softmaxes."""
    backbone: Backbone | None = None
    """How much of the layers around the paths; None for all."""


def cell_name(layer: int, rate: int) -> str:
    """Module name of the cell at (layer, rate)."""
    return f"l{layer}_r{rate}"


def projection_name(layer: int, source: int, rate: int) -> str:
    """Module name of the projection into the cell at (layer, rate) of features at rate `source`."""
    return f"l{layer}_r{rate}_from_r{source}"


def make_projection(
    width: int, start_rate: int, layer: int, source: int, rate: int, in_channels: int | None = None
) -> Projection:
    """The projection into a cell at `rate` of features at (layer, source).

    Args:
        width: base width of the path.
        start_rate: at which the path starts.
        layer: -2 for the path's input, -1 for its stem, from 0 on for cells.
        source: rate of the features.
        rate: of the cell.
        in_channels: of the path's input; by default as many as a cell has there.
    """
    if layer == -2:
        channels = in_channels or cell_width(width, start_rate)
        return Projection(channels, cell_width(width, rate), 1, unchanged=rate == start_rate)
    return Projection(cell_channels(width, source), cell_width(width, rate), OUTPUT_NODES)


def size_at(rate: int, start_rate: int, start_size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of features at `rate` of a path whose input at `start_rate` has `start_size`."""
    return start_size[0] * rate // start_rate, start_size[1] * rate // start_rate


class Stem(ConvNormReLU):
    """Opens a path: a 3x3 ConvNormReLU to three times a cell's width, the channels of a cell's output."""

    def __init__(self, width: int, start_rate: int, in_channels: int | None = None) -> None:
        channels = cell_channels(width, start_rate)
        super().__init__(in_channels or cell_width(width, start_rate), channels, 3, (1, OUTPUT_NODES))


class Head(nn.Module):
    """Brings a path's last features to rate 8: a halving 1x1 ConvNormReLU and a resize for each rate, then a 1x1 conv.

    Args:
        width: base width of the branch.
        end_rates: rates a path may end at; only the steps from the lowest of them are built.
    """

    def __init__(self, width: int, end_rates: tuple[int, ...]) -> None:
        super().__init__()
        climbed = [rate for rate in RATES[:-1] if rate >= min(end_rates)]
        self.climb = nn.ModuleDict(
            {
                f"r{rate}": ResizingConvNormReLU(
                    cell_channels(width, rate), cell_channels(width, 2 * rate), (OUTPUT_NODES, OUTPUT_NODES)
                )
                for rate in climbed
            }
        )
        channels = cell_channels(width, RATES[-1])
        self.last = ResizingConvolution(channels, channels)

    def forward(self, x: Float[Tensor, "B _ _ _"], rate: int) -> Float[Tensor, "B _ _ _"]:
        """Map (B, 3 * width * 8 / rate, h, w) at `rate` to (B, 3 * width, h * 8 / rate, w * 8 / rate)."""
        return self.finish(self.climbed(x, rate), size_at(RATES[-1], rate, (x.shape[-2], x.shape[-1])))

    def finish(self, x: Float[Tensor, "B _ _ _"], size: tuple[int, int]) -> Float[Tensor, "B _ _ _"]:
        """The last convolution, at `size`."""
        return convolve(self.last, x, parts=(OUTPUT_NODES, OUTPUT_NODES), size=size)

    def climbed(self, x: Float[Tensor, "B _ _ _"], rate: int) -> Float[Tensor, "B _ _ _"]:
        """What goes into the last convolution, (B, 3 * width, ...): at rate 8 as it is, else at rate 4, to be enlarged.

        Args:
            x: (B, 3 * width * 8 / rate, h, w) at `rate`.
            rate: the rate at which the path ends.
        """
        start_rate, start_size = rate, (x.shape[-2], x.shape[-1])
        while rate < RATES[-1]:
            x = self.climb[f"r{rate}"](x, size_at(rate, start_rate, start_size))
            rate *= 2
        return x


class ChosenOperation(nn.ModuleDict):
    """The edge of a fixed cell: its one operation, under the name it has among the supernet's candidates."""

    def forward(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
        """Apply the operation."""
        (operation,) = self.values()
        return operation(x)


class FixedPath(nn.Module):
    """The path of a genotype's branch: one cell per layer.

    Args:
        branch: the architecture.
        in_channels: of the path's input; by default as many as a cell has there.
    """

    def __init__(self, branch: BranchGenotype, in_channels: int | None = None) -> None:
        super().__init__()
        self.start_rate = branch.start_rate
        self.path = tuple(branch.path)
        width, operations = branch.width, branch.operations
        self.stem = Stem(width, branch.start_rate, in_channels)
        self.cells, self.s0, self.s1 = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        # rates[layer] is the rate that s0 of that layer comes from.
        rates = (branch.start_rate, branch.start_rate, *branch.path)

        def make_edge(edge: Edge, cell_width: int) -> nn.Module | None:
            name = operations.get(edge)
            return None if name is None else ChosenOperation({name: make_operation(name, cell_width)})

        for layer, (before, source, rate) in enumerate(zip(rates, rates[1:], self.path, strict=False)):
            for inputs, back, at in ((self.s0, 2, before), (self.s1, 1, source)):
                projection = make_projection(width, branch.start_rate, layer - back, at, rate, in_channels)
                inputs[projection_name(layer, at, rate)] = projection
            self.cells[cell_name(layer, rate)] = Cell(cell_width(width, rate), make_edge)
        self.head = Head(width, (self.path[-1],))

    def forward(self, x: Float[Tensor, "B _ _ _"], mixture: None = None) -> Float[Tensor, "B _ _ _"]:
        """Map (B, start width, h, w) at the start rate to (B, 3 * width, H, W) at rate 8; it takes no mixture."""
        start_size = (x.shape[-2], x.shape[-1])
        before, previous = x, self.stem(x)
        for rate, s0, s1, cell in zip(self.path, self.s0.values(), self.s1.values(), self.cells.values(), strict=True):
            size = size_at(rate, self.start_rate, start_size)
            before, previous = previous, cell(s0(before, size), s1(previous, size))
        return self.head(previous, self.path[-1])
