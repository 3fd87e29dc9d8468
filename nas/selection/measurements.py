"""What a selection has measured: each genotype once, whatever proposes it again, now or in a later call."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ...files.appended_line import append_line
from ...genotypes.evaluations import EVALUATIONS, Evaluation, measured, read_evaluations
from ...genotypes.genotype import Genotype
from .candidates import Candidates

EARLIER = "earlier"
"""The origin of what only an earlier selection on the same supernet proposed."""


class Scorer(NamedTuple):
    """How good a genotype is."""

    psnr: Callable[[Genotype], float]
    """In dB, of the supernet restricted to the genotype, on the faces that select."""
    digest: str
    """SHA-256 of the supernet and of these faces."""
    stop_if_asked: Callable[[], None] = lambda: None
    """Called before every measurement; raises RunStopped to end the selection."""


class Proposal(NamedTuple):
    """A genotype, and what first proposed it."""

    genotype: Genotype
    evaluation: Evaluation
    origin: str


class Measurements:
    """The evaluations of one supernet, in `evaluations.jsonl`. Each is on the disk before the next one begins.

    Args:
        folder: the run folder, which no other process is working in. A last line that a kill cut off is removed.
        candidates: what may be selected.
        judge: measures what is not in the file. Lines of another supernet or other faces stay and are not used.

    Attributes:
        proposed: what was proposed so far, by hash and in order.
        best: the best of it, the cheaper one of equals; None before the first.

    Raises:
        MfpsError: a line was changed after it was written.
    """

    def __init__(self, folder: Path, candidates: Candidates, judge: Scorer) -> None:
        self._file, self._candidates, self._judge = folder / EVALUATIONS, candidates, judge
        self.proposed: dict[str, Proposal] = {}
        self.best: Proposal | None = None
        found, size = read_evaluations(folder)
        if self._file.exists() and self._file.stat().st_size > size:
            os.truncate(self._file, size)
        self._known = {evaluation.hash: evaluation for evaluation in found if evaluation.supernet == judge.digest}

    def measure(self, genotype: Genotype, origin: str) -> Evaluation:
        """The evaluation of a genotype: a known one, or a new one.

        Args:
            genotype: one within the budget.
            origin: what proposed it.

        Raises:
            RunStopped: a signal asked to stop.
            MfpsError: its PSNR is not finite, or the file cannot be written.
        """
        key = genotype.hash
        if key not in self.proposed:
            self._judge.stop_if_asked()
            if key not in self._known:
                cost, digest = self._candidates.cost(genotype), self._judge.digest
                evaluation = measured(genotype, self._judge.psnr(genotype), cost, digest)
                append_line(self._file, evaluation.line)
                self._known[key] = evaluation
            found = self.proposed[key] = Proposal(genotype, self._known[key], origin)
            self.best = found if self.best is None else min(self.best, found, key=_quality_first)
        return self.proposed[key].evaluation

    def known(self, genotype: Genotype) -> Evaluation | None:
        """A genotype's evaluation, if there is one."""
        return self._known.get(genotype.hash)

    def all(self) -> Iterator[Proposal]:
        """All that was measured on this supernet, also outside the budget: what was proposed, then what was before."""
        yield from self.proposed.values()
        for key, evaluation in self._known.items():
            if key not in self.proposed:
                yield Proposal(evaluation.genotype, evaluation, EARLIER)


def _quality_first(proposal: Proposal) -> tuple[float, int, int, str]:
    evaluation = proposal.evaluation
    return -evaluation.psnr, evaluation.flops, evaluation.parameters, evaluation.hash
