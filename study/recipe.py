"""The recipe of a study: what its networks and searches are trained and judged by, checked and with its hash."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from ..bench.config import BenchConfig
from ..data.dataset import FaceFolder
from ..data.given_pairs import degraded_by
from ..engine.configuration import RunConfig, config_values, resolve
from ..engine.run_inputs import BY_CONTENT, contents
from ..errors import MAX_VALUE, MfpsError, first_violation, shortened, shown
from ..files.config_model import ConfigModel, fill
from ..files.hashes import sha256_of, sha256_of_texts
from ..genotypes.space import SPACES
from ..images.lists import read_list
from ..inference.config import EvaluateConfig
from ..nas.config import SearchConfig
from ..nas.search_faces import search_faces
from ..priors.extractor import found_channels
from ..retrain.config import RetrainConfig
from ..training.face_inputs import face_inputs
from ..training.training_data import training_data
from .plan import Plan, named
from .timed_way import check_one_way

OF_THE_STUDY = ("out", "seed", "resume", "overwrite", "device")
"""Options that a study sets itself, for every command."""

LIMITS = ("max_gflops", "max_parameters", "max_ms")
"""Options of a search and a selection that the budgets of an arm set."""

NOT_IN = {
    "recipe": (*OF_THE_STUDY, "genotype", "hand_made", "width", "from_supernet", "init_from"),
    "judge": (*OF_THE_STUDY, "weights", "genotype", "against"),
    "search": (*OF_THE_STUDY, *LIMITS),
    "timing": (*OF_THE_STUDY, "network", "batch_sizes", "iterations"),
}
"""Options that the sections of a plan may not set: the arms do, or the study itself."""

NO_PART = (
    frozenset(
        (
            *OF_THE_STUDY,
            "genotype",
            "weights",
            "lr",
            "latency",
            "devices",
            "num_nodes",
            "workers",
            "compile",
            "checkpoint_minutes",
        )
    )
    | {"checkpoint_steps", "keep_checkpoints", "shown", "save_images", "follow_links", *LIMITS}
    | {"metrics", "lpips_backbone", "st_lpips", "inception"}
)
"""Options that are no part of a recipe, as no number depends on them, or as the study sets them."""

ALIKE = ("size", "priors", "passes")
"""What searches and trainings must have in common, so that a cost and a budget mean the same in both."""

Config = TypeVar("Config", bound=ConfigModel)


class Recipe(NamedTuple):
    """A checked recipe."""

    retrain: RetrainConfig
    """Of every network; its genotype, folder and seed mean nothing."""
    rates: tuple[float, ...]
    """Learning rates at which every network is trained."""
    judge: EvaluateConfig
    """Of every network; its weights and folder mean nothing."""
    search: SearchConfig | None
    """Of every search; its folder and seed mean nothing."""
    timing: BenchConfig | None
    """How every network is timed; its network and folder mean nothing."""
    channels: dict[str, int]
    """Channels of each prior in the data."""
    content: dict[str, dict[str, Any]]
    """`recipe`, `judge`, `data` and, if there are any, `search` and `timing`: all options that a number depends on, as
    plain data, and what the data are; two recipes with the same content give the same numbers, but for times."""

    @property
    def sha256(self) -> str:
        """Of all but the search and `timing`, as canonical JSON: what every network is trained and judged by."""
        return content_sha256(self.content)


def content_sha256(content: Mapping[str, Any]) -> str:
    """The hash of a recipe; see `Recipe`."""
    part = {name: content[name] for name in ("recipe", "judge", "data")}
    return sha256_of_texts(json.dumps(part, sort_keys=True, separators=(",", ":")))


def read_recipe(plan: Plan, file: Path) -> Recipe:
    """Check the recipe of a plan, and open its data.

    Args:
        plan: the study's.
        file: where it was read; its folder is that of relative paths.

    Raises:
        MfpsError: an option or the data cannot be used; or the judged faces are among those that are learned from.
    """
    base, of_recipe = file.absolute().parent, dict(plan.recipe)
    rates = _rates(of_recipe, f"{file}: recipe")
    retrain = _section(RetrainConfig, "recipe", of_recipe, file, {"genotype": "any", "lr": rates[0]})
    of_judge = {"data": str(retrain.data), "metrics": "psnr,ssim", **plan.judge}
    judge = _section(EvaluateConfig, "judge", of_judge, file, {"weights": base})
    if len(judge.degradation) > 1 or len(judge.list) > 1:
        raise MfpsError(f"{file}: judge: a study judges on one `list` under one `degradation`; give one of each")
    search = None if plan.search is None else _section(SearchConfig, "search", dict(plan.search), file, {})
    if search is not None:
        _check_alike(retrain, search, file)
    timing = None
    if plan.timing is not None:
        timing = _section(BenchConfig, "timing", dict(plan.timing), file, {"network": "any"})
        check_one_way(timing, plan, file)
    on_the_fly = retrain.priors_from != "clean" and bool(retrain.priors)
    train, val = training_data(retrain, stored_priors=not on_the_fly)
    channels = found_channels(retrain.priors, retrain.heatmap_rgb) if on_the_fly else train.prior_channels
    judged = _judged_names(judge, retrain.size)
    learned = {*train.names, *val.names}
    if judge.data.resolve() == retrain.data.resolve() and (shared := learned & set(judged)):
        raise MfpsError(
            f"{file}: judge: {len(shared)} of its faces are also trained or validated on, the first is {min(shared)}; "
            "judge on a `list` of other faces"
        )
    inputs = contents(face_inputs(retrain, train, val))
    of_faces = f"{len(judged)} photographs (SHA-256 {sha256_of_texts(*judged)})"
    content: dict[str, dict[str, Any]] = {
        "recipe": {**_options(retrain), "rates": list(rates)},
        "judge": _options(judge),
        "data": {**inputs, "judged": of_faces},
    }
    if search is not None:
        opened = contents(face_inputs(search, *search_faces(search)))
        content["search"] = {**_options(search), "data": opened}
        if search.latency is not None:
            content["search"]["latency"] = f"a file of SHA-256 {sha256_of(search.latency)}"
    if timing is not None:
        content["timing"] = {n: v for n, v in _options(timing).items() if v and n not in NOT_IN["timing"]}
    return Recipe(retrain, rates, judge, search, timing, channels, content)


def check_same_recipe(before: Mapping[str, Any], now: Mapping[str, Any], where: Path) -> None:
    """Raise an MfpsError that names the first difference between two recipes' contents, if there is one.

    Args:
        before: of the study or the job as it was begun. What it lacks may be added: a search, or `timing`.
        now: of the plan.
        where: the folder, for the message.
    """
    for section, was in before.items():
        for name, old, new in _differences(was, now.get(section, {})):
            raise MfpsError(
                f"{where}: `{section}.{name}` was {_short(old)} and is {_short(new)} in the plan, and all networks of "
                "a study are trained, judged and timed alike; put it back, or give a new folder for `out`"
            )


def _differences(before: Any, now: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in {**before, **now}:
            yield from _differences(before.get(name), now.get(name), f"{place}.{name}" if place else str(name))
    elif before != now:
        yield place, before, now


def _short(value: Any) -> str:
    return "not given" if value is None else shortened(str(value), MAX_VALUE)


def _rates(of_recipe: dict[str, Any], where: str) -> tuple[float, ...]:
    """The learning rates, taken out of the recipe's section."""
    given = of_recipe.pop("rates", None)
    if given is None:
        return (of_recipe.pop("lr", None) or RetrainConfig.model_fields["lr"].default,)
    if "lr" in of_recipe:
        raise MfpsError(f"{where}: `rates` stands in place of `lr`; leave one out")
    try:
        rates = TypeAdapter(tuple[float, ...]).validate_python(given)
    except ValidationError as error:
        raise first_violation(error, f"{where}.rates") from None
    if not rates or min(rates) <= 0 or len(set(rates)) < len(rates):
        raise MfpsError(f"{where}.rates: must be different learning rates above 0 (got {shown(given)})")
    return rates


