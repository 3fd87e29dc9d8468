"""The parts of which every network of a space consists, as far as time goes: each is timed alone, and the times add up.

Parts that are alike share a name, wherever they are in the network: what counts is what they compute, on features of
how many channels, and at which rates.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from ...errors import MfpsError
from ...genotypes.backbone import Backbone, BackboneSpace, share_of, whole_backbone
from ...genotypes.prior_branches import PRIOR_BRANCHES
from ...genotypes.space import OUTPUT_NODES, PRIORS, RATES, BranchSpace, cell_channels, cell_width
from ...networks.network_config import NetworkConfig
from ...networks.restorer import STRIDE

FINEST, COARSEST = RATES[-1], RATES[0]


class Part(NamedTuple):
    """A part of a network.

    Attributes:
        kind: what it computes: an operation's name, or one of those in `bench.latency.blocks`.
        channels_in: of its input.
        channels: that tell parts of a kind apart: of its result, or of a hidden layer.
        source: rate of its input.
        target: rate of its result.
    """

    kind: str
    channels_in: int
    channels: int
    source: int = FINEST
    target: int = FINEST

    @property
    def name(self) -> str:
        """As a table of latencies names it: `conv_3x3 8-8 x4-x4`."""
        return f"{self.kind} {self.channels_in}-{self.channels} x{self.source}-x{self.target}"


class PartTimes(NamedTuple):
    """How long the parts of a network take, for one face.

    Attributes:
        nanoseconds: of each part in one pass, by name.
        constant: nanoseconds that every network takes besides.
    """

    nanoseconds: Mapping[str, int]
    constant: int = 0

    def of(self, part: Part) -> int:
        """The nanoseconds of a part.

        Raises:
            MfpsError: it was not measured.
        """
        if (found := self.nanoseconds.get(part.name)) is None:
            raise MfpsError(
                f"`latency`: the table lacks {part.name}, which this space needs; measure the space with "
                "`mfps latency measure`"
            )
        return found


class BranchParts(NamedTuple):
    """The parts of a branch.

    Attributes:
        width: base width of the branch.
        start_rate: at which it enters its trellis.
        in_channels: of the path's input.
    """

    width: int
    start_rate: int
    in_channels: int

    @property
    def stem(self) -> Part:
        """What opens a path."""
        return Part(
            "stem", self.in_channels, cell_channels(self.width, self.start_rate), self.start_rate, self.start_rate
        )

    def head(self, rate: int) -> Part:
        """What brings a last cell at a rate to the finest, with the last convolution."""
        return Part("head", cell_channels(self.width, rate), cell_channels(self.width, FINEST), rate)

    def operation(self, name: str, rate: int) -> Part | None:
        """One edge with that operation in a cell at that rate; None if it does nothing."""
        width = cell_width(self.width, rate)
        return None if name == "skip" else Part(name, width, width, rate, rate)

    def s0(self, layer: int, before: int, target: int) -> Part | None:
        """What brings the features of two layers back to a cell; None in a first cell that takes them as they are."""
        if layer:
            return Part("projection", cell_channels(self.width, before), cell_width(self.width, target), before, target)
        if target == self.start_rate:
            return None
        return Part("projection", self.in_channels, cell_width(self.width, target), self.start_rate, target)

    def s1(self, source: int, target: int) -> Part:
        """What brings the features of the layer before to a cell, with the sums and the concatenation in the cell."""
        return Part("step", cell_channels(self.width, source), cell_width(self.width, target), source, target)


def branch_parts(space: BranchSpace, in_channels: int) -> set[Part]:
    """Every part that a path of a branch may have.

    Args:
        space: the branch.
        in_channels: of the path's input.
    """
    parts = BranchParts(space.width, space.start_rate, in_channels)
    found: set[Part | None] = {parts.stem, *(parts.head(end.rate) for end in space.ends)}
    reached = {(space.start_rate, space.start_rate)}
    for layer, targets in enumerate(space.rates):
        steps = {(b, s, t) for b, s in reached for t in targets if space.allows(s, t)}
        for before, source, target in steps:
            found |= {parts.s0(layer, before, target), parts.s1(source, target)}
            found |= {parts.operation(name, target) for name in space.operations}
        reached = {(source, target) for _, source, target in steps}
    return {part for part in found if part is not None}


def rest_parts(spaces: Mapping[str, BranchSpace], config: NetworkConfig, backbone: Backbone | None) -> Counter[Part]:
    """The parts of a network besides its paths, and in how many passes each of them runs for one face.

    Args:
        spaces: every branch of the network by name, as wide as it is there.
        config: the network apart from its paths.
        backbone: how deep and wide the layers around the paths are; by default as `config` says, and whole.
    """
    priors = [name for name in spaces if name in PRIORS]
    backbone = backbone or whole_backbone(config.blocks, bool(priors))
    width = spaces["upsample"].width
    features, decoded = cell_width(width, COARSEST), OUTPUT_NODES * width
    every, later = config.iterations, config.iterations - 1
    found = Counter[Part]()
    found[Part("first", 3 * STRIDE**2, features, FINEST, COARSEST)] += every
    blocks = backbone.encoder_blocks + backbone.refine_blocks
    found[Part("block", features, features, COARSEST, COARSEST)] += every * blocks
    found[Part("redistill", decoded, share_of(8 * features, backbone.redistill), FINEST, COARSEST)] += every
    found[Part("refine", features, features, COARSEST, COARSEST)] += every
    found[Part("restore", features, share_of(features, backbone.restore), COARSEST, FINEST)] += every
    if config.base != "none":
        found[Part(f"base_{config.base}", 3, config.base_window if config.base == "lowpass" else 1)] += every
    for name in priors if later else ():
        own = spaces[name].width
        runs = runs_of(name, config.iterations)
        found[Part(f"prior_input_{name}", config.prior_channels[name], own)] += runs
        found[Part("attended_output" if config.attention else "prior_output", OUTPUT_NODES * own, own)] += runs
    if priors and later:
        found[Part("fusion_output", spaces["fusion"].width, decoded)] += later
    return +found


def space_parts(spaces: Mapping[str, BranchSpace], config: NetworkConfig, backbones: BackboneSpace | None) -> set[Part]:
    """Every part that a network of a space may have.

    Args:
        spaces: every branch of the network by name, each as wide as it can be.
        config: the network apart from its paths.
        backbones: what the backbone may be; None if all have the one of `config`.
    """
    entries = {
        name: space.width if name == "fusion" else cell_width(space.width, space.start_rate)
        for name, space in spaces.items()
    }
    chosen: list[Backbone | None] = [None]
    if backbones is not None:
        options = [(name, option) for name, options in backbones.choices.items() for option in options]
        chosen = [backbones.whole.model_copy(update={name: option}) for name, option in options]
    found: set[Part] = set()
    for backbone in chosen:
        sized = dict(spaces)
        if backbone is not None and backbone.fusion is not None:
            fusion = spaces["fusion"]
            sized["fusion"] = replace(fusion, width=share_of(fusion.width, backbone.fusion))
        for name, space in sized.items():
            found |= branch_parts(space, entries[name])
        found |= set(rest_parts(sized, config, backbone))
    return found


def rest_time(
    spaces: Mapping[str, BranchSpace], config: NetworkConfig, backbone: Backbone | None, times: PartTimes
) -> int:
    """Nanoseconds of what a network has besides its paths, with what every network takes.

    Args:
        spaces: every branch of the network by name, as wide as it is there.
        config: the network apart from its paths.
        backbone: as in `rest_parts`.
        times: of the parts.
    """
    return times.constant + sum(runs * times.of(part) for part, runs in rest_parts(spaces, config, backbone).items())


def runs_of(branch: str, iterations: int) -> int:
    """Of all iterations, those in which a branch is computed; one that never sees the picture stays as it is."""
    if branch == "upsample":
        return iterations
    later = iterations - 1
    seen = branch not in PRIOR_BRANCHES or PRIOR_BRANCHES[branch].with_picture
    return later if seen else min(later, 1)
