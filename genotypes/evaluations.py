"""`evaluations.jsonl`: what a selection measured, a line for each genotype, so that nothing is measured twice.

A line holds for one supernet and one set of faces, which its `supernet` identifies. A line that was edited is refused;
a last one that a kill cut off is left out.
"""

import json
import math
import os
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, ValidationError

from ..errors import MfpsError, first_violation
from ..files.json_text import read_strict
from ..files.regular_file import read_bytes
from ..files.sealed_json import check_of
from .backbone import Backbone
from .branch_genotype import StrictModel
from .genotype import Branches, Genotype

EVALUATIONS = "evaluations.jsonl"
"""The file's name in a run folder."""

MAX_EVALUATIONS_BYTES = 2**30
"""A line takes one to four kilobytes."""


class Evaluation(StrictModel):
    """One genotype as a supernet restricted to it restores faces, and what its network costs."""

    hash: str = Field(description="The genotype's hash.")
    psnr: float = Field(allow_inf_nan=False, description="Mean PSNR in dB on the faces that select.")
    parameters: int = Field(ge=0, description="Parameters of the whole network.")
    flops: int = Field(ge=0, description="FLOPs of the whole network for one face, all iterations.")
    supernet: str = Field(description="SHA-256 of the supernet and of the faces that select.")
    branches: Branches
    backbone: Backbone | None = None

    @property
    def genotype(self) -> Genotype:
        """The genotype, unnamed."""
        return Genotype.of({name: branch for name, branch in self.branches if branch is not None}, self.backbone)

    @property
    def line(self) -> str:
        """The line in the file, whose `check` is the SHA-256 of the rest."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps({**content, "check": check_of(content)})


class Evaluations(NamedTuple):
    """The lines of a file.

    Attributes:
        found: every whole line, in order.
        size: bytes of the whole lines; what stands behind them was cut off by a kill.
    """

    found: list[Evaluation]
    size: int


def read_evaluations(folder: Path) -> Evaluations:
    """Read the evaluations in a run folder; a folder without any has none.

    Args:
        folder: the run folder of a search.

    Raises:
        MfpsError: a line was changed after it was written, or the file cannot be read; the message names file and line.
    """
    file = folder / EVALUATIONS
    if not os.path.lexists(file):
        return Evaluations([], 0)
    content = read_bytes(file, "file of evaluations", MAX_EVALUATIONS_BYTES)
    whole = content[: content.rfind(b"\n") + 1]
    lines = whole.split(b"\n")[:-1]
    return Evaluations([_parse(line, f"{file}, line {i}") for i, line in enumerate(lines, 1)], len(whole))


def measured(genotype: Genotype, psnr: float, cost: tuple[int, ...], supernet: str) -> Evaluation:
    """A new evaluation.

    Args:
        genotype: what was measured.
        psnr: in dB.
        cost: parameters and FLOPs of its whole network; what follows them is not kept.
        supernet: the SHA-256 of the supernet and of the faces.

    Raises:
        MfpsError: the PSNR is not finite.
    """
    if not math.isfinite(psnr):
        raise MfpsError(
            f"genotype {genotype.hash[:8]}: its PSNR on the supernet is {psnr}, not a finite number: the supernet's "
            "weights or the faces are damaged; search again"
        )
    parameters, flops, *_ = cost
    return Evaluation(
        hash=genotype.hash,
        psnr=psnr,
        parameters=parameters,
        flops=flops,
        supernet=supernet,
        branches=genotype.branches,
        backbone=genotype.backbone,
    )


def _parse(line: bytes, where: str) -> Evaluation:
    remedy = "remove this line, and it is evaluated again"
    try:
        content = read_strict(line.decode())
    except UnicodeDecodeError:
        raise MfpsError(f"{where}: not UTF-8 text; {remedy}") from None
    except MfpsError as error:
        raise MfpsError(f"{where}: {error}; {remedy}") from None
    if not isinstance(content, dict) or content.pop("check", None) != check_of(content):
        raise MfpsError(f"{where}: was changed after it was written; {remedy}")
    try:
        evaluation = Evaluation.model_validate(content, by_alias=True, by_name=False)
    except ValidationError as error:
        raise first_violation(error, where) from None
    if evaluation.genotype.hash != evaluation.hash:
        raise MfpsError(f"{where}: its hash is not that of its genotype; {remedy}")
    return evaluation
