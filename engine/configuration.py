"""The configuration of a run, and the presets that provide its defaults."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, Field, model_validator

from ..degradation.fields import DegradationOfFaces, Pairs, settle_pairs
from ..errors import MfpsError, shown
from ..files.atomic_file import write_atomically
from ..files.config_model import ConfigModel, Panel, fill, panel_of, read_yaml
from ..files.yaml_text import plain_yaml
from ..genotypes.base import Base, BaseWindow
from ..genotypes.space import PRIORS
from ..images.fields import FollowLinks
from .fields import Compile, Device, DropPrior, Layout, Precision, PriorNames, Seed, Workers

PRESETS = ("tiny", "small", "published")
"""The presets, files in engine/presets: network size, schedule and hyperparameters for both stages."""


class RunConfig(ConfigModel):
    """What search and retraining share: data, network except for its paths, training loop, device."""

    stage: ClassVar[str]
    """The section of a preset from which a configuration is filled."""

    data: Annotated[Path, Panel.COMMON]
    """Folder of clean, aligned face photographs, or a folder that contains `images/` and `priors/`."""
    out: Annotated[Path, Panel.COMMON]
    """Run folder, new or empty; it may hold a run only with `resume` or `overwrite`."""
    resume: Annotated[bool, Panel.COMMON] = Field(default=False, exclude=True)
    """Continue the run in `out`, or start one if there is none."""
    overwrite: Annotated[bool, Panel.SAVING] = Field(default=False, exclude=True)
    """Remove the run in `out` and start again."""
    list: Annotated[Path | None, Panel.COMMON] = None
    """File with the names of the photographs to train on, one per line; by default all are used."""
    val_list: Annotated[Path | None, Panel.COMMON] = None
    """File with the names of the photographs to validate on; by default a random tenth of the training list is held
    out."""
    follow_links: FollowLinks = False
    val_images: Annotated[int, Panel.DATA] = Field(default=32, ge=1)
    """How many photographs of the validation list are used after each epoch, from the top of the list."""
    priors: Annotated[PriorNames, Panel.COMMON] = Field(
        default=(),
        description=f"Facial priors to use: any of {','.join(PRIORS)}; without priors the network is FRSNet.",
    )
    drop_prior: DropPrior = ()
    prior_dropout: Annotated[float, Panel.PRIORS] = Field(default=0.0, ge=0, lt=1)
    """Probability that a prior of a training face is replaced by zeros, so that the network learns to do without it."""
    flip: Annotated[bool, Panel.DATA] = False
    """Mirror every second training face and its priors; left and right landmarks and classes are swapped."""
    heatmap_rgb: Annotated[bool, Panel.PRIORS] = False
    """Put the degraded image's RGB before the landmark channels, as in the published 71-channel heatmap tensor."""
    size: Annotated[int, Panel.COMMON] = Field(default=128, ge=16, le=4096, multiple_of=8)
    """Side of the faces in pixels, a multiple of 8; larger photographs are cropped to a square and shrunk."""
    degradation: Annotated[DegradationOfFaces, Panel.COMMON] = "full"
    """Preset; or a chain of stages such as `grey|blur(6,12)|noise(20,40)|jpeg(30,60)`; or a weighted mix of these, such
    as `full:0.5,blur(6,12)|jpeg:0.5`."""

    pairs: Pairs = None

    iterations: Annotated[int | None, Panel.NETWORK] = Field(default=None, ge=1, le=16)
    """Passes of the network over the image; by default 2 with priors and 1 without."""
    blocks: Annotated[int, Panel.NETWORK] = Field(default=3, ge=1, le=64)
    """Residual dense blocks in the encoder, and again after re-distillation; in a search of the wide space the most of
    them. A genotype with a backbone has its own numbers."""
    attention: Annotated[bool, Panel.NETWORK] = False
    """Weight each prior by a learned attention."""
    base: Annotated[Base, Panel.NETWORK] = Field(default="none", exclude_if=lambda base: base == "none")
    """What the network's output is added to: nothing (as published), the `input`, or a `lowpass` of it; in later
    iterations the output of the one before."""
    base_window: Annotated[BaseWindow, Panel.NETWORK] = Field(default=4, exclude_if=lambda window: window == 4)
    """Side in pixels of the squares that the base `lowpass` averages over."""
    shared_norms: Annotated[bool, Panel.NETWORK] = Field(default=True, exclude_if=lambda shared: shared)
    """Batch norms of the upsample branch, which sees the degraded face first and then a restored one: one set for all
    iterations, as published, or one for each."""

    epochs: Annotated[int, Panel.COMMON] = Field(ge=1)
    """Passes over the training list."""
    epoch_steps: Annotated[int | None, Panel.TRAINING] = Field(default=None, ge=1)
    """End each epoch after this many steps, for large training lists; every epoch draws its faces again."""
    max_steps: Annotated[int | None, Panel.TRAINING] = Field(default=None, ge=1)
    """Stop after this many steps, whatever `epochs` says."""
    batch_size: Annotated[int, Panel.COMMON] = Field(ge=1)
    """Faces per step, over all devices together."""
    accumulate: Annotated[int, Panel.TRAINING] = Field(default=1, ge=1)
    """Split the batch of a step into this many parts, processed one after the other to save memory. Batch norm sees one
    part at a time."""
    clip_norm: Annotated[float | None, Panel.TRAINING] = Field(default=None, gt=0)
    """Clip the gradient of the weights to this norm; the published training does not clip."""
    layer_rates: Annotated[Literal["equal", "fan-in"], Panel.TRAINING] = "equal"
    """Learning rates of the layers: one for all (equal, as published), or the lower the more weights feed an output
    (fan-in), so that networks of different sizes learn well at the same rate."""
    prior_rate: Annotated[float, Panel.TRAINING] = Field(default=1.0, gt=0, le=1, exclude_if=lambda rate: rate == 1)
    """What the learning rate of the priors' and the fusion's layers is multiplied by. At the rate of all others they
    may learn within some hundred steps to add nothing; then 0.2 helps."""
    on_nonfinite: Annotated[Literal["stop", "skip", "rollback"], Panel.TRAINING] = "stop"
    """What to do if a loss or a gradient is not finite: stop the run; skip the update; or roll back to the end of the
    previous epoch and halve the learning rate."""
    max_bad_faces: Annotated[float, Panel.DATA] = Field(default=0.05, ge=0, le=1)
    """Fraction of the training photographs that may be unreadable; each of them is replaced by another face."""
    max_megapixels: Annotated[float, Panel.DATA] = Field(default=100.0, gt=0, le=178.0)
    """A photograph with more megapixels counts as unreadable."""
    workers: Workers = 0
    seed: Seed = 0
    device: Device = "auto"
    devices: Annotated[int, Panel.DEVICES] = Field(default=1, ge=1, le=1024)
    """Processes on this machine, one per GPU, or all on the CPU; batches and results are the same as with one."""
    num_nodes: Annotated[int, Panel.DEVICES] = Field(default=1, ge=1, le=65536)
    """Machines on which a launcher started the command, each with the same number of devices."""
    deterministic: Annotated[bool, Panel.DEVICES] = False
    """Make CUDA compute the same bits every time, at some cost in speed; the CPU always does."""
    layout: Layout = "auto"
    precision: Precision = "float32"
    compile: Compile = "auto"

    checkpoint_minutes: Annotated[float, Panel.SAVING] = Field(default=10.0, gt=0)
    """Save the run at least this often, in addition to the end of every epoch."""
    checkpoint_steps: Annotated[int | None, Panel.SAVING] = Field(default=None, ge=1)
    """Also save the run every this many steps."""
    keep_checkpoints: Annotated[int, Panel.SAVING] = Field(default=3, ge=1)
    """How many of the newest checkpoints to keep, besides the best one and the last one between two epochs."""

    _settle_pairs = model_validator(mode="before")(settle_pairs)

    @model_validator(mode="after")
    def _check_drop_prior(self) -> "RunConfig":
        if missing := [prior for prior in self.drop_prior if prior not in self.priors]:
            raise MfpsError(f"`drop_prior` {missing[0]}: the network does not use it; name it in `priors` too")
        return self

    @model_validator(mode="after")
    def _check_batch_and_resume(self) -> "RunConfig":
        parts = self.devices * self.num_nodes * self.accumulate
        if self.batch_size % parts:
            raise MfpsError(
                f"`batch_size` {self.batch_size} cannot be divided among `devices` {self.devices} x `num_nodes` "
                f"{self.num_nodes} x `accumulate` {self.accumulate}: choose a multiple of {parts}"
            )
        if self.resume and self.overwrite:
            raise MfpsError("`resume` and `overwrite` exclude each other: choose one")
        return self

    @classmethod
    def from_preset(cls, preset: str, **values: Any) -> Self:
        """A configuration with the given values, and otherwise those of a preset.

        Args:
            preset: one of `PRESETS`.
            values: by field.

        Raises:
            MfpsError: unknown preset, unknown field or impossible value; the message names it.
        """
        return fill(cls, values, beneath=_beneath(cls, preset, values))

    @property
    def passes(self) -> int:
        """The number of iterations, with the default resolved."""
        return self.iterations or (2 if self.priors else 1)


