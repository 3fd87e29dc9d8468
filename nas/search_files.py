"""The files of a search besides those of every run: what its softmaxes decided, and drawings of it."""

from collections.abc import Mapping
from pathlib import Path

from ..files.atomic_file import write_atomically
from ..genotypes.decode import BranchProbabilities
from ..genotypes.drawing.drawing import draw_genotype
from ..genotypes.genotype import Genotype

DECODED = "decoded.json"
"""The genotype that the search itself decided on, in its run folder."""


def write_decoded(folder: Path, genotype: Genotype, probabilities: Mapping[str, BranchProbabilities]) -> None:
    """Write what is decoded from the softmaxes, and drawings of it with the transitions' probabilities.

    Args:
        folder: the run folder.
        genotype: the decoded architecture.
        probabilities: of each searched branch.
    """
    write_atomically(folder / DECODED, genotype.to_json())
    for suffix in ("svg", "png"):
        draw_genotype(genotype, folder / f"supernet.{suffix}", dict(probabilities))
