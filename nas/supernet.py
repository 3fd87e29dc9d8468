"""The supernet of one branch: every cell of the trellis, every operation of every edge, mixed by softmaxes.

Three kinds of choices, one softmax each: the operations of an edge (`alphas`), the transitions into a cell
(`betas`), where the path ends (`gammas`). So the weights of a cell's inputs sum to 1, and its input
s0, from two layers back, is weighted by the two-step probabilities. When all choices are one-hot, the supernet is
therefore the derived network along the whole path.

Source: MFPSNet paper section III-B. Deviates: see docs/deviations.md on s0, on incoming softmaxes and on `mixing`.
"""

from collections.abc import Mapping
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..genotypes.branch_genotype import BranchGenotype
from ..genotypes.space import EDGES, RATES, BranchSpace, End, Transition, cell_channels, cell_width
from ..networks.cell import Weight
from ..networks.path import Head, Mixture, Stem, cell_name, make_projection, projection_name, size_at
from ..networks.resampling import resize
from .choices import Choice, branch_choices, mixture_of
from .mixed_cell import MixedCell
from .weighted_sum import is_zero, plus_weighted, weighted_sum

Mixing = Literal["input", "output"]
"""`input`: a cell runs once, on its averaged inputs. `output` (as published): it runs on each, and its outputs are
averaged."""

INITIAL_SCALE = 1e-3
"""Standard deviation of the architecture parameters at the start, as published."""


