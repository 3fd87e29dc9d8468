"""A run's folder: what it contains, and checks that no run overwrites another.

config.yaml           the resolved configuration; another run can be filled from it with `config`
environment.json      versions of mfps, Python and the libraries, the machine, and how the network is computed on it
genotype.json, .svg   the architecture (and .png)
decoded.json          the architecture that the search itself decided on
front.json, .svg      the genotypes that a selection found the best at their cost (and .png); front/ has their files
evaluations.jsonl     what selections measured, one genotype a line
history.jsonl         one JSON object for each epoch
weights.safetensors   weights, with genotype and network configuration inside
ledger.json           what each stage of a search cost: time, steps, memory
report.html           a search for a browser: drawings, curves, front, costs
tensorboard/          the same curves for TensorBoard
checkpoints/          the states from which a resumed run can continue
run.lock              exists while a process works in the folder
"""

import json
import os
import platform
import re
from importlib import metadata
from pathlib import Path

from ..degradation.fields import GIVEN_PAIRS, normal_degradation
from ..errors import MAX_PLACE, MAX_VALUE, MfpsError, shortened
from ..files.atomic_file import is_partial, remove_partials, write_atomically
from ..files.atomic_folder import check_writable, clear_leftovers
from ..genotypes.front import FRONT_FOLDER
from .checkpoint import CHECKPOINTS, NAME, Checkpoints
from .configuration import Config, RunConfig, config_values, read_config, write_config
from .execution import DTYPES, LAYOUTS
from .run_inputs import BY_CONTENT
from .run_lock import LOCK
from .timed_choice import Choice

LIBRARIES = ("mfps", "torch", "numpy", "lightning-fabric", "scikit-image", "opencv-python", "pillow", "safetensors")
"""Libraries whose versions a run records."""


RUN_FILES = (
    "config.yaml", "environment.json", "genotype.json", "genotype.svg", "genotype.png", "supernet.svg", "supernet.png",
    "decoded.json", "front.json", "front.svg", "front.png", "evaluations.jsonl", "history.jsonl", "weights.safetensors",
    "ledger.json", "report.html", LOCK,
)  # fmt: skip
"""Files that a search or a training writes to its folder; the first shows that it is a run folder."""

RUN_FOLDERS = {
    "tensorboard": re.compile(r"events\.out\.tfevents\.\d+\..+\.\d+\.\d+", re.DOTALL),
    CHECKPOINTS: NAME,
    FRONT_FOLDER: re.compile(r"\d{2,6}\.json"),
}
"""Folders in a run's folder, and the names of the files that it writes there."""

FRONT_LEFT = re.compile(rf"\.{FRONT_FOLDER}\.\d+\.part")
"""The hidden folder of a selection that was killed."""

MAY_CHANGE = frozenset(
    ("out", "epochs", "max_steps", "stop_when_settled", "device", "devices", "num_nodes", "workers",
     "compile", "checkpoint_minutes", "checkpoint_steps", "keep_checkpoints", "on_nonfinite", "max_bad_faces",
     "follow_links",
     "landmarks_by", "max_gflops", "max_parameters", "max_ms", "latency", "front_cost", "select_paths", "select_random",
     "population", "generations")
)  # fmt: skip
"""Options that may change when a run is resumed: how long, where and how safely it runs. What it reads may be named in
another way and lie elsewhere, but must be the same (`BY_CONTENT`); config.yaml then names what was given last. Of what
finds landmarks the weights are compared."""


def continued(config: Config) -> Config:
    """The configuration of a run; where it is resumed, `auto` stands for what was chosen when it was started.

    Args:
        config: as given.

    Raises:
        MfpsError: the folder's config.yaml cannot be read.
    """
    file = config.out / "config.yaml"
    if not config.resume or not file.is_file():
        return config
    before, known = read_config(file), {"layout": LAYOUTS, "precision": DTYPES, "landmarks_by": ("fan", "dlib")}
    chosen = {name: before.get(name) for name in known if getattr(config, name, None) == "auto"}
    return config.model_copy(update={name: value for name, value in chosen.items() if value in known[name]})


