"""Configurations: frozen pydantic models, filled from a preset, a YAML file and the command line, in this order."""

from collections.abc import Set
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..errors import MAX_VALUE, MfpsError, rule_of, shortened, shown
from ..files.durable_file import write_durably
from ..files.regular_file import read_text
from ..files.yaml_text import MAX_YAML_BYTES, YamlError, read_plain_yaml
from ..genotypes.space import PRIORS

PRESETS = ("tiny", "small", "published")
"""Names of the files in engine/presets: a network, a schedule and their hyperparameters for both stages."""


class RunConfig(BaseModel):
    """What searching and retraining share: the data, the network besides its paths, the loop, the device."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    data: Path
    """Folder of clean, aligned face photographs, or one with `images/` and `priors/` in it."""
    out: Path
    """Run folder; it must not hold another run, unless `resume` or `overwrite` says what to do with it."""
    resume: bool = Field(False, exclude=True)
    """Go on with the run that `out` holds, or start it where there is nothing yet."""
    overwrite: bool = Field(False, exclude=True)
    """Remove the run that `out` holds."""
    list: Path | None = None
    """File that names the photographs to train on, one a line; all of them by default."""
    val_list: Path | None = None
    """File that names the photographs to validate on; by default a seeded tenth of the training list is held out."""
    val_images: int = Field(32, ge=1)
    """Photographs of the validation list that are used after each epoch, the first ones of it."""
    priors: tuple[str, ...] = ()
    """Facial priors, any of parsing, heatmap, dictionary; none gives FRSNet."""
    drop_prior: tuple[str, ...] = ()
    """Priors of `priors` that the network takes and is given as zeros, for an ablation."""
    prior_dropout: float = Field(0.0, ge=0, lt=1)
    """Chance that a prior of a training face is zeroed, so that the network learns to do without."""
    flip: bool = False
    """Mirror every second training face, with its priors: left and right landmarks and classes change places."""
    heatmap_rgb: bool = False
    """Put the degraded image's RGB before the landmark channels, as in the published 71-channel heatmap tensor."""
    size: int = Field(128, ge=16, le=4096, multiple_of=8)
    """Side of the faces in pixels, a multiple of 8; larger photographs are cropped to a square and shrunk."""
    degradation: str = "full"
    """Preset, or a weighted mix such as `full:0.5,blur:0.25,noise:0.25`."""

    iterations: int | None = Field(None, ge=1, le=16)
    """Passes over the image; by default 2 with priors and 1 without."""
    blocks: int = Field(3, ge=1, le=64)
    """Residual dense blocks in the encoder, and again after re-distillation."""
    attention: bool = False
    """A learned weight for each prior."""

    epochs: int = Field(ge=1)
    """Passes over the training list."""
    epoch_steps: int | None = Field(None, ge=1)
    """End each epoch after this many steps, for large training lists; each draws its faces anew."""
    max_steps: int | None = Field(None, ge=1)
    """Stop after this many steps, whatever `epochs` says."""
    batch_size: int = Field(ge=1)
    """Faces a step, those of all devices together."""
    accumulate: int = Field(1, ge=1)
    """Parts that a step's batch is cut into, one after the other, so that it takes less memory. Batch norm sees a part
    at a time."""
    clip_norm: float | None = Field(None, gt=0)
    """Largest norm of the weights' gradient; none as published."""
    on_nonfinite: Literal["stop", "skip", "rollback"] = "stop"
    """What follows a loss or a gradient that is not finite: the run ends; the update is left out; or the run goes back
    to the end of the epoch before, with half the learning rate."""
    max_bad_faces: float = Field(0.05, ge=0, le=1)
    """Share of the training photographs that may turn out to be unreadable; another face takes such a one's place."""
    max_megapixels: float = Field(100.0, gt=0, le=178.0)
    """A larger photograph counts as one that cannot be read."""
    workers: int = Field(0, ge=0)
    """Processes that read and degrade photographs; 0 does it in the main one. The batches are the same."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Everything random follows from it."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""
    devices: int = Field(1, ge=1, le=1024)
    """Processes on this machine, one a GPU, or so many on the CPU; their batches and results are those of one."""
    num_nodes: int = Field(1, ge=1, le=65536)
    """Machines, each with so many devices, that a launcher started the command on."""
    deterministic: bool = False
    """Make CUDA give the same bits every time, at some cost of speed; the CPU does so anyway."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16 is mixed precision: weights stay in float32."""
    channels_last: bool = True
    """Memory layout of images and convolutions; faster on most devices, the numbers are the same up to rounding."""

    checkpoint_minutes: float = Field(10.0, gt=0)
    """Save the run at least this often, besides at the end of every epoch."""
    checkpoint_steps: int | None = Field(None, ge=1)
    """Save the run after every so many steps too."""
    keep_checkpoints: int = Field(3, ge=1)
    """Newest checkpoints that stay, besides the best one and the last one between two epochs."""

    @field_validator("priors", "drop_prior", mode="before")
    @classmethod
    def _known_priors(cls, value: Any) -> Any:
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise MfpsError(f"must be none, or names such as parsing,heatmap (got {shortened(repr(value), MAX_VALUE)})")
        names = [name.strip() for name in names if name.strip() not in ("", "none")]
        unknown = [name for name in names if name not in PRIORS]
        if unknown:
            raise MfpsError(f"unknown prior {unknown[0]!r}: choose from {', '.join(PRIORS)}, or none")
        return tuple(prior for prior in PRIORS if prior in names)

    @model_validator(mode="after")
    def _drops_what_it_takes(self) -> "RunConfig":
        if missing := [prior for prior in self.drop_prior if prior not in self.priors]:
            raise MfpsError(f"--drop-prior {missing[0]}: the network does not take it; name it with --priors too")
        return self

    @model_validator(mode="after")
    def _divides_its_batch(self) -> "RunConfig":
        parts = self.devices * self.num_nodes * self.accumulate
        if self.batch_size % parts:
            raise MfpsError(
                f"--batch-size {self.batch_size} cannot be divided among --devices {self.devices} x --num-nodes "
                f"{self.num_nodes} x --accumulate {self.accumulate}: take a multiple of {parts}"
            )
        if self.resume and self.overwrite:
            raise MfpsError("--resume and --overwrite exclude each other: go on with the run, or remove it")
        return self

    @property
    def passes(self) -> int:
        """Iterations with the default resolved."""
        return self.iterations or (2 if self.priors else 1)


