"""The layers around the paths: how deep and how wide they are, where a search may choose that.

Widths are shares of what the base width gives. A narrower layer has the first channels of the whole one, so that all
shares are slices of one set of weights, one inside the other.

Source: slimmable and once-for-all networks (Yu et al., 2019; Cai et al., 2020); the published network has one backbone.
"""

from dataclasses import dataclass, replace
from math import ceil, prod
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ..errors import MfpsError, shown
from .branch_genotype import StrictModel

SHARES = (0.25, 0.5, 0.75, 1.0)
"""The widths that can be chosen, of the whole one."""

MAX_BLOCKS = 64
"""Most residual dense blocks that an encoder or a refinement can have, as any network."""


def _plain_share(value: Any) -> Any:
    if type(value) is int and value == 1:  # JSON has one way to write it, people two
        return 1.0
    if type(value) is not float or value not in SHARES:
        raise MfpsError(f"{shown(value)} is not a share: give one of {', '.join(map(str, SHARES))}")
    return value


Share = Annotated[float, BeforeValidator(_plain_share), Field(json_schema_extra={"enum": list(SHARES)})]
Blocks = Annotated[int, Field(ge=0, le=MAX_BLOCKS)]


class Backbone(StrictModel):
    """How deep and how wide the layers around the paths are."""

    encoder_blocks: Blocks = Field(description="Residual dense blocks before the paths.")
    refine_blocks: Blocks = Field(description="Residual dense blocks after re-distillation.")
    redistill: Share = Field(description="Width of re-distillation's hidden layer, as a share of the whole one.")
    restore: Share = Field(description="Width of the re-restoring convolutions, likewise.")
    fusion: Share | None = Field(None, description="Width of the fusion branch, likewise; only with priors.")

    @property
    def blocks(self) -> int:
        """Residual dense blocks of the longer of the two rows, at least one: what a network's configuration says."""
        return max(self.encoder_blocks, self.refine_blocks, 1)

    @property
    def described(self) -> dict[str, str]:
        """What was chosen of each of `LAYERS`, as `{"encoder": "2 blocks", "re-distillation": "0.5 of its width"}`."""
        chosen = {name: getattr(self, field) for field, name in LAYERS.items()}
        return {name: _in_words(value) for name, value in chosen.items() if value is not None}


LAYERS = {
    "encoder_blocks": "encoder",
    "fusion": "fusion branch",
    "redistill": "re-distillation",
    "refine_blocks": "refinement",
    "restore": "re-restoring",
}
"""What each choice is about, in the order in which a face goes through these layers."""


def _in_words(value: float) -> str:
    if isinstance(value, float):
        return f"{value:g} of its width" if value < 1 else "whole width"
    return f"{value or 'no'} block{'' if value == 1 else 's'}"


@dataclass(frozen=True)
class BackboneSpace:
    """What backbones a search may choose from: each choice apart from the others.

    Attributes:
        encoder_blocks: numbers of blocks, from few to many.
        refine_blocks: likewise.
        redistill: shares, from small to whole.
        restore: likewise.
        fusion: likewise; (None,) without priors.
    """

    encoder_blocks: tuple[int, ...]
    refine_blocks: tuple[int, ...]
    redistill: tuple[float, ...] = (1.0,)
    restore: tuple[float, ...] = (1.0,)
    fusion: tuple[float | None, ...] = (None,)

    @property
    def choices(self) -> dict[str, tuple[Any, ...]]:
        """The options of each choice, by name, in the order of a file."""
        return {name: getattr(self, name) for name in Backbone.model_fields}

    @property
    def count(self) -> int:
        """How many backbones there are."""
        return prod(len(options) for options in self.choices.values())

    @property
    def whole(self) -> Backbone:
        """The deepest and widest of them, of which all others are slices."""
        return Backbone(**{name: options[-1] for name, options in self.choices.items()})

    def of_fusion_width(self, width: int, whole: int) -> "BackboneSpace":
        """Those backbones whose share of the fusion branch has a width.

        Args:
            width: base width of the branch.
            whole: its base width if it has all of it.

        Raises:
            MfpsError: no share has it.
        """
        shares = tuple(share for share in self.fusion if share_of(whole, share or 1.0) == width)
        if not shares:
            raise MfpsError(
                f"the fusion branch that is held has width {width}, which is no share of {whole}: hold one of this "
                "width"
            )
        return replace(self, fusion=shares)

    def departure(self, backbone: Backbone) -> str:
        """What about a backbone is not in this space, as the rest of a sentence about it; empty if all of it is."""
        for name, options in self.choices.items():
            if (value := getattr(backbone, name)) not in options:
                return f"has {name} {value}, and the supernet's is one of {', '.join(map(str, options))}"
        return ""


def backbone_space(blocks: int, with_priors: bool) -> BackboneSpace:
    """The backbones of the wide space.

    Args:
        blocks: most residual dense blocks in the encoder, and again after re-distillation.
        with_priors: there is a fusion branch.
    """
    numbers = tuple(range(blocks + 1))
    return BackboneSpace(numbers, numbers, SHARES, SHARES, SHARES if with_priors else (None,))


def whole_backbone(blocks: int, with_priors: bool) -> Backbone:
    """The backbone of the published network: as many blocks on both sides, and every layer as wide as it can be.

    Args:
        blocks: residual dense blocks in the encoder, and again after re-distillation.
        with_priors: there is a fusion branch.
    """
    return Backbone(
        encoder_blocks=blocks, refine_blocks=blocks, redistill=1.0, restore=1.0, fusion=1.0 if with_priors else None
    )


def fusion_share(backbone: Backbone | None) -> float:
    """How wide the fusion branch of a network is, as a share of the whole one; 1 where nothing is said."""
    return 1.0 if backbone is None else backbone.fusion or 1.0


def share_of(channels: int, share: float) -> int:
    """The channels of a slice, at least one: `channels * share`, rounded up."""
    return ceil(channels * share)
