"""The configuration of a restorer, apart from its paths: what its weights file says of it beside the genotype."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_serializer

from ..genotypes.base import Base, BaseWindow


class NetworkConfig(BaseModel):
    """The configuration of a restorer, apart from its paths."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)

    iterations: int = Field(2, ge=1, le=16)
    """Passes over the image: the first without priors, each later one on the previous output."""
    blocks: int = Field(3, ge=1, le=64)
    """Residual dense blocks in the encoder, and again after re-distillation."""
    prior_channels: dict[str, int] = Field(default_factory=dict)
    """Channels of each prior tensor (published: parsing 19, heatmap 71, dictionary 256); none for FRSNet."""
    attention: bool = False
    """A learned weight in (0, 2) for each prior's features, 1 at the start."""
    base: Base = "none"
    """What the output of the last convolution is added to (see `networks.base`); nothing in the published network."""
    base_window: BaseWindow = 4
    """Side in pixels of the squares that the base `lowpass` averages over."""
    shared_norms: bool = True
    """Whether the upsample branch has one set of batch norms for all iterations, as published, or one for each (see
    `networks.iteration_norms`)."""

    def norm_sets(self, branch: str) -> int:
        """How many sets of batch norms a branch has."""
        return 1 if self.shared_norms or branch != "upsample" else self.iterations

    @model_serializer(mode="wrap")
    def _without_later_fields(self, values: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Leave out what the published network does not have, as files did before there was such a field."""
        absent = ("base", "base_window") if self.base == "none" else ()
        absent += ("shared_norms",) if self.shared_norms else ()
        return {name: value for name, value in values(self).items() if name not in absent}
