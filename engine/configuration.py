"""The configuration of a run, and the presets that lie beneath it."""

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, Field, model_validator

from ..degradation.fields import DegradationText
from ..errors import MfpsError, shown
from ..files.atomic_file import write_atomically
from ..files.config_model import ConfigModel, Panel, fill, read_yaml
from ..genotypes.space import PRIORS
from .fields import Device, DropPrior, Precision, PriorNames, Seed, Workers

PRESETS = ("tiny", "small", "published")
"""Names of the files in engine/presets: a network, a schedule and their hyperparameters for both stages."""


class RunConfig(ConfigModel):
    """What searching and retraining share: the data, the network besides its paths, the loop, the device."""

    stage: ClassVar[str]
    """The section of a preset that a configuration is filled from."""

    data: Annotated[Path, Panel.COMMON]
    """Folder of clean, aligned face photographs, or one with `images/` and `priors/` in it."""
    out: Annotated[Path, Panel.COMMON]
    """Run folder; it must not hold another run, unless `resume` or `overwrite` says what to do with it."""
    resume: Annotated[bool, Panel.COMMON] = Field(default=False, exclude=True)
    """Continue the run that `out` holds, or start it where there is none yet."""
    overwrite: Annotated[bool, Panel.SAVING] = Field(default=False, exclude=True)
    """Remove the run that `out` holds and start anew."""
    list: Annotated[Path | None, Panel.COMMON] = None
    """File that names the photographs to train on, one a line; all of them by default."""
    val_list: Annotated[Path | None, Panel.COMMON] = None
    """File that names the photographs to validate on; by default a seeded tenth of the training list is held out."""
    val_images: Annotated[int, Panel.DATA] = Field(default=32, ge=1)
    """Photographs of the validation list that are used after each epoch, the first ones of it."""
    priors: Annotated[PriorNames, Panel.COMMON] = Field(
        default=(), description=f"Facial priors, any of {','.join(PRIORS)}; none gives FRSNet."
    )
    drop_prior: DropPrior = ()
    prior_dropout: Annotated[float, Panel.PRIORS] = Field(default=0.0, ge=0, lt=1)
    """Chance that a prior of a training face is zeroed, so that the network learns to do without."""
    flip: Annotated[bool, Panel.DATA] = False
    """Mirror every second training face, with its priors: left and right landmarks and classes change places."""
    heatmap_rgb: Annotated[bool, Panel.PRIORS] = False
    """Put the degraded image's RGB before the landmark channels, as in the published 71-channel heatmap tensor."""
    size: Annotated[int, Panel.COMMON] = Field(default=128, ge=16, le=4096, multiple_of=8)
    """Side of the faces in pixels, a multiple of 8; larger photographs are cropped to a square and shrunk."""
    degradation: Annotated[DegradationText, Panel.COMMON] = "full"
    """Preset, stages in a row such as `grey|blur(6,12)|noise(20,40)|jpeg(30,60)`, or a weighted mix of such, as in
    `full:0.5,blur(6,12)|jpeg:0.5`."""

    iterations: Annotated[int | None, Panel.NETWORK] = Field(default=None, ge=1, le=16)
    """Passes over the image; by default 2 with priors and 1 without."""
    blocks: Annotated[int, Panel.NETWORK] = Field(default=3, ge=1, le=64)
    """Residual dense blocks in the encoder, and again after re-distillation."""
    attention: Annotated[bool, Panel.NETWORK] = False
    """A learned weight for each prior."""

    epochs: Annotated[int, Panel.COMMON] = Field(ge=1)
    """Passes over the training list."""
    epoch_steps: Annotated[int | None, Panel.TRAINING] = Field(default=None, ge=1)
    """End each epoch after this many steps, for large training lists; each draws its faces anew."""
    max_steps: Annotated[int | None, Panel.TRAINING] = Field(default=None, ge=1)
    """Stop after this many steps, whatever `epochs` says."""
    batch_size: Annotated[int, Panel.COMMON] = Field(ge=1)
    """Faces a step, those of all devices together."""
    accumulate: Annotated[int, Panel.TRAINING] = Field(default=1, ge=1)
    """Parts that a step's batch is cut into, one after the other, so that it takes less memory. Batch norm sees a part
    at a time."""
    clip_norm: Annotated[float | None, Panel.TRAINING] = Field(default=None, gt=0)
    """Largest norm of the weights' gradient; none as published."""
    on_nonfinite: Annotated[Literal["stop", "skip", "rollback"], Panel.TRAINING] = "stop"
    """What follows a loss or a gradient that is not finite: the run ends; the update is left out; or the run goes back
    to the end of the epoch before, with half the learning rate."""
    max_bad_faces: Annotated[float, Panel.DATA] = Field(default=0.05, ge=0, le=1)
    """Share of the training photographs that may turn out to be unreadable; another face takes such a one's place."""
    max_megapixels: Annotated[float, Panel.DATA] = Field(default=100.0, gt=0, le=178.0)
    """A larger photograph counts as one that cannot be read."""
    workers: Workers = 0
    seed: Seed = 0
    device: Device = "auto"
    devices: Annotated[int, Panel.DEVICES] = Field(default=1, ge=1, le=1024)
    """Processes on this machine, one a GPU, or so many on the CPU; their batches and results are those of one."""
    num_nodes: Annotated[int, Panel.DEVICES] = Field(default=1, ge=1, le=65536)
    """Machines, each with so many devices, that a launcher started the command on."""
    deterministic: Annotated[bool, Panel.DEVICES] = False
    """Make CUDA give the same bits every time, at some cost of speed; the CPU does so anyway."""
    precision: Precision = "float32"
    channels_last: Annotated[bool, Panel.DEVICES] = True
    """Memory layout of images and convolutions; faster on most devices, the numbers are the same up to rounding."""

    checkpoint_minutes: Annotated[float, Panel.SAVING] = Field(default=10.0, gt=0)
    """Save the run at least this often, besides at the end of every epoch."""
    checkpoint_steps: Annotated[int | None, Panel.SAVING] = Field(default=None, ge=1)
    """Save the run after every so many steps too."""
    keep_checkpoints: Annotated[int, Panel.SAVING] = Field(default=3, ge=1)
    """Newest checkpoints that stay, besides the best one and the last one between two epochs."""

    @model_validator(mode="after")
    def _drops_what_it_takes(self) -> "RunConfig":
        if missing := [prior for prior in self.drop_prior if prior not in self.priors]:
            raise MfpsError(f"`drop_prior` {missing[0]}: the network does not take it; name it in `priors` too")
        return self

    @model_validator(mode="after")
    def _divides_its_batch(self) -> "RunConfig":
        parts = self.devices * self.num_nodes * self.accumulate
        if self.batch_size % parts:
            raise MfpsError(
                f"`batch_size` {self.batch_size} cannot be divided among `devices` {self.devices} x `num_nodes` "
                f"{self.num_nodes} x `accumulate` {self.accumulate}: take a multiple of {parts}"
            )
        if self.resume and self.overwrite:
            raise MfpsError("`resume` and `overwrite` exclude each other: continue the run, or remove it")
        return self

    @classmethod
    def from_preset(cls, preset: str, **values: Any) -> Self:
        """A configuration with the values of a preset beneath the given ones.

        Args:
            preset: one of `PRESETS`.
            values: by field.

        Raises:
            MfpsError: unknown preset, or an unknown field or impossible value, which is named.
        """
        return fill(cls, values, beneath=read_preset(preset, cls.stage))

    @property
    def passes(self) -> int:
        """Iterations with the default resolved."""
        return self.iterations or (2 if self.priors else 1)