def _section(model: type[Config], name: str, values: dict[str, Any], file: Path, own: Mapping[str, Any]) -> Config:
    """The configuration that a section of the plan fills, with its paths made absolute."""
    where = f"{file}: {name}"
    values = named(values)
    if refused := [key for key in values if key in NOT_IN[name]]:
        who = "the study or its arms set it" if name != "search" else "the study, or `budgets` of its arms, set it"
        raise MfpsError(f"{where}: `{refused[0]}` is not for this section, as {who}; leave it out")
    folder = file.absolute().parent
    try:
        if issubclass(model, RunConfig):
            preset = values.pop("preset", None)
            filled: Any = resolve(model, preset, None, {**values, **own, "out": folder})
        else:
            filled = fill(model, {**values, **own, "out": folder})
    except MfpsError as error:
        raise MfpsError(f"{where}: {error}") from None
    return filled.model_copy(update=dict(_absolute(filled, folder)))


def _absolute(config: ConfigModel, folder: Path) -> Iterator[tuple[str, Any]]:
    """The fields that name files or folders, with relative paths taken from a folder."""
    for name in type(config).model_fields:
        value: Any = getattr(config, name)
        if isinstance(value, Path):
            yield name, folder / value
        elif name == "fix":
            yield name, {branch: named_in(folder, source) for branch, source in value.items()}
        elif name == "parser" and value is not None:
            yield name, named_in(folder, value)
        elif isinstance(value, tuple) and any(isinstance(part, Path) for part in value):
            yield name, tuple(folder / part for part in value)


def named_in(folder: Path, name: str) -> str:
    """A name that may be a path: taken from a folder if something has it there, else left as it is."""
    there = folder / name.partition("@")[0].partition("#")[0]
    return str(folder / name) if there.exists() else name


def _check_alike(retrain: RetrainConfig, search: SearchConfig, file: Path) -> None:
    names = (*ALIKE, *(() if SPACES[search.space].backbone else ("blocks",)))
    for name in names:
        trained, searched = getattr(retrain, name), getattr(search, name)
        if trained != searched:
            field = "iterations" if name == "passes" else name
            raise MfpsError(
                f"{file}: `{field}` is {_short(searched)} in `search` and {_short(trained)} in `recipe`, so that costs "
                "and budgets would mean different things; make them agree"
            )


def _judged_names(judge: EvaluateConfig, size: int) -> list[str]:
    listed = read_list(judge.list[0], judge.data, judge.follow_links) if judge.list else None
    degraded = degraded_by(judge.degradation[0], judge.pairs, judge.follow_links)
    return sorted(FaceFolder(judge.data, judge.size or size, degraded, listed, seed=judge.seed).names)


def _options(config: ConfigModel) -> dict[str, Any]:
    """The options that numbers depend on, but for what is known by its content."""
    return {name: v for name, v in config_values(config).items() if name not in NO_PART and name not in BY_CONTENT}
