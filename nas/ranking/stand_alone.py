"""What the networks of genotypes reach when they are trained alone, from evaluations of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import MfpsError, shown
from ...files.regular_file import is_file, is_folder
from ...genotypes.genotype import Genotype
from ...inference.earlier_evaluation import EarlierEvaluation
from .agreement import LEAST

TRAINED_ALIKE = ("data", "size", "degradation", "priors", "solver")
"""What the provenance of networks trained alike has in common. Not the step, which is that of the best epoch."""


class StandAlone(NamedTuple):
    """The networks of some genotypes, each evaluated on the same faces.

    Attributes:
        psnr: of the last iteration in dB, for each genotype in order.
        files: the evaluations they are from, in the same order.
        convention: what all of them judged; see `EarlierEvaluation.convention`.
        unlike: by name, those of `TRAINED_ALIKE` that differ: each value, as text.
    """

    psnr: list[float]
    files: list[Path]
    convention: dict[str, Any]
    unlike: dict[str, list[str]]


def read_stand_alone(genotypes: Mapping[str, Genotype], against: Sequence[Path]) -> StandAlone:
    """Read the evaluations of genotypes' own networks.

    Args:
        genotypes: by the name under which each was given.
        against: for each an `evaluation.json` or the folder that holds it, or a folder of such folders.

    Raises:
        MfpsError: there are too few genotypes to compare, or two are the same architecture; a file is not an
            evaluation; two did not judge the same inputs; or genotypes and evaluations do not belong to each other one
            by one.
    """
    if len(genotypes) < LEAST:
        raise MfpsError(f"{len(genotypes)} genotypes have no order to compare with `against`: give at least {LEAST}")
    evaluations = [EarlierEvaluation(path) for place in against for path in _evaluations_in(place)]
    names: dict[str, str] = {}
    for name, genotype in genotypes.items():
        if (first := names.setdefault(genotype.hash, name)) != name:
            raise MfpsError(f"{name}: the same architecture as {first}, and would count twice; leave one out")
    found: dict[str, EarlierEvaluation] = {}
    for evaluation in evaluations:
        if evaluation.genotype not in names:
            raise MfpsError(
                f"{evaluation.path}: of an architecture ({evaluation.genotype[:8]}) that is none of the genotypes (the "
                "same at another width is another one); name its genotype too, or leave the evaluation out"
            )
        if evaluation.genotype in found:
            raise MfpsError(
                f"{evaluation.path}: of {names[evaluation.genotype]}, like {found[evaluation.genotype].path}; give one "
                "evaluation for each genotype"
            )
        found[evaluation.genotype] = evaluation
        evaluation.check_same_inputs(evaluations[0])
    if missing := [name for digest, name in names.items() if digest not in found]:
        more = f" [and {len(missing) - 1} more]" if len(missing) > 1 else ""
        raise MfpsError(
            f"{missing[0]}{more}: none of the evaluations in `against` is of its network; train and evaluate it, or "
            "leave it out"
        )
    ordered = [found[digest] for digest in names]
    values = {key: list(dict.fromkeys(shown(e.provenance.get(key)) for e in ordered)) for key in TRAINED_ALIKE}
    return StandAlone(
        [evaluation.psnr for evaluation in ordered],
        [evaluation.path for evaluation in ordered],
        ordered[0].convention,
        {key: differing for key, differing in values.items() if len(differing) > 1},
    )


def _evaluations_in(place: Path) -> list[Path]:
    """The evaluation that a path names, or those in the folders below it."""
    if is_folder(place) and not is_file(place / "evaluation.json"):
        return sorted(place.glob("*/evaluation.json")) or [place]
    return [place]