class Supernet(nn.Module):
    """All paths and cells of a branch at once.

    Args:
        space: the branch's search space.
        mixing: where features are averaged, before a cell or after it.
        scale_edges: see `choices.mixture_of`; the published supernet does not.

    A parameter exists only where there is a choice: `alphas` (E, P) if there are at least two operations, `betas` with
    one logit for each transition that has an alternative, `gammas` with one for each end if there are several.
    """

    def __init__(self, space: BranchSpace, mixing: Mixing = "input", scale_edges: bool = False) -> None:
        super().__init__()
        self.space = space
        self.mixing: Mixing = mixing
        self.scale_edges = scale_edges
        betas = sum(len(space.incoming(t.layer, t.target)) > 1 for t in space.transitions)
        self.alphas = _logits(len(EDGES), len(space.operations)) if len(space.operations) > 1 else None
        self.betas = _logits(betas) if betas else None
        self.gammas = _logits(len(space.ends)) if len(space.ends) > 1 else None

        self.stem = Stem(space.width, space.start_rate)
        self.cells, self.s0, self.s1 = nn.ModuleDict(), nn.ModuleDict(), nn.ModuleDict()
        for layer, rates in enumerate(space.rates):
            for rate in rates:
                self._build_cell(layer, rate)
        self.head = Head(space.width, tuple(end.rate for end in space.ends))

    def _build_cell(self, layer: int, rate: int) -> None:
        space = self.space
        for transition in space.incoming(layer, rate):
            steps = [(self.s1, 1, transition.source), *((self.s0, 2, before) for before in self._two_back(transition))]
            for inputs, back, source in steps:
                name = projection_name(layer, source, rate)
                if name not in inputs:
                    inputs[name] = make_projection(space.width, space.start_rate, layer - back, source, rate)
        self.cells[cell_name(layer, rate)] = MixedCell(space.operations, cell_width(space.width, rate))

    def _two_back(self, transition: Transition) -> dict[int, Transition | None]:
        """The rates two layers back from which a transition can be reached, each with the step that leads there."""
        if transition.layer == 0:
            return {self.space.start_rate: None}
        return {step.source: step for step in self.space.incoming(transition.layer - 1, transition.source)}

    def architecture_parameters(self) -> list[nn.Parameter]:
        """The parameters of the choices; all others are weights."""
        return [parameter for parameter in (self.alphas, self.betas, self.gammas) if parameter is not None]

    def choices(self) -> list[Choice]:
        """All choices with their logits, which are views of the architecture parameters."""
        return branch_choices(self.space, self.alphas, self.betas, self.gammas)

    def mixture(self) -> Mixture:
        """The softmaxed weights of all choices; a choice of one has weight 1."""
        return mixture_of(self.choices(), self.scale_edges)

    def forward(self, x: Float[Tensor, "B _ _ _"], mixture: Mixture | None = None) -> Float[Tensor, "B _ _ _"]:
        """Run all paths.

        Args:
            x: (B, start width, h, w) at the start rate.
            mixture: the weights of all choices, the supernet's own by default. What it lacks or gives a plain 0 is not
                computed, nor are cells from which no end is reached: a genotype's mixture (`restriction`) runs only the
                genotype's cells.

        Returns:
            (B, 3 * width, H, W) at rate 8.
        """
        mixture = _without_dead_ends(mixture or self.mixture(), self.space.layers)
        space, start_size = self.space, (x.shape[-2], x.shape[-1])
        width = mixture.width or space.width
        stem = self.stem(x, cell_channels(width, space.start_rate))
        before, previous, ended = {space.start_rate: x}, {space.start_rate: stem}, dict[End, Tensor]()
        for layer, rates in enumerate(space.rates):
            outputs: dict[int, Tensor] = {}
            for rate in rates:
                into = [t for t in space.incoming(layer, rate) if t in mixture.transitions and t.source in previous]
                if into:
                    size = size_at(rate, space.start_rate, start_size)
                    outputs[rate] = self._run_cell(into, before, previous, mixture, size)
            ended |= {end: outputs[end.rate] for end in mixture.ends if end.layer == layer}
            before, previous = previous, outputs
        return self._end(ended, mixture.ends, size_at(RATES[-1], space.start_rate, start_size))

    def _end(self, last: Mapping[End, Tensor], ends: Mapping[End, Weight], size: tuple[int, int]) -> Tensor:
        """The weighted sum of the heads of the ends, with one enlargement and one last convolution for all of them."""
        climbed = {end: self.head.climbed(last[end], end.rate) for end in ends}
        lower = [(ends[end], climbed[end]) for end in ends if end.rate < RATES[-1]]
        mixed = weighted_sum(lower) if lower else None
        highest = [end for end in ends if end.rate == RATES[-1]]
        if highest and mixed is not None:
            mixed = resize(mixed, size)
        for end in highest:
            mixed = plus_weighted(mixed, ends[end], climbed[end])
        assert mixed is not None  # every mixture has an end
        return self.head.finish(mixed, size)

    def _run_cell(
        self,
        into: list[Transition],
        before: Mapping[int, Tensor],
        previous: Mapping[int, Tensor],
        mixture: Mixture,
        size: tuple[int, int],
    ) -> Tensor:
        """The output of the cell that the transitions `into` lead to, at `size`."""
        layer, _, rate = into[0]
        cell, width = self.cells[cell_name(layer, rate)], cell_width(mixture.width or self.space.width, rate)
        s1 = {t: self.s1[projection_name(layer, t.source, rate)](previous[t.source], size, width) for t in into}
        s0_weights = {t: self._s0_weights(t, mixture) for t in into}
        needed = {source for weights in s0_weights.values() for source in weights}
        s0 = {
            source: self.s0[projection_name(layer, source, rate)](before[source], size, width)
            for source in sorted(needed)
        }

        def mixed_s0(weights: Mapping[int, Weight]) -> Tensor:
            return weighted_sum([(weight, s0[source]) for source, weight in weights.items()])

        if self.mixing == "output":
            runs = [(mixture.transitions[t], cell(mixed_s0(s0_weights[t]), s1[t], mixture.operations)) for t in into]
            return weighted_sum(runs)
        two_step: dict[int, Weight] = {}
        for t in into:
            for source, weight in s0_weights[t].items():
                step = mixture.transitions[t] * weight
                two_step[source] = two_step[source] + step if source in two_step else step
        mixed_s1 = weighted_sum([(mixture.transitions[t], s1[t]) for t in into])
        return cell(mixed_s0(two_step), mixed_s1, mixture.operations)

    def _s0_weights(self, transition: Transition, mixture: Mixture) -> dict[int, Weight]:
        """The weights of the sources of s0, two layers back, given that the path takes `transition`; they sum to 1."""
        return {
            source: 1.0 if step is None else mixture.transitions[step]
            for source, step in self._two_back(transition).items()
            if step is None or step in mixture.transitions
        }


def _without_dead_ends(mixture: Mixture, layers: int) -> Mixture:
    """A mixture without ends and steps whose weight is a plain 0, and without steps from which no end is reached."""
    ends = {end: weight for end, weight in mixture.ends.items() if not is_zero(weight)}
    transitions: dict[Transition, Weight] = {}
    going_on: set[int] = set()
    for layer in reversed(range(layers)):
        reaching = going_on | {end.rate for end in ends if end.layer == layer}
        kept = {
            t: weight
            for t, weight in mixture.transitions.items()
            if t.layer == layer and t.target in reaching and not is_zero(weight)
        }
        transitions |= kept
        going_on = {t.source for t in kept}
    return mixture._replace(transitions=transitions, ends=ends)


def restriction(branch: BranchGenotype) -> Mixture:
    """The mixture that stands for a genotype: weight 1 for its choices, nothing else."""
    steps = zip((branch.start_rate, *branch.path), branch.path, strict=False)
    return Mixture(
        {edge: {operation: 1.0} for edge, operation in branch.operations.items()},
        {Transition(layer, source, target): 1.0 for layer, (source, target) in enumerate(steps)},
        {End(branch.layers - 1, branch.path[-1]): 1.0},
        branch.width,
    )


def _logits(*shape: int) -> nn.Parameter:
    return nn.Parameter(INITIAL_SCALE * torch.randn(shape))
