"""The configuration of a search. The published hyperparameters are the defaults."""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from ..engine.configuration import RunConfig
from ..errors import MfpsError
from ..genotypes.space import BRANCHES, OPERATIONS


class SearchConfig(RunConfig):
    """A search: its space, the bilevel optimisation, and what `RunConfig` has."""

    width: int = Field(8, ge=1, le=512)
    """Base width of the supernet."""
    layers: int = Field(6, ge=1, le=16)
    """Layers of every branch but fusion."""
    fusion_layers: int = Field(8, ge=1, le=16)
    """Layers of the fusion branch."""
    monotone: bool = False
    """The upsample branch moves only to the same or the next higher rate."""
    operations: tuple[str, ...] = OPERATIONS
    """Candidate operations of every edge."""
    mixing: Literal["input", "output"] = "input"
    """Average a cell's inputs (once through the cell), or as published its outputs (about twice the work)."""
    fix: dict[str, str] = Field(default_factory=dict)
    """Branches held at a known architecture: branch name to genotype file or name."""

    epochs: int = Field(100, ge=1)
    """Passes over the training list, each half of it once."""
    warmup_epochs: int = Field(10, ge=0)
    """First epochs, in which the architecture parameters are frozen."""
    batch_size: int = Field(2, ge=1)
    """Faces a step of all devices together, for weights and for the architecture each."""
    loss: Literal["smooth_l1", "l1"] = "smooth_l1"
    """Pixel loss of both levels."""
    weight_lr: float = Field(0.025, gt=0)
    """Learning rate of the weights (SGD)."""
    weight_momentum: float = Field(0.9, ge=0, lt=1)
    """Momentum of the weights."""
    weight_decay: float = Field(3e-4, ge=0)
    """Weight decay of the weights."""
    architecture_lr: float = Field(1e-3, gt=0)
    """Learning rate of the architecture parameters (Adam, betas 0.9 and 0.999)."""
    architecture_weight_decay: float = Field(1e-3, ge=0)
    """Weight decay of the architecture parameters."""
    cost_weight: float = Field(0.0, ge=0)
    """Weight of the expected FLOPs in the architecture's loss, relative to those at even odds; 0 ignores cost."""
    halve_every: int = Field(10, ge=1)
    """Both learning rates halve after every so many epochs."""

    @field_validator("fix", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        texts = [value] if isinstance(value, str) else value
        if isinstance(value, dict):
            pairs = {str(branch): str(genotype) for branch, genotype in value.items()}
        elif isinstance(texts, list | tuple):
            pairs = dict(_pair(text) for text in texts)
        else:
            raise MfpsError(f"must be BRANCH=GENOTYPE, one or a list of them (got {value!r})")
        unknown = [branch for branch in pairs if branch not in BRANCHES]
        if unknown:
            raise MfpsError(f"unknown branch {unknown[0]!r}: choose from {', '.join(BRANCHES)}")
        return pairs

    @model_validator(mode="after")
    def _architecture_is_trained(self) -> "SearchConfig":
        if self.warmup_epochs >= self.epochs:
            raise MfpsError(
                f"--warmup-epochs ({self.warmup_epochs}) must be below --epochs ({self.epochs}): "
                "the architecture is frozen until they are over"
            )
        return self


def _pair(text: object) -> tuple[str, str]:
    branch, equals, genotype = str(text).partition("=")
    if not equals or not genotype:
        raise MfpsError(f"{text!r} is no pair: write BRANCH=GENOTYPE, such as upsample=runs/frs/genotype.json")
    return branch, genotype
