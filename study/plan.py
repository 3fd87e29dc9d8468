"""The plan of a study: a YAML file with one recipe, the seeds, and the arms to compare."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from ..errors import MfpsError, first_violation, shown
from ..files.config_model import ConfigModel, read_yaml
from .arms import (
    ARMS,
    OF_ONE,
    OF_SPACE,
    AgainArm,
    AnyArm,
    Arm,
    ExtremeArm,
    GenotypeArm,
    HandMadeArm,
    SearchArm,
    Seeds,
    check_different,
)

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
"""Names of arms, which are parts of folders' names."""


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
        check_different("seeds", seeds)
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