def check_run_folder(config: RunConfig) -> None:
    """Raise an MfpsError unless a run of `config` could start or continue in its folder; changes nothing."""
    folder = config.out
    check_writable(folder)
    there = {path.name for path in folder.iterdir() if not is_partial(path)} if folder.is_dir() else set()
    if not there - {LOCK}:
        return
    is_run = "config.yaml" in there
    if is_run and config.resume:
        Checkpoints(folder, config.keep_checkpoints).check_version()
        _check_unchanged(config)
    elif is_run and config.overwrite:
        if strange := _contents(folder)[1]:
            raise MfpsError(
                f"{folder}: holds {shortened(strange[0], MAX_VALUE)} besides a run, and `overwrite` removes "
                "only runs; move it away, or give a new folder for `out`"
            )
    else:
        remedy = ", continue it with `resume`, or remove it with `overwrite`" if is_run else ""
        raise MfpsError(
            f"{folder}: holds another run or other files, and a run overwrites nothing; give a new folder for "
            f"`out`{remedy}"
        )


def clear_run_folder(config: RunConfig) -> None:
    """Remove the run that is to be overwritten, if any.

    Args:
        config: of a checked run; its folder exists and is locked.
    """
    folder = config.out
    if config.overwrite:
        clear_leftovers(folder, FRONT_FOLDER)
        for file in _contents(folder)[0]:
            file.unlink()
        for place in map(folder.joinpath, RUN_FOLDERS):
            if place.is_dir():
                place.rmdir()
        (folder / RUN_FILES[0]).unlink(missing_ok=True)  # last, as it shows that this is a run
    remove_partials(folder)


def begin_run_folder(config: RunConfig, choice: Choice | None = None) -> None:
    """Write the configuration and environment of a run to its folder.

    Args:
        config: of the run; if it continues, its checkpoint has been accepted.
        choice: how its network is computed.
    """
    folder = config.out
    write_config(config, folder / "config.yaml")
    if not (folder / "environment.json").exists():
        found = {**environment(), **({"execution": choice.record()} if choice else {})}
        write_atomically(folder / "environment.json", json.dumps(found, indent=2) + "\n")


def was_compiled(folder: Path) -> bool | None:
    """Whether a run was started with a compiled network; None if its folder does not say."""
    try:
        return bool(json.loads((folder / "environment.json").read_bytes())["execution"]["compiled"])
    except (OSError, ValueError, KeyError, TypeError):  # damaged or not there: it is found anew
        return None


def _contents(folder: Path) -> tuple[list[Path], list[str]]:
    """The files that a run wrote, except its configuration and its lock, and the names of everything else.

    A link with the name of one of its files or folders counts as the run's; what it leads to doesn't.
    """
    own: list[Path] = []
    strange: list[str] = []
    for path in sorted(folder.iterdir()):
        if path.name in RUN_FOLDERS and path.is_dir() and not path.is_symlink():
            for file in sorted(path.iterdir()):
                is_own = RUN_FOLDERS[path.name].fullmatch(file.name) and file.is_file()
                if is_own or is_partial(file):
                    own.append(file)
                else:
                    strange.append(f"{path.name}/{file.name}")
        elif (path.is_symlink() and path.name in RUN_FOLDERS) or (path.name in RUN_FILES and not path.is_dir()):
            own += [path] if path.name not in (RUN_FILES[0], LOCK) else []
        elif not is_partial(path) and not FRONT_LEFT.fullmatch(path.name):
            strange.append(path.name)
    return own, strange


def _check_unchanged(config: RunConfig) -> None:
    """Compare a run's options with those that it was started with."""
    before = read_config(config.out / "config.yaml")
    if isinstance(text := before.get("degradation"), str) and text != GIVEN_PAIRS:
        before["degradation"] = normal_degradation(text)  # version 0.1 wrote it with its spaces
    now = config_values(config)
    compared = {**now, **before}.keys() - MAY_CHANGE - BY_CONTENT
    changed = [name for name in {**now, **before} if name in compared and before.get(name) != now.get(name)]
    if changed:
        listed = ", ".join(f"{name} was {before.get(name)} and is {now.get(name)}" for name in changed[:6])
        more = f" and {len(changed) - 6} more" if len(changed) > 6 else ""
        raise MfpsError(
            f"{config.out}: the run was started with other options: {shortened(listed, 4 * MAX_PLACE)}{more}; give the "
            "same ones, or a new folder for `out`"
        )


def environment() -> dict[str, str]:
    """Versions of Python, the system and the libraries that numbers depend on."""
    versions = {name: metadata.version(name) for name in LIBRARIES}
    return {**versions, "python": platform.python_version(), "system": platform.platform(), "cpus": str(os.cpu_count())}