Config = TypeVar("Config", bound=RunConfig)


def resolve(model: type[Config], stage: str, preset: str | None, file: Path | None, options: dict[str, Any]) -> Config:
    """Fill a configuration: the preset first, the file over it, the command line's options over both.

    Args:
        model: the stage's configuration.
        stage: `search` or `retrain`, the preset's section.
        preset: one of `PRESETS`; by default the one that the file names, else `published`.
        file: YAML file with the same keys as the options; the `config.yaml` of a run is one.
        options: what the command line gave; None stands for "not given".

    Raises:
        MfpsError: unknown preset, unreadable file, unknown or impossible value; one line.
    """
    written = read_yaml(file) if file is not None else {}
    given = {name: value for name, value in options.items() if value is not None}
    named = written.pop("preset", None)
    if named is not None and named not in PRESETS:
        raise MfpsError(f"{file}: unknown preset {shown(named)}: choose from {', '.join(PRESETS)}")
    try:
        return model.model_validate(read_preset(preset or named or "published", stage) | written | given)
    except ValidationError as error:
        raise _violation(error, model, file, written.keys() - given.keys()) from None


def _violation(error: ValidationError, model: type[RunConfig], file: Path | None, written: Set[str]) -> MfpsError:
    """The first violation as one line: the option as it is written where it was given."""
    details = error.errors(include_url=False)
    first = details[0]
    more = f" [and {len(details) - 1} more]" if len(details) > 1 else ""
    if not first["loc"]:
        return MfpsError(f"{file} and the options: {rule_of(first)}{more}" if written else f"options: {rule_of(first)}")
    name = str(first["loc"][0])
    option = f"--{name.replace('_', '-')}"
    if first["type"] == "missing":
        meant = (model.model_fields[name].description or "").removesuffix(".")
        return MfpsError(f"options: {option} is required: give the {meant[:1].lower()}{meant[1:]}")
    if first["type"] == "extra_forbidden":
        known = [*model.model_fields, "preset"]
        close = get_close_matches(name, known, 1)
        remedy = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
        return MfpsError(f"{file}: unknown option {shortened(name, MAX_VALUE)!r}: {remedy}{more}")
    if name in written:
        return MfpsError(f"{file}: {'.'.join(map(str, first['loc']))}: {rule_of(first)}{more}")
    return MfpsError(f"options: {option}: {rule_of(first)}{more}")


def read_preset(name: str, stage: str) -> dict[str, Any]:
    """The values that a preset gives a stage.

    Raises:
        MfpsError: there is no such preset.
    """
    if name not in PRESETS:
        raise MfpsError(f"unknown preset {name!r}: choose from {', '.join(PRESETS)}")
    text = (resources.files(str(__package__)) / "presets" / f"{name}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)[stage])


def config_values(config: BaseModel) -> dict[str, Any]:
    """A resolved configuration as plain data, without what is None."""
    return config.model_dump(mode="json", exclude_none=True)


def write_config(config: BaseModel, file: Path) -> None:
    """Write a resolved configuration as YAML that `--config` reads back."""
    write_durably(file, yaml.safe_dump(config_values(config), sort_keys=False, allow_unicode=True))


def read_yaml(file: Path) -> dict[str, Any]:
    """The options in a YAML file.

    Raises:
        MfpsError: it cannot be read, or is something else.
    """
    rule = "a configuration is `option: value` lines"
    try:
        values = read_plain_yaml(
            read_text(file, "configuration", MAX_YAML_BYTES, f"give a YAML file with --config; {rule}")
        )
    except YamlError as error:
        raise MfpsError(f"{file}{error}: {rule}") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise MfpsError(f"{file}: a configuration is `option: value` lines, such as `epochs: 10`")
    return {key.replace("-", "_"): value for key, value in values.items()}


def check_options(**options: tuple[int, int]) -> None:
    """Raise an MfpsError unless every option, given as (value, least), is at least its least and below 2**31."""
    for name, (value, least) in options.items():
        if value < least:
            raise MfpsError(f"--{name.replace('_', '-')} is {value}: it must be at least {least}")
        if value >= 2**31:
            raise MfpsError(f"--{name.replace('_', '-')} is {value}: it must be below {2**31}")
