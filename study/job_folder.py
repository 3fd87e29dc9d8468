"""The folder of a job: what it is, by which recipe, what it was given, what it cost, and how it ended.

job.json        the job, its recipe and the recipe's hash
options.yaml    the options of its command
log.txt         what the command printed, in all sittings
spent.json      of each sitting: CPU seconds, wall seconds, and the exit status
run/            what the command writes
"""

import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError

from ..errors import MAX_MESSAGE, MfpsError, first_violation, printable, shortened
from ..files.atomic_file import remove_leftovers, write_atomically
from ..files.atomic_folder import written_to
from ..files.json_text import read_strict
from ..files.regular_file import is_file, read_text
from ..files.yaml_text import plain_yaml
from ..genotypes.branch_genotype import StrictModel
from .jobs import RUN, Job
from .recipe import check_same_recipe, content_sha256

OPTIONS, LOG, SPENT, JOB = "options.yaml", "log.txt", "spent.json", "job.json"

MAX_BYTES = 10_000_000
"""Of a job's own files."""

PRODUCT = {
    "search": "front.json",
    "select": "front.json",
    "retrain": "weights.safetensors",
    "evaluate": "evaluation.json",
    "rank": "ranking.json",
    "bench": "bench.json",
}
"""What a command has written below `run` when it ended well."""

OF_SOME = ("search", "timing")
"""Sections of a recipe by which only the jobs of that name are done."""

WHOLE = ("select", "evaluate", "rank", "bench")
"""Commands whose folder is there only when all of it is."""

STOPPED = {128 + signum for signum in (signal.SIGINT, signal.SIGTERM)} | {-signal.SIGINT, -signal.SIGTERM}
"""Exit statuses of a process that was asked to stop, which is no failure."""


class Sitting(StrictModel):
    """One run of a job's command."""

    cpu_seconds: float = Field(ge=0)
    """Of the process and of all that it started and waited for."""
    wall_seconds: float = Field(ge=0)
    status: int
    """As the system says it: 0, an error's number, or minus a signal's."""


_SITTINGS = TypeAdapter(list[Sitting])


class JobFolder(NamedTuple):
    """The folder of a job; it may not exist yet."""

    path: Path
    job: Job

    @property
    def study(self) -> Path:
        """The study's folder."""
        return self.path.parents[len(Path(self.job.name).parts)]

    @property
    def run(self) -> Path:
        """What the command writes."""
        return self.path / RUN

    @property
    def product(self) -> Path:
        """The file that shows that the command has ended well."""
        return self.run / PRODUCT[self.job.command]

    def prepare(self, options: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        """Write what the command is given.

        Args:
            options: of the command.
            content: of the recipe.

        Raises:
            MfpsError: it cannot be written.
        """
        with written_to(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        described = {name: getattr(self.job, name) for name in ("name", "what", "arm", "seed", "command")}
        written = {**described, "recipe_sha256": content_sha256(content), "recipe": content}
        for name, text in (
            (JOB, json.dumps(written, indent=1) + "\n"),
            (OPTIONS, plain_yaml(dict(options))),
        ):
            remove_leftovers(self.path / name)
            write_atomically(self.path / name, text)

    def check_recipe(self, content: Mapping[str, Any]) -> None:
        """Raise an MfpsError if the job was begun by another recipe, or if its files are damaged."""
        if not is_file(file := self.path / JOB):
            return
        try:
            before = read_strict(read_text(file, "job", MAX_BYTES))["recipe"]
            damaged = content_sha256(before) != read_strict(read_text(file, "job", MAX_BYTES))["recipe_sha256"]
        except (KeyError, TypeError):
            damaged, before = True, {}
        if damaged:
            raise MfpsError(f"{file}: was changed after it was written; remove the folder, and the job begins again")
        before = {name: part for name, part in before.items() if name == self.job.what or name not in OF_SOME}
        check_same_recipe(before, content, self.path)

    def sittings(self) -> list[Sitting]:
        """What the job has cost so far.

        Raises:
            MfpsError: the file is damaged.
        """
        if not is_file(file := self.path / SPENT):
            return []
        try:
            return _SITTINGS.validate_python(read_strict(read_text(file, "record of costs", MAX_BYTES)))
        except (ValidationError, MfpsError) as error:
            problem = first_violation(error) if isinstance(error, ValidationError) else error
            raise MfpsError(f"{file}: not a record of costs ({problem}); restore it, or remove it") from None

    def add_sitting(self, sitting: Sitting) -> None:
        """Record what the job has cost in one more run of its command."""
        rows = [json.dumps(one.model_dump()) for one in (*self.sittings(), sitting)]
        write_atomically(self.path / SPENT, "[\n  {}\n]\n".format(",\n  ".join(rows)))

    @property
    def done(self) -> bool:
        """Whether the job has ended well, and what it wrote is there."""
        if not is_file(self.product):
            return False
        sittings = self.sittings()
        return self.job.command in WHOLE or (bool(sittings) and sittings[-1].status == 0)

    @property
    def error(self) -> str | None:
        """How the job failed when it ran last; None if it did not, or was only stopped."""
        sittings = self.sittings()
        if self.done or not sittings or sittings[-1].status in STOPPED:
            return None
        if (status := sittings[-1].status) < 0:
            return f"killed by {signal.Signals(-status).name}"
        if status == 0:
            return f"ended well, but {self.product} is not there; give the same command again"
        return last_line(self.path / LOG) or f"ended with status {status} and said nothing"


def last_line(file: Path) -> str:
    """The last line of a log that is not empty; empty if there is none."""
    if not is_file(file):
        return ""
    with file.open("rb") as opened:
        opened.seek(max(file.stat().st_size - 10_000, 0))
        lines = opened.read().decode(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return shortened(printable(said[-1]), MAX_MESSAGE) if said else ""
