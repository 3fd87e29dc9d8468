"""The plan of a study: a YAML file with one recipe, the seeds, and the arms to compare."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from ..errors import MfpsError, first_violation, shown
from ..files.config_model import ConfigModel, read_yaml
from ..nas.budget import Limit

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
"""Names of arms, which are parts of folders' names."""

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
                _check_different(name, value)
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


class Plan(ConfigModel):
    """A study: what is trained, and how."""

    name: str = Field(min_length=1, max_length=100)
    """Names the study in its tables."""
    recipe: dict[str, Any]
    """Options of `mfps retrain`, the same for every network; and `rates`, learning rates in place of `lr`: every
    network is trained at each of them, and the one with the highest validation PSNR counts."""
    judge: dict[str, Any]
    """Options of `mfps evaluate`, the same for every network: one `list`, one `degradation`."""
    search: dict[str, Any] | None = None
    """Options of `mfps search`; its space is that of random, cheapest and dearest arms too."""
    timing: dict[str, Any] | None = None
    """Options of `mfps bench`, the same for every network; without it no network is timed."""
    seeds: Seeds = (0,)
    """Of the trainings."""
    arms: Annotated[dict[str, AnyArm], Field(min_length=1)]
    """What is compared, by name."""
    compared_with: str | None = None
    """An arm of one network, with which those of every other arm are compared, face by face; by default only searched
    networks are compared with others."""

    @field_validator("seeds")
    @classmethod
    def _seeds_differ(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        _check_different("seeds", seeds)
        return seeds

    @model_validator(mode="after")
    def _fits(self) -> "Plan":
        for name, arm in self.arms.items():
            if not NAME.fullmatch(name):
                raise MfpsError(
                    f"arms: {shown(name)} names an arm and so folders; use up to 41 of a to z, 0 to 9, - and _, and "
                    "begin with a letter or a digit"
                )
            if isinstance(arm, OF_SPACE) and self.search is None:
                raise MfpsError(f"arms.{name}: its space is that of `search`, which is missing; add it to the plan")
            if isinstance(arm, SearchArm) and (self.search or {}).get("latency") is None:
                for number, budget in enumerate(arm.budgets):
                    if budget.max_ms is not None:
                        raise MfpsError(
                            f"arms.{name}.budgets.{number}: `max_ms` needs times; name a table of `mfps latency "
                            "measure` as `latency` in `search`"
                        )
            if isinstance(arm, HandMadeArm) and arm.like is not None:
                self._check_arm_named(f"arms.{name}.like", arm.like, (ExtremeArm, GenotypeArm), "give `gflops` instead")
            if isinstance(arm, AgainArm):
                kinds = (ExtremeArm, GenotypeArm, HandMadeArm)
                self._check_arm_named(f"arms.{name}.networks_of", arm.networks_of, kinds, "add one")
        if self.compared_with is not None:
            self._check_arm_named("compared_with", self.compared_with, OF_ONE, "leave it out")
        return self

    def _check_arm_named(self, place: str, named: str, kinds: tuple[type[Arm], ...], otherwise: str) -> None:
        if isinstance(self.arms.get(named), kinds):
            return
        known = [name for name, arm in self.arms.items() if isinstance(arm, kinds)]
        of = [kind for kind, model in ARMS.items() if issubclass(model, kinds)]
        raise MfpsError(
            f"{place}: {shown(named)} is no arm of kind {', '.join(of[:-1])} or {of[-1]}; "
            + (f"choose from {', '.join(known)}" if known else otherwise)
        )

    def seeds_of(self, name: str) -> tuple[int, ...]:
        """Seeds of the trainings of an arm's networks."""
        arm = self.arms[name]
        return self.seeds_of(arm.networks_of) if isinstance(arm, AgainArm) else arm.seeds or self.seeds

    def changes(self, name: str) -> dict[str, dict[str, Any]]:
        """The options in which an arm differs from the plan, by section; empty if there are none."""
        arm = self.arms[name]
        arms = [self.arms[arm.networks_of], arm] if isinstance(arm, AgainArm) else [arm]
        found: dict[str, dict[str, Any]] = {}
        for section in ("recipe", "judge"):
            for one in arms:
                if options := getattr(one, section):
                    found.setdefault(section, {}).update(named(options))
        return found


def named(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options by their fields' names, which a plan may also write as on the command line, with hyphens."""
    return {name.replace("-", "_"): value for name, value in options.items()}


def read_plan(file: Path) -> Plan:
    """Read the plan of a study.

    Args:
        file: a YAML file; see `Plan` and `ARMS` for what it may hold.

    Raises:
        MfpsError: it cannot be read, or is no plan; one line that names the file, the place and the remedy.
    """
    values = read_yaml(file)
    arms = values.get("arms")
    if isinstance(arms, dict):
        values["arms"] = {name: _arm(value, f"{file}: arms.{name}") for name, value in arms.items()}
    try:
        return Plan.model_validate(values)
    except ValidationError as error:
        raise first_violation(error, str(file)) from None


def _arm(value: Any, place: str) -> Arm:
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in ARMS:
        raise MfpsError(f"{place}: `kind` is {shown(kind)}; choose from {', '.join(ARMS)}")
    try:
        return ARMS[kind].model_validate(value)
    except ValidationError as error:
        raise first_violation(error, place) from None


def _check_different(name: str, values: Iterable[Any]) -> None:
    seen: list[Any] = []
    for value in values:
        if value in seen:
            raise MfpsError(f"`{name}`: {getattr(value, 'text', value)} is given twice; name each once")
        seen.append(value)
