"""The parts of a network as modules that can be run alone.

Legend: B batch, C channels, H/W pixels of the part's input.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ...genotypes.space import EDGES, KEPT_EDGES_PER_NODE, NODES, OUTPUT_NODES, RATES, cell_width
from ...nas.costs.parts import Part
from ...networks.backbone import residual_blocks
from ...networks.base import first_base
from ...networks.cell import Cell
from ...networks.doubling_convolution import DoublingConvolution
from ...networks.operations import CANDIDATES, make_operation
from ...networks.path import Head, Stem
from ...networks.resampling import Projection
from ...networks.residual_dense import LEAKY_SLOPE
from ...networks.restorer import STRIDE, prior_input
from ...networks.sparse_input import convolve_sparse
from ..faces import random_faces

COPIES = 6
"""How often a part is in what is timed: what a call costs is small beside them, and no weights stay in the cache."""


class Copies(nn.Module):
    """Some copies of a part with weights of their own: one after the other if they keep the shape, or side by side.

    Args:
        build: builds the part.
        example: its input (B, C, H, W).
    """

    def __init__(self, build: Callable[[], nn.Module], example: Tensor) -> None:
        super().__init__()
        self.copies = nn.ModuleList(build() for _ in range(COPIES)).eval()
        with torch.no_grad():
            self._keeps_shape = self.copies[0](example).shape == example.shape

    def forward(self, x: Float[Tensor, "B C H W"]) -> tuple[Tensor, ...]:
        """The results: of the last one, or of each."""
        if not self._keeps_shape:
            return tuple(copy(x) for copy in self.copies)
        for copy in self.copies:
            x = copy(x)
        return (x,)


def block(part: Part, size: int) -> tuple[Callable[[], nn.Module], Tensor]:
    """What builds a part of a network, as it is before batch norms are folded, and an input of it for one face.

    Args:
        part: which one.
        size: side of the face in pixels.
    """
    side = size * part.source // RATES[-1]
    if part.kind.startswith("prior_input_"):
        name = part.kind.removeprefix("prior_input_")
        picture, priors = random_faces(1, size, {name: part.channels_in})
        return lambda: _PriorInput(name, part), torch.cat([picture, priors[name]], 1)
    channels = part.channels_in
    if part.kind == "first":
        channels = part.channels_in // STRIDE**2
    elif part.kind == "fusion_output":
        channels = OUTPUT_NODES * part.channels_in
    make = (lambda: make_operation(part.kind, channels)) if part.kind in CANDIDATES else (lambda: _KINDS[kind](part))
    kind = "base" if part.kind.startswith("base_") else part.kind
    return make, torch.rand(1, channels, side, side, generator=torch.Generator().manual_seed(0))


class _Step(nn.Module):
    """A projection and the cell behind it, whose edges do nothing: its sums and its concatenation."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.projection = _Resized(part)
        into = {node: [edge for edge in EDGES if edge.target == node][:KEPT_EDGES_PER_NODE] for node in NODES}
        kept = {edge for edges in into.values() for edge in edges}
        self.cell = Cell(part.channels, lambda edge, _: nn.Identity() if edge in kept else None)

    def forward(self, x: Tensor) -> Tensor:
        x = self.projection(x)
        return self.cell(x, x)


class _Resized(nn.Module):
    """A projection to a cell's size."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.projection, self._part = Projection(part.channels_in, part.channels, 1), part

    def forward(self, x: Tensor) -> Tensor:
        height, width = (side * self._part.target // self._part.source for side in x.shape[-2:])
        return self.projection(x, (height, width))


class _Head(nn.Module):
    def __init__(self, part: Part) -> None:
        super().__init__()
        self.head, self._rate = Head(part.channels // OUTPUT_NODES, (part.source,)), part.source

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x, self._rate)


class _Refine(nn.Module):
    """The convolution after the refinement, with the two sums around it."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.conv = nn.Conv2d(part.channels_in, part.channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x + x) + x


class _Restore(nn.Module):
    def __init__(self, part: Part) -> None:
        super().__init__()
        steps = [part.channels_in, *[part.channels] * 3]
        self.up = nn.ModuleList(DoublingConvolution(a, b) for a, b in pairwise(steps))
        self.hr = nn.Conv2d(part.channels, part.channels, 3, padding=1)
        self.last = nn.Conv2d(part.channels, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        for conv in (*self.up, self.hr):
            x = F.leaky_relu(conv(x), LEAKY_SLOPE)
        return self.last(x)


class _Base(nn.Module):
    def __init__(self, part: Part) -> None:
        super().__init__()
        self._part = part

    def forward(self, x: Tensor) -> Tensor:
        return x + first_base(x, "input" if self._part.kind == "base_input" else "lowpass", self._part.channels)


class _PriorInput(nn.Module):
    """What a prior passes first, as it is or with the picture, which comes before it in the input."""

    def __init__(self, name: str, part: Part) -> None:
        super().__init__()
        self.input = prior_input(name, part.channels_in, part.channels)

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.input, nn.Sequential):
            return convolve_sparse(self.input, x[:, 3:])
        return self.input(x)


class _Attended(nn.Module):
    def __init__(self, part: Part) -> None:
        super().__init__()
        self.conv, self.attention = _output(part), nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        return 2 * torch.sigmoid(self.attention) * self.conv(x)


def _output(part: Part) -> nn.Conv2d:
    return nn.Conv2d(part.channels_in, part.channels, 3, padding=1)


def _redistill(part: Part) -> nn.Sequential:
    features = cell_width(part.channels_in // OUTPUT_NODES, RATES[0])
    return nn.Sequential(
        nn.PixelUnshuffle(STRIDE),
        nn.Conv2d(part.channels_in * STRIDE**2, part.channels, 1),
        nn.LeakyReLU(LEAKY_SLOPE),
        nn.Conv2d(part.channels, features, 1),
    )


def _fusion_output(part: Part) -> nn.Sequential:
    fused = part.channels_in
    return nn.Sequential(
        nn.Conv2d(OUTPUT_NODES * fused, fused, 3, padding=1), nn.Conv2d(fused, part.channels, 3, padding=1)
    )


def _stem(part: Part) -> Stem:
    width = part.channels // OUTPUT_NODES * part.source // RATES[-1]
    return Stem(width, part.source, part.channels_in)


_KINDS: Mapping[str, Callable[[Part], nn.Module]] = {
    "stem": _stem,
    "head": _Head,
    "projection": _Resized,
    "step": _Step,
    "first": lambda part: nn.Sequential(nn.PixelUnshuffle(STRIDE), _output(part)),
    "block": lambda part: residual_blocks(part.channels, 1),
    "redistill": _redistill,
    "refine": _Refine,
    "restore": _Restore,
    "base": _Base,
    "prior_output": _output,
    "attended_output": _Attended,
    "fusion_output": _fusion_output,
}
