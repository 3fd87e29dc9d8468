"""What a search decided: its genotype with margins, and the probabilities in an epoch's record."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..genotypes.backbone import Backbone
from ..genotypes.branch_genotype import BranchGenotype
from ..genotypes.decode import BranchProbabilities, DecodedBranch, decode_branch
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import read_epoch
from ..genotypes.searched_epoch import damaged, epoch_record
from ..genotypes.space import BranchSpace, End, Transition


def derive_genotype(
    spaces: Mapping[str, BranchSpace],
    probabilities: Mapping[str, BranchProbabilities],
    fixed: Mapping[str, BranchGenotype],
    name: str,
    provenance: dict[str, Any],
    backbone: Backbone | None = None,
) -> tuple[Genotype, dict[str, DecodedBranch]]:
    """Decode every searched branch and add the fixed ones.

    Args:
        spaces: the searched branches' spaces.
        probabilities: what their supernets believe.
        fixed: the branches that were held at a known architecture.
        name: the genotype's name.
        provenance: where it comes from; the margins are added.
        backbone: of the network, if its space has a choice of them.

    Returns:
        The genotype, and each searched branch as decoded.
    """
    decoded = {branch: decode_branch(spaces[branch], probabilities[branch]) for branch in probabilities}
    branches = {branch: found.genotype for branch, found in decoded.items()} | dict(fixed)
    provenance = {**provenance, "margins": margins(decoded)}
    return Genotype.of(branches, backbone, name, provenance), decoded


def margins(decoded: Mapping[str, DecodedBranch]) -> dict[str, dict[str, float | None]]:
    """How clear-cut each branch's decision was: path margin (nats), cell margin (probability); None for no choice."""
    return {
        branch: {"path": _finite(found.path_margin), "cell": _finite(found.cell_margin)}
        for branch, found in decoded.items()
    }


def decisions(
    entropies: Mapping[str, Mapping[str, float]],
    probabilities: Mapping[str, BranchProbabilities],
    decoded: Mapping[str, DecodedBranch],
) -> dict[str, Any]:
    """The softmaxes' part of an epoch's record, as JSON data; `searched_epoch` reads it back.

    Args:
        entropies: of each searched branch, by kind of choice.
        probabilities: what each supernet believes.
        decoded: each searched branch as decoded.
    """
    return {
        "entropy": dict(entropies),
        "margin": margins(decoded),
        "top_paths": {
            name: [{"score": round(path.score, 6), "path": list(path.path)} for path in branch.paths]
            for name, branch in decoded.items()
        },
        "probabilities": {name: probabilities_to_json(branch) for name, branch in probabilities.items()},
    }


def probabilities_to_json(probabilities: BranchProbabilities) -> dict[str, Any]:
    """A branch's probabilities as JSON data, rounded to 6 digits."""
    return {
        "operations": np.round(probabilities.operations, 6).tolist(),
        "transitions": [[*transition, round(weight, 6)] for transition, weight in probabilities.transitions.items()],
        "ends": [[*end, round(weight, 6)] for end, weight in probabilities.ends.items()],
    }


def probabilities_from_json(data: Mapping[str, Any]) -> BranchProbabilities:
    """The inverse of `probabilities_to_json`, up to rounding."""
    ends = data["ends"]
    if isinstance(ends, dict):  # version 0.2 ended all paths in the last layer, and named the rate alone
        last = max(layer for layer, *_ in data["transitions"])
        ends = [(last, int(rate), weight) for rate, weight in ends.items()]
    return BranchProbabilities(
        np.asarray(data["operations"], dtype=np.float64),
        {Transition(layer, source, target): weight for layer, source, target, weight in data["transitions"]},
        {End(layer, rate): weight for layer, rate, weight in ends},
    )


def searched_epoch(folder: Path, epoch: int) -> tuple[Genotype, dict[str, BranchProbabilities]]:
    """Read the genotype and the probabilities that a search had after an epoch.

    Args:
        folder: the search's run folder.
        epoch: from 1 on.

    Returns:
        The genotype, and the probabilities of each searched branch.

    Raises:
        MfpsError: there is no such run or epoch, it is not a search's, or its record is damaged.
    """
    recorded = epoch_record(folder, epoch)["probabilities"]
    try:
        probabilities = {name: probabilities_from_json(branch) for name, branch in recorded.items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise damaged(folder, epoch) from None
    return read_epoch(folder, epoch), probabilities


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