Config = TypeVar("Config", bound=RunConfig)


def resolve(model: type[Config], preset: str | None, file: Path | None, options: dict[str, Any]) -> Config:
    """Fill a configuration: options override the file, which overrides the preset.

    Args:
        model: the stage's configuration.
        preset: one of `PRESETS`; by default the one named by the file, otherwise `published`.
        file: YAML file with any of the fields, and `preset`; for example the `config.yaml` of a run.
        options: values by field; None stands for "not given".

    Raises:
        MfpsError: unknown preset, unreadable file, unknown or impossible value; one line.
    """
    written = read_config(file) if file is not None else {}
    named = written.pop("preset", None)
    if named is not None and named not in PRESETS:
        raise MfpsError(f"{file}: unknown preset {shown(named)}: choose from {', '.join(PRESETS)}")
    beneath = _beneath(
        model, preset or named or "published", {**written, **{k: v for k, v in options.items() if v is not None}}
    )
    return fill(model, options, file, written, beneath, also=("preset",))


def _beneath(model: type[RunConfig], preset: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a preset, with those for the strategy of a search.

    Without those of the network if weights to start from are given, which have their own.
    """
    beneath = read_preset(preset, model.stage, values.get("strategy"))
    if values.get("init_from") is None:
        return beneath
    fields = model.model_fields
    return {name: v for name, v in beneath.items() if name != "width" and panel_of(fields[name]) is not Panel.NETWORK}


def read_preset(name: str, stage: str, strategy: str | None = None) -> dict[str, Any]:
    """The values that a preset sets for a stage.

    Args:
        name: one of `PRESETS`.
        stage: `search` or `retrain`.
        strategy: of a search, whose optimizer and schedule are set too; by default the preset's own.

    Raises:
        MfpsError: there is no such preset.
    """
    values = _preset(name, stage)
    of_strategies = values.pop("strategies", {})
    chosen = strategy or values.get("strategy")
    return {**values, **(of_strategies.get(chosen, {}) if isinstance(chosen, str) else {})}


def preset_fields(stage: str) -> set[str]:
    """The fields of a stage that a preset sets, for any strategy."""
    fields: set[str] = set()
    for name in PRESETS:
        values = _preset(name, stage)
        of_strategies = values.pop("strategies", {})
        fields.update(values, *of_strategies.values())
    return fields


def _preset(name: str, stage: str) -> dict[str, Any]:
    """A preset's section for a stage; under `strategies` it may hold the values of each search strategy."""
    if name not in PRESETS:
        raise MfpsError(f"unknown preset {name!r}: choose from {', '.join(PRESETS)}")
    text = (resources.files(str(__package__)) / "presets" / f"{name}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text)[stage])


def config_values(config: BaseModel) -> dict[str, Any]:
    """A resolved configuration as plain data, without the fields that are None."""
    return config.model_dump(mode="json", exclude_none=True)


def read_config(file: Path) -> dict[str, Any]:
    """The values in a run's `config.yaml`, or in a file like it, by today's fields.

    Raises:
        MfpsError: it cannot be read, or is not a configuration.
    """
    values = read_yaml(file)
    if "layout" not in values and isinstance(values.get("channels_last"), bool):  # version 0.1 wrote it so
        values["layout"] = "channels-last" if values.pop("channels_last") else "contiguous"
    return values


def write_config(config: BaseModel, file: Path) -> None:
    """Write a resolved configuration as YAML that `resolve` reads back."""
    write_atomically(file, plain_yaml(config_values(config)))
