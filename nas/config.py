"""The configuration of a search. The published hyperparameters are the defaults."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from ..engine.configuration import RunConfig
from ..errors import MfpsError
from ..files.config_model import COMMAS, Panel
from ..genotypes.space import BRANCHES, OPERATIONS


class SearchConfig(RunConfig):
    """A search: its space, its bilevel optimisation, and the options of every run."""

    stage: ClassVar[str] = "search"

    width: Annotated[int, Panel.COMMON] = Field(default=8, ge=1, le=512)
    """Base width of the supernet."""
    layers: Annotated[int, Panel.SEARCH] = Field(default=6, ge=1, le=16)
    """Layers of every branch except fusion."""
    fusion_layers: Annotated[int, Panel.SEARCH] = Field(default=8, ge=1, le=16)
    """Layers of the fusion branch."""
    monotone: Annotated[bool, Panel.SEARCH] = False
    """The upsample branch moves only to the same or the next higher rate."""
    operations: Annotated[tuple[str, ...], COMMAS, Panel.SEARCH] = OPERATIONS
    """Candidate operations of every edge."""
    mixing: Annotated[Literal["input", "output"], Panel.SEARCH] = "input"
    """Average a cell's inputs (the cell runs once) or, as published, its outputs (about twice the work)."""
    strategy: Annotated[str, Panel.SEARCH] = Field(default="mixed", exclude_if=lambda name: name == "mixed")
    """What a step trains: `mixed`, as published, weighs all choices at once (see `nas.strategies`)."""
    fix: Annotated[dict[str, str], Panel.SEARCH] = Field(default_factory=dict)
    """BRANCH=GENOTYPE: branches held at the architecture of a genotype file, run folder (RUN@12 for epoch 12 of a
    search) or published name."""

    epochs: Annotated[int, Panel.COMMON] = Field(default=100, ge=1)
    """Passes over the training list; weights and architecture learn from one half each."""
    warmup_epochs: Annotated[int, Panel.SEARCH] = Field(default=10, ge=0)
    """Epochs at the start during which the architecture parameters are frozen."""
    batch_size: Annotated[int, Panel.COMMON] = Field(default=2, ge=1)
    """Faces per step on all devices together, for the weights and again for the architecture."""
    loss: Annotated[Literal["smooth_l1", "l1"], Panel.TRAINING] = "smooth_l1"
    """Pixel loss for the weights and for the architecture."""
    weight_lr: Annotated[float, Panel.TRAINING] = Field(default=0.025, gt=0)
    """Learning rate of the weights (SGD)."""
    weight_momentum: Annotated[float, Panel.TRAINING] = Field(default=0.9, ge=0, lt=1)
    """Momentum of the weights."""
    weight_decay: Annotated[float, Panel.TRAINING] = Field(default=3e-4, ge=0)
    """Weight decay of the weights."""
    architecture_lr: Annotated[float, Panel.SEARCH] = Field(default=1e-3, gt=0)
    """Learning rate of the architecture parameters (Adam, betas 0.9 and 0.999)."""
    architecture_weight_decay: Annotated[float, Panel.SEARCH] = Field(default=1e-3, ge=0)
    """Weight decay of the architecture parameters."""
    cost_weight: Annotated[float, Panel.SEARCH] = Field(default=0.0, ge=0)
    """Weight of the expected FLOPs in the architecture's loss, relative to those at even odds; 0 ignores cost."""
    halve_every: Annotated[int, Panel.TRAINING] = Field(default=10, ge=1)
    """Epochs between two halvings of both learning rates."""

    @field_validator("strategy")
    @classmethod
    def _known_strategy(cls, name: str) -> str:
        from .strategies import STRATEGIES  # it needs torch, which reading a configuration does not

        if name not in STRATEGIES:
            raise MfpsError(f"unknown strategy {name!r}: choose from {', '.join(STRATEGIES)}")
        return name

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
    def _architecture_learns(self) -> "SearchConfig":
        if self.warmup_epochs >= self.epochs:
            raise MfpsError(
                f"`warmup_epochs` ({self.warmup_epochs}) must be below `epochs` ({self.epochs}): "
                "the architecture is frozen until they are over"
            )
        return self


def _pair(text: object) -> tuple[str, str]:
    branch, equals, genotype = str(text).partition("=")
    if not equals or not genotype:
        raise MfpsError(f"{text!r} is not a pair: write BRANCH=GENOTYPE, such as upsample=runs/frs/genotype.json")
    return branch, genotype
