"""What the parts of a branch cost: the one place that knows which convolutions a path is made of, and how large.

Costs are whole numbers and add up: a path costs its opening, a step and a cell for each layer, and its end.
"""

from functools import cache

from ...genotypes.branch_genotype import BranchGenotype
from ...genotypes.space import RATES, cell_channels, cell_width
from ...networks.cost import Cost
from ...networks.operations import CANDIDATES
from .parts import BranchParts, Part, PartTimes

NOTHING = Cost(0, 0)
"""The cost of what needs no convolution."""


class BranchCosts:
    """Exact costs of the parts of a branch's paths, for one face and one pass.

    Args:
        start_rate: the rate at which the branch enters its trellis.
        width: base width of the branch.
        size: side of the face in pixels, a multiple of 8.
        in_channels: of the path's input; by default as many as a cell has there.
        times: how long the parts take, if that is known.
        norms: sets of batch norms that the branch has, see `networks.iteration_norms`.
    """

    def __init__(
        self,
        start_rate: int,
        width: int,
        size: int,
        in_channels: int | None = None,
        times: PartTimes | None = None,
        norms: int = 1,
    ) -> None:
        self.start_rate, self.width, self.size, self._norms = start_rate, width, size, norms
        self.in_channels = in_channels or cell_width(width, start_rate)
        self._parts, self._times = BranchParts(width, start_rate, self.in_channels), times
        last = cell_channels(width, RATES[-1])
        stem = self._convolution(3, self.in_channels, cell_channels(width, start_rate), start_rate)
        opening = added(stem, self._convolution(1, last, last, RATES[-1], norm=False))
        self.opening = self._timed(opening, self._parts.stem)
        """What every path has: the stem, and the last convolution of the head."""
        self.operation = cache(self._operation)
        """`operation(name, rate)`: one edge with that operation in a cell at that rate."""
        self.s0 = cache(self._s0)
        """`s0(layer, before, target)`: bringing the features of two layers back, at rate `before`, to a cell."""
        self.s1 = cache(self._s1)
        """`s1(source, target)`: bringing the features of the layer before, at rate `source`, to a cell."""
        self.end = cache(self._end)
        """`end(rate)`: the head's convolutions from a last cell at that rate up to rate 8, without the last; the time
        of all of it, as that of the last one depends on the rate."""

    def of(self, branch: BranchGenotype) -> Cost:
        """The cost of a genotype's whole path.

        Args:
            branch: an architecture with this start rate and width, with any path and cell.
        """
        parameters, flops, nanoseconds = added(self.opening, self.end(branch.path[-1]))
        rates = (self.start_rate, self.start_rate, *branch.path)
        operations = [kept.op for kept in branch.cell]
        for layer, (before, source, target) in enumerate(zip(rates, rates[1:], branch.path, strict=False)):
            parts = [self.s0(min(layer, 1), before, target), self.s1(source, target)]
            for cost in (*parts, *(self.operation(name, target) for name in operations)):
                parameters += cost.parameters
                flops += cost.flops
                nanoseconds += cost.nanoseconds
        return Cost(parameters, flops, nanoseconds)

    def _operation(self, name: str, rate: int) -> Cost:
        width = cell_width(self.width, rate)
        convolutions = (
            self._convolution(kernel, 1 if depthwise else width, width, rate, norm=norm)
            for kernel, depthwise, norm in CANDIDATES[name].convolutions
        )
        return self._timed(added(*convolutions), self._parts.operation(name, rate))

    def _s0(self, layer: int, before: int, target: int) -> Cost:
        if not layer and target == self.start_rate:
            return NOTHING
        channels = cell_channels(self.width, before) if layer else self.in_channels
        return self._timed(self._projection(channels, target), self._parts.s0(layer, before, target))

    def _s1(self, source: int, target: int) -> Cost:
        projection = self._projection(cell_channels(self.width, source), target)
        return self._timed(projection, self._parts.s1(source, target))

    def _end(self, rate: int) -> Cost:
        climbed = RATES[RATES.index(rate) : -1]
        convolutions = (
            self._convolution(1, cell_channels(self.width, r), cell_channels(self.width, 2 * r), r) for r in climbed
        )
        return self._timed(added(*convolutions), self._parts.head(rate))

    def _timed(self, cost: Cost, part: Part | None) -> Cost:
        if self._times is None or part is None:
            return cost
        return cost._replace(nanoseconds=self._times.of(part))

    def _projection(self, channels: int, rate: int) -> Cost:
        return self._convolution(1, channels, cell_width(self.width, rate), rate)

    def _convolution(self, kernel: int, channels_in: int, channels_out: int, rate: int, norm: bool = True) -> Cost:
        """A convolution at a rate, each channel out of which sees `channels_in` channels."""
        products = kernel**2 * channels_in * channels_out
        side = self.size * rate // RATES[-1]
        return Cost(products + (2 * channels_out * self._norms if norm else 0), 2 * products * side**2)


def added(*costs: Cost) -> Cost:
    """The sum of costs."""
    return Cost(*map(sum, zip(*costs, strict=True))) if costs else NOTHING
