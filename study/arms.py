"""The arms of a study: what each has trained and judged, as the plan says it."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..errors import MfpsError
from ..files.config_model import ConfigModel
from ..nas.budget import Limit

Seed = Annotated[int, Field(ge=0, lt=2**31)]
Seeds = Annotated[tuple[Seed, ...], Field(min_length=1)]


class SearchBudget(ConfigModel):
    """What a network that a search selects may cost; without limits, anything."""

    max_gflops: Limit | None = None
    """Most GFLOPs of the whole network, or a percentage of the space's median."""
    max_parameters: Limit | None = None
    """Most parameters, likewise."""
    max_ms: Limit | None = None
    """Most milliseconds for one face, likewise, as the table `latency` of the section `search` predicts them."""

    @property
    def text(self) -> str:
        """The budget in words, such as `0.1 GFLOPs`."""
        limits = {"GFLOPs": self.max_gflops, "parameters": self.max_parameters, "ms": self.max_ms}
        return ", ".join(f"{limit} {unit}" for unit, limit in limits.items() if limit is not None) or "any cost"


class Arm(ConfigModel):
    """What all arms have."""

    seeds: Seeds | None = None
    """Of the trainings of its networks; by default those of the plan."""
    recipe: Annotated[dict[str, Any], Field(min_length=1)] | None = None
    """Options of `mfps retrain` that differ from the plan's for the networks of this arm; by default none."""
    judge: Annotated[dict[str, Any], Field(min_length=1)] | None = None
    """Options of `mfps evaluate` that differ likewise, such as `priors_from`, but not in what is judged."""

    @model_validator(mode="after")
    def _different(self) -> "Arm":
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple):
                check_different(name, value)
        return self


class SearchArm(Arm):
    """Networks that searches select, each within a budget on each search's supernet."""

    kind: Literal["search"]
    budgets: Annotated[tuple[SearchBudget, ...], Field(min_length=1)]
    """What the networks may cost: one is selected on each supernet within each budget."""
    search_seeds: Seeds = (0,)
    """Of the searches: one supernet is trained for each."""


class RandomArm(Arm):
    """Random architectures of the search's space, as many in each range of cost."""

    kind: Literal["random"]
    bins: int = Field(ge=1, le=100)
    """Ranges of cost, even in the logarithm of the FLOPs, from the space's least to its greatest."""
    per_bin: int = Field(default=1, ge=1, le=1000)
    """Different architectures that are drawn in each range."""
    draw_seed: Seed = 0
    """Of the draws."""


class ExtremeArm(Arm):
    """The architecture of the search's space with the fewest FLOPs, or with the most."""

    kind: Literal["cheapest", "dearest"]


class GenotypeArm(Arm):
    """A known architecture."""

    kind: Literal["genotype"]
    genotype: str = Field(min_length=1)
    """Genotype file, run folder or published name."""
    width: int | None = Field(default=None, ge=1, le=512)
    """Base width; by default the genotype's own."""


class HandMadeArm(Arm):
    """A network that no search found, sized to cost what is asked for."""

    kind: Literal["hand-made"]
    network: Literal["nafnet", "residual"]
    """Which network."""
    gflops: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """GFLOPs for one face that it is to cost, as nearly as it can."""
    like: str | None = None
    """Or the arm whose network it is to cost as much as: cheapest, dearest or genotype."""

    @model_validator(mode="after")
    def _one_cost(self) -> "HandMadeArm":
        if (self.gflops is None) == (self.like is None):
            raise MfpsError("give either `gflops` or `like`, the arm whose network it is to cost as much as")
        return self


class AgainArm(Arm):
    """The networks of another arm, judged once more under other options; nothing is trained."""

    kind: Literal["again"]
    networks_of: str
    """The other arm: cheapest, dearest, genotype or hand-made."""

    @model_validator(mode="after")
    def _trains_nothing(self) -> "AgainArm":
        if self.judge is None:
            raise MfpsError("`judge` is missing: give the options of `mfps evaluate` that differ from the other arm's")
        for name in ("seeds", "recipe"):
            if getattr(self, name) is not None:
                raise MfpsError(f"`{name}` is that of the arm whose networks are judged again; leave it out")
        return self


ARMS: dict[str, type[Arm]] = {
    "search": SearchArm,
    "random": RandomArm,
    "cheapest": ExtremeArm,
    "dearest": ExtremeArm,
    "genotype": GenotypeArm,
    "hand-made": HandMadeArm,
    "again": AgainArm,
}
"""The arms by kind."""

AnyArm = SearchArm | RandomArm | ExtremeArm | GenotypeArm | HandMadeArm | AgainArm

OF_SPACE = (SearchArm, RandomArm, ExtremeArm)
"""Arms whose networks are of the search's space."""

OF_ONE = (ExtremeArm, GenotypeArm, HandMadeArm, AgainArm)
"""Arms that have one network."""


def check_different(name: str, values: Iterable[Any]) -> None:
    """Raise an MfpsError if one of the values is given twice."""
    seen: list[Any] = []
    for value in values:
        if value in seen:
            raise MfpsError(f"`{name}`: {getattr(value, 'text', value)} is given twice; name each once")
        seen.append(value)