Config = TypeVar("Config", bound=RunConfig)


def resolve(model: type[Config], stage: str, preset: str | None, file: Path | None, options: dict[str, Any]) -> Config:
    """Fill a configuration: the preset first, the file over it, the options over both.

    Args:
        model: the stage's configuration.
        stage: `search` or `retrain`, the preset's section.
        preset: one of `PRESETS`; by default the one that the file names, else `published`.
        file: YAML file with any of the fields, and `preset`; the `config.yaml` of a run is one.
        options: values by field; None stands for "not given".

    Raises:
        MfpsError: unknown preset, unreadable file, unknown or impossible value; one line.
    """
    written = read_yaml(file) if file is not None else {}
    named = written.pop("preset", None)
    if named is not None and named not in PRESETS:
        raise MfpsError(f"{file}: unknown preset {shown(named)}: choose from {', '.join(PRESETS)}")
    beneath = read_preset(preset or named or "published", stage)
    return fill(model, options, file, written, beneath, also=("preset",))


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
    """Write a resolved configuration as YAML that `resolve` reads back."""
    write_atomically(file, yaml.safe_dump(config_values(config), sort_keys=False, allow_unicode=True))


def check_options(**options: tuple[int, int]) -> None:
    """Raise an MfpsError unless every option, given as (value, least), is at least its least and below 2**31."""
    for name, (value, least) in options.items():
        if value < least:
            raise MfpsError(f"`{name}` is {value}: it must be at least {least}")
        if value >= 2**31:
            raise MfpsError(f"`{name}` is {value}: it must be below {2**31}")
