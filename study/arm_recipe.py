"""The recipe of each arm: the study's own, or another one where an arm compares something else than architectures."""

from collections.abc import Mapping
from pathlib import Path

from ..errors import MfpsError
from .arms import OF_SPACE
from .jobs import Job
from .plan import Plan, named
from .recipe import Recipe, read_recipe

PICTURES = {
    "recipe": ("size",),
    "judge": ("data", "list", "pairs", "degradation", "size", "follow_links"),
}
"""Options that say which pictures are judged. No arm may change them, as networks are compared face by face."""

OF_ARM = ("training", "judging")
"""What the jobs are that follow the recipe of their arm; all others follow the study's."""


def arm_recipes(plan: Plan, base: Recipe, file: Path) -> dict[str, Recipe]:
    """The recipe of every arm, by name.

    Args:
        plan: the study's.
        base: its own recipe, which an arm without changes has.
        file: where the plan was read.

    Raises:
        MfpsError: an arm changes what has to be alike for all, or something to what cannot be used.
    """
    return {name: _recipe(plan, base, name, file) if plan.changes(name) else base for name in plan.arms}


def recipe_of(job: Job, base: Recipe, recipes: Mapping[str, Recipe]) -> Recipe:
    """The recipe that a job follows."""
    return recipes[job.arm] if job.what in OF_ARM else base


def _recipe(plan: Plan, base: Recipe, name: str, file: Path) -> Recipe:
    place = f"{file}: arms.{name}"
    changes = plan.changes(name)
    for section, refused in PICTURES.items():
        if given := [option for option in changes.get(section, ()) if option in refused]:
            raise MfpsError(
                f"{place}.{section}: `{given[0]}` says which pictures are judged, and all networks of a study are "
                "judged on the same; leave it out"
            )
    trained, judged = named(plan.recipe), {"data": str(base.judge.data), **named(plan.judge)}
    differing = changes.get("recipe", {})
    if {"lr", "rates"} & differing.keys():
        trained = {key: value for key, value in trained.items() if key not in ("lr", "rates")}
    own = {"recipe": {**trained, **differing}, "judge": {**judged, **changes.get("judge", {})}, "timing": None}
    if not isinstance(plan.arms[name], OF_SPACE):
        own["search"] = None  # its networks are no rivals within a budget: they may be of another cost
    try:
        return read_recipe(plan.model_copy(update=own), file)
    except MfpsError as error:
        raise MfpsError(f"{place}: {str(error).removeprefix(f'{file}: ')}") from None
