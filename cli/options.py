"""Options that several commands share: written once, with one help text."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

Data = Annotated[
    Path | None, typer.Option("--data", help="Folder of clean, aligned face photographs.", show_default=False)
]
TrainList = Annotated[Path | None, typer.Option("--list", help="File with the names to train on, one a line. [all]")]
ValList = Annotated[Path | None, typer.Option("--val-list", help="Names to validate on. [a tenth is held out]")]
Priors = Annotated[str | None, typer.Option(help="none, or any of parsing,heatmap,dictionary. [none]")]
DropPrior = Annotated[str | None, typer.Option(help="Of those, the ones to give as zeros, for an ablation. [none]")]
PriorDropout = Annotated[float | None, typer.Option(help="Chance that a prior of a training face is zeroed. [0]")]
Flip = Annotated[bool | None, typer.Option("--flip", help="Mirror every second training face, priors too.")]
PriorsFrom = Annotated[
    str,
    typer.Option(help="clean (files: oracle priors), or found on the fly: degraded, coarse (iteration 0's output)."),
]
WeightsDir = Annotated[Path | None, typer.Option(help="Folder with external weights; see `mfps doctor`.")]
Parser = Annotated[str | None, typer.Option(help="Face parser: folder or name. [jonathandinu/face-parsing]")]
Dictionary = Annotated[Path | None, typer.Option(help="Dictionary file, made by `mfps dictionary build`.")]
Preset = Annotated[str | None, typer.Option(help="tiny, small or published: sizes and schedules. [published]")]
Size = Annotated[int | None, typer.Option(help="Side of the faces in pixels, a multiple of 8.")]
Epochs = Annotated[int | None, typer.Option(help="Passes over the training list.")]
EpochSteps = Annotated[int | None, typer.Option(help="End each epoch after this many steps.")]
MaxSteps = Annotated[int | None, typer.Option(help="Stop after this many steps, the epoch cut short.")]
BatchSize = Annotated[int | None, typer.Option(help="Faces a step, those of all devices together.")]
Accumulate = Annotated[int | None, typer.Option(help="Parts that a step's batch is computed in, to save memory. [1]")]
ClipNorm = Annotated[float | None, typer.Option(help="Largest norm of the gradient. [none]")]
OnNonfinite = Annotated[
    str | None, typer.Option(help="A number is not finite: stop, skip the update, or rollback. [stop]")
]
Width = Annotated[int | None, typer.Option(help="Base width of the network.")]
Iterations = Annotated[int | None, typer.Option(help="Passes over the image. [2 with priors, else 1]")]
Attention = Annotated[bool | None, typer.Option(help="A learned weight for each prior.")]
Degradation = Annotated[
    str | None,
    typer.Option(help="full, blur, noise, jpeg, lowres, gfpgan, codeformer, or a mix: full:0.5,blur:0.5. [full]"),
]
Workers = Annotated[int | None, typer.Option(help="Processes that read and degrade photographs. [0]")]
Seed = Annotated[int | None, typer.Option(help="Everything random follows from it. [0]")]
Device = Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N. [auto]")]
Devices = Annotated[int | None, typer.Option(help="Processes on this machine, one a GPU. [1]")]
NumNodes = Annotated[int | None, typer.Option(help="Machines that a launcher started this on. [1]")]
CheckpointMinutes = Annotated[
    float | None, typer.Option(help="Save at least this often, besides after each epoch. [10]")
]
CheckpointSteps = Annotated[int | None, typer.Option(help="Save after every so many steps too. [none]")]
Resume = Annotated[
    bool | None, typer.Option("--resume", help="Go on with the run in --out, or start it where there is none.")
]
Overwrite = Annotated[bool | None, typer.Option("--overwrite", help="Remove the run in --out and start anew.")]
Precision = Annotated[str | None, typer.Option(help="float32 or bfloat16 (mixed). [float32]")]
Config = Annotated[Path | None, typer.Option("--config", help="YAML file with any option; a run's config.yaml is one.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder to make; it overwrites nothing.", show_default=False)]


def console() -> Console:
    """Where commands write: standard output, as wide as it is."""
    return Console()


def names(given: str | None) -> tuple[str, ...]:
    """The names in a list with commas; none for none."""
    return tuple(name.strip() for name in (given or "").split(",") if name.strip() not in ("", "none"))


def process() -> int:
    """Number of this process among those of its run; 0 where it is the only one, or the run has not begun."""
    distributed = sys.modules.get("torch.distributed")  # without importing torch
    return distributed.get_rank() if distributed and distributed.is_initialized() else 0


def report(*lines: str) -> None:
    """Print what a run left; of several processes only the first does."""
    for line in lines if process() == 0 else ():
        typer.echo(line)


def written(**options: object) -> str:
    """Options as a command line has them, quoted where a shell needs it; those without a value are left out."""
    given = {f"--{name.replace('_', '-')}": str(value) for name, value in options.items() if value}
    return shlex.join(part for option in given.items() for part in option)


def given(**options: Any) -> dict[str, Any]:
    """The options that were given on the command line."""
    return {name: value for name, value in options.items() if value not in (None, [])}
