"""The configuration of a search. The published hyperparameters are the defaults."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from ..engine.configuration import RunConfig
from ..errors import MfpsError
from ..files.config_model import COMMAS, Panel
from ..genotypes.space import BRANCHES, SPACES
from .selection.config import SelectionFields


class SearchConfig(SelectionFields, RunConfig):
    """A search: its space, its bilevel optimisation, and the options of every run."""

    stage: ClassVar[str] = "search"

    space: Annotated[Literal["published", "wide"], Panel.COMMON] = "published"
    """What is searched: paths and cells (published), or also the depth of paths and the depth and width of the layers
    around them, with separable convolutions besides (wide)."""
    width: Annotated[int, Panel.COMMON] = Field(default=8, ge=1, le=512)
    """Base width of the supernet."""
    layers: Annotated[int, Panel.SEARCH] = Field(default=6, ge=1, le=16)
    """Layers of every branch except fusion."""
    fusion_layers: Annotated[int, Panel.SEARCH] = Field(default=8, ge=1, le=16)
    """Layers of the fusion branch."""
    monotone: Annotated[bool, Panel.SEARCH] = False
    """The upsample branch moves only to the same or the next higher rate."""
    operations: Annotated[tuple[str, ...], COMMAS, Panel.SEARCH] = SPACES["published"].operations
    """Candidate operations of every edge; by default those of the space."""
    mixing: Annotated[Literal["input", "output"], Panel.SEARCH] = "input"
    """Average a cell's inputs (the cell runs once) or, as published, its outputs (about twice the work)."""
    scale_edges: Annotated[bool, Panel.SEARCH] = False
    """Scale the sum of the edges into each node of a supernet to that of the two edges which decoding keeps."""
    strategy: Annotated[str, Panel.COMMON] = "mixed"
    """What a step trains: the whole supernet (mixed, as published); architectures drawn evenly (single-path); or
    architectures drawn from the softmaxes (gumbel)."""
    draws: Annotated[int, Panel.SEARCH] = Field(default=1, ge=1, le=64)
    """Architectures drawn for each step, whose gradients are averaged."""
    temperature: Annotated[float, Panel.SEARCH] = Field(default=5.0, gt=0)
    """Temperature of the softmaxes that `gumbel` draws from, at the start; it falls geometrically."""
    last_temperature: Annotated[float, Panel.SEARCH] = Field(default=0.5, gt=0)
    """The same at the end."""
    fix: Annotated[dict[str, str], Panel.SEARCH] = Field(default_factory=dict)
    """BRANCH=GENOTYPE: branches held at the architecture of a genotype file, run folder (RUN@12 for epoch 12 of a
    search, RUN#3 for member 3 of its front) or published name."""

    epochs: Annotated[int, Panel.COMMON] = Field(default=100, ge=1)
    """Passes over the training list; weights and architecture learn from one half each."""
    warmup_epochs: Annotated[int, Panel.SEARCH] = Field(default=10, ge=0)
    """Epochs at the start during which the architecture parameters are frozen; a strategy that draws architectures
    trains a single one in them."""
    hold_trunk: Annotated[bool, Panel.SEARCH] = False
    """After the warm-up train only the searched branches: the layers around them, which have learnt to use their
    features, stay as they are."""
    stop_when_settled: Annotated[int | None, Panel.SEARCH] = Field(default=None, ge=1)
    """Stop when the genotype has not changed for this many epochs after the warm-up."""
    batch_size: Annotated[int, Panel.COMMON] = Field(default=2, ge=1)
    """Faces per step on all devices together, for the weights and again for the architecture."""
    loss: Annotated[Literal["smooth_l1", "l1"], Panel.TRAINING] = "smooth_l1"
    """Pixel loss for the weights and for the architecture."""
    solver: Annotated[Literal["adam", "sgd"], Panel.TRAINING] = "sgd"
    """Optimizer of the weights: SGD with momentum, as published, or Adam with betas 0.9 and 0.99."""
    weight_lr: Annotated[float, Panel.TRAINING] = Field(default=0.025, gt=0)
    """Learning rate of the weights at the start."""
    weight_momentum: Annotated[float, Panel.TRAINING] = Field(default=0.9, ge=0, lt=1)
    """Momentum of the weights with SGD."""
    weight_decay: Annotated[float, Panel.TRAINING] = Field(default=3e-4, ge=0)
    """Weight decay of the weights."""
    architecture_lr: Annotated[float, Panel.SEARCH] = Field(default=1e-3, gt=0)
    """Learning rate of the architecture parameters (Adam, betas 0.9 and 0.999)."""
    architecture_weight_decay: Annotated[float, Panel.SEARCH] = Field(default=1e-3, ge=0)
    """Weight decay of the architecture parameters."""
    cost_weight: Annotated[float, Panel.SEARCH] = Field(default=0.0, ge=0)
    """Weight of the expected FLOPs in the architecture's loss, relative to those at even odds; 0 ignores cost."""
    schedule: Annotated[Literal["published", "cosine", "constant"], Panel.TRAINING] = "published"
    """`published` halves both learning rates every `halve_every` epochs; with `cosine` they rise for a few steps and
    fall to 0, once in a warm-up on one architecture and once more after it."""
    halve_every: Annotated[int, Panel.TRAINING] = Field(default=10, ge=1)
    """Epochs between two halvings of both learning rates."""

    select_list: Annotated[Path | None, Panel.COMMON] = None
    """File with the names of the photographs that the selection scores architectures on, one per line; by default a
    random tenth of the training list is held out."""
    select_images: Annotated[int, Panel.DATA] = Field(default=32, ge=1)
    """How many photographs of the selection list are used, from the top of the list."""
    norm_batches: Annotated[int, Panel.SEARCH] = Field(default=8, ge=1, le=1000)
    """Batches of 8 training faces from which the batch norms of an architecture are estimated before it is scored."""

    @model_validator(mode="before")
    @classmethod
    def _operations_of_the_space(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("space") in SPACES and "operations" not in values:
            return {**values, "operations": SPACES[values["space"]].operations}
        return values

    @field_validator("strategy")
    @classmethod
    def _known_strategy(cls, name: str) -> str:
        from .strategies import STRATEGIES  # it needs torch, which reading a configuration does not

        if name not in STRATEGIES:
            raise MfpsError(f"unknown strategy {name!r}: choose from {', '.join(STRATEGIES)}")
        return name

    @model_validator(mode="after")
    def _options_of_the_strategy(self) -> "SearchConfig":
        from .strategies import STRATEGIES

        if SPACES[self.space].backbone and not STRATEGIES[self.strategy].nested:
            nested = ", ".join(name for name, strategy in STRATEGIES.items() if strategy.nested)
            raise MfpsError(
                f"`space` {self.space} has widths that are slices of each other, and `strategy` {self.strategy} cannot "
                f"weigh those; choose `strategy` {nested}, or `space` published"
            )
        own = STRATEGIES[self.strategy].options
        for name in sorted(frozenset().union(*(strategy.options for strategy in STRATEGIES.values())) - own):
            if getattr(self, name) != type(self).model_fields[name].default:
                having = [known for known, strategy in STRATEGIES.items() if name in strategy.options]
                raise MfpsError(
                    f"`{name}` does not go with `strategy` {self.strategy}, only with {', '.join(having)}; leave it out"
                )
        return self

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
    def _trunk_learns_before_it_is_held(self) -> "SearchConfig":
        if self.hold_trunk and SPACES[self.space].backbone:
            raise MfpsError(
                f"`hold_trunk` would leave the layers around the branches as they are, and `space` {self.space} "
                "searches them too; leave `hold_trunk` out"
            )
        if self.hold_trunk and not self.warmup_epochs:
            raise MfpsError(
                "`hold_trunk` needs a warm-up in which the layers around the branches learn: raise `warmup_epochs`, or "
                "turn `hold_trunk` off"
            )
        if self.last_temperature > self.temperature:
            raise MfpsError(
                f"`last_temperature` ({self.last_temperature:g}) must not be above `temperature` "
                f"({self.temperature:g}): it falls during the search"
            )
        return self

    @model_validator(mode="after")
    def _architecture_learns(self) -> "SearchConfig":
        if self.warmup_epochs >= self.epochs:
            raise MfpsError(
                f"`warmup_epochs` ({self.warmup_epochs}) must be below `epochs` ({self.epochs}): "
                "no architecture is searched until they are over; lower `warmup_epochs`, which a preset may have set"
            )
        return self


def _pair(text: object) -> tuple[str, str]:
    branch, equals, genotype = str(text).partition("=")
    if not equals or not genotype:
        raise MfpsError(f"{text!r} is not a pair: write BRANCH=GENOTYPE, such as upsample=runs/frs/genotype.json")
    return branch, genotype
