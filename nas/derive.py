"""Reading a searched network: its genotype with margins, its entropies, and the record of an epoch."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.journal import read_history
from ..errors import MfpsError
from ..genotypes.decode import BranchProbabilities, DecodedBranch, decode_branch
from ..genotypes.genotype import SCHEMA, Branches, BranchGenotype, Genotype
from ..genotypes.genotype_file import parse_genotype
from ..genotypes.space import BranchSpace, Transition


def derive_genotype(
    spaces: Mapping[str, BranchSpace],
    probabilities: Mapping[str, BranchProbabilities],
    fixed: Mapping[str, BranchGenotype],
    name: str,
    provenance: dict[str, Any],
) -> tuple[Genotype, dict[str, DecodedBranch]]:
    """Decode every searched branch and put the fixed ones beside them.

    Args:
        spaces: the searched branches' spaces.
        probabilities: what their supernets believe.
        fixed: the branches that were held.
        name: the genotype's name.
        provenance: where it comes from; the margins are added.

    Returns:
        The genotype, and each searched branch as decoded.
    """
    decoded = {branch: decode_branch(spaces[branch], probabilities[branch]) for branch in probabilities}
    branches = {branch: found.genotype for branch, found in decoded.items()} | dict(fixed)
    provenance = {**provenance, "margins": margins(decoded)}
    return Genotype(schema=SCHEMA, name=name, provenance=provenance, branches=Branches(**branches)), decoded


def margins(decoded: Mapping[str, DecodedBranch]) -> dict[str, dict[str, float | None]]:
    """How sure each branch's decision was: path margin (nats) and cell margin (probability); None without a choice."""
    return {
        branch: {"path": _finite(found.path_margin), "cell": _finite(found.cell_margin)}
        for branch, found in decoded.items()
    }


def entropies(space: BranchSpace, probabilities: BranchProbabilities) -> dict[str, float]:
    """Mean entropy of each kind of choice, as a share of its maximum: 1 for even odds, 0 for a decision.

    Args:
        space: the branch's search space.
        probabilities: what its supernet believes.

    Returns:
        `operations`, `transitions` and `ends`, each only where there is such a choice.
    """
    groups = {
        "operations": list(probabilities.operations),
        "transitions": [
            [probabilities.transitions[t] for t in space.incoming(layer, rate)]
            for layer, rates in enumerate(space.rates)
            for rate in rates
        ],
        "ends": [list(probabilities.ends.values())],
    }
    shares = {
        kind: [_relative_entropy(np.asarray(group, dtype=np.float64)) for group in members if len(group) > 1]
        for kind, members in groups.items()
    }
    return {kind: float(np.mean(values)) for kind, values in shares.items() if values}


def probabilities_to_json(probabilities: BranchProbabilities) -> dict[str, Any]:
    """A branch's probabilities as JSON data, rounded to 6 digits."""
    return {
        "operations": np.round(probabilities.operations, 6).tolist(),
        "transitions": [[*transition, round(weight, 6)] for transition, weight in probabilities.transitions.items()],
        "ends": {str(rate): round(weight, 6) for rate, weight in probabilities.ends.items()},
    }


def probabilities_from_json(data: Mapping[str, Any]) -> BranchProbabilities:
    """The inverse of `probabilities_to_json`, up to rounding."""
    return BranchProbabilities(
        np.asarray(data["operations"], dtype=np.float64),
        {Transition(layer, source, target): weight for layer, source, target, weight in data["transitions"]},
        {int(rate): weight for rate, weight in data["ends"].items()},
    )


def searched_epoch(folder: Path, epoch: int) -> tuple[Genotype, dict[str, BranchProbabilities]]:
    """The genotype and the probabilities that a search had after an epoch.

    Args:
        folder: the search's run folder.
        epoch: from 1 on.

    Raises:
        MfpsError: no such run or epoch, or not a search's.
    """
    history = {record.get("epoch"): record for record in read_history(folder)}
    searched = [str(number) for number, record in history.items() if "probabilities" in record]
    if not searched:
        raise MfpsError(f"{folder}: has no searched epoch; give the folder of a search")
    if str(epoch) not in searched:
        raise MfpsError(f"{folder}: has no searched epoch {epoch}; it has {', '.join(searched)}")
    record = history[epoch]
    try:
        text = json.dumps({"schema": SCHEMA, "name": f"{folder.name}, epoch {epoch}", "branches": record["genotype"]})
        probabilities = {name: probabilities_from_json(branch) for name, branch in record["probabilities"].items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MfpsError(f"{folder / 'history.jsonl'}: epoch {epoch} is damaged; draw another epoch") from None
    return parse_genotype(text, str(folder / "history.jsonl")), probabilities


def _relative_entropy(p: np.ndarray) -> float:
    positive = p[p > 0]
    return float(-(positive * np.log(positive)).sum() / math.log(len(p)))


def _finite(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
