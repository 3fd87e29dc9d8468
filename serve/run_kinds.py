"""What a run folder is about: a search, a training or an evaluation."""

from pathlib import Path
from typing import Literal

from ..files.regular_file import is_file
from ..nas.report.run_files import RunFiles, read_run_files

EVALUATION = "evaluation.json"

RUN_FILES = (EVALUATION, "history.jsonl", "config.yaml", "genotype.json")
"""Files by which a run folder is known; one of them is enough."""

Kind = Literal["search", "training", "evaluation"]


def kind_of(folder: Path, files: RunFiles | None = None) -> Kind:
    """What a run folder is about.

    Args:
        folder: the run folder.
        files: what it holds, if that was read already.
    """
    if is_file(folder / EVALUATION):
        return "evaluation"
    files = files or read_run_files(folder)
    searched = "strategy" in files.config or any({"probabilities", "worth"} & record.keys() for record in files.history)
    return "search" if searched else "training"
