"""The arrays in which the published code family keeps an architecture, read and written.

A branch is a folder with `net_path.npy`, the level of each layer (0 is full size; level v is upsampling rate 8 / 2^v),
and `cell_structure.npy`, a row [edge, operation] for each kept edge. A genotype is a folder of such folders, named
after the branches. Nothing is ever unpickled.

The published decoder writes the rows of a node by falling weight. The published cell builds an operation for each row,
in the order of the rows, but runs them in the order of the edges: the first operation on the first kept edge, whichever
edge its own row names. The two orders are the two `PAIRINGS` of operations with edges.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import ValidationError

from ...errors import MfpsError, first_violation
from ...files.npy_file import open_array
from ...files.regular_file import is_folder
from ..branch_genotype import BranchGenotype, CellEdge
from ..operations import PUBLISHED_OPERATIONS
from ..prior_branches import PUBLISHED_PRIORS
from ..space import EDGES, KEPT_EDGES_PER_NODE, MAX_LAYERS, NODES, RATES, START_RATES, Edge

PATH_FILE, CELL_FILE = "net_path.npy", "cell_structure.npy"

LEVELS = tuple(reversed(RATES))
"""The rate of each published level."""

PUBLISHED_BRANCHES = ("upsample", *PUBLISHED_PRIORS, "fusion")
"""The branches of the published code; a prior added later has none there."""

KEPT_EDGES = KEPT_EDGES_PER_NODE * len(NODES)

PAIRINGS = ("rows", "published")
"""Which operation an edge has: that of its row, or the one that the published cell runs on it."""


class BranchArrays(NamedTuple):
    """A branch as the published code numbers it."""

    path: np.ndarray
    """Levels (layers,), int64."""
    cell: np.ndarray
    """Rows [edge, operation] (kept edges, 2), int64, in edge order."""


def check_pairing(pairing: str) -> None:
    """Raise an MfpsError unless `pairing` is one of `PAIRINGS`."""
    if pairing not in PAIRINGS:
        raise MfpsError(f"`pairing` {pairing!r} is not known; choose from {', '.join(PAIRINGS)}")


def as_published(edges: Iterable[Edge], operations: Sequence[str]) -> list[CellEdge]:
    """The cell that the published code runs: the operations one after the other, on the edges in edge order.

    Args:
        edges: the kept edges, in any order.
        operations: as many, in the order of the rows.
    """
    return [CellEdge.of(*pair) for pair in zip(sorted(edges, key=EDGES.index), operations, strict=True)]


def read_branch_arrays(folder: Path, branch: str, width: int, pairing: str = "rows") -> BranchGenotype:
    """Read a branch from its two arrays.

    Args:
        folder: holds `net_path.npy` and `cell_structure.npy`.
        branch: its name, which says where it starts.
        width: its base width; the arrays do not hold it.
        pairing: one of `PAIRINGS`; they differ only where the rows are not in edge order.

    Raises:
        MfpsError: an array is missing, does not hold integers, has another shape, or has a number that is not a level,
            edge or operation of the search space; or the path or cell breaks a rule of the genotype.
    """
    levels = _integers(
        folder / PATH_FILE,
        f"levels of 1 to {MAX_LAYERS} layers",
        lambda shape: len(shape) == 1 and 1 <= shape[0] <= MAX_LAYERS,
    )
    rows = _integers(
        folder / CELL_FILE, f"rows [edge, operation] ({KEPT_EDGES}, 2)", lambda shape: shape == (KEPT_EDGES, 2)
    )
    _check_range(levels, len(LEVELS), "level", "full size to an eighth", folder / PATH_FILE)
    _check_range(rows[:, 0], len(EDGES), "edge", f"{EDGES[0].name} to {EDGES[-1].name}", folder / CELL_FILE)
    _check_range(
        rows[:, 1], len(PUBLISHED_OPERATIONS), "operation", ", ".join(PUBLISHED_OPERATIONS), folder / CELL_FILE
    )
    edges = [EDGES[edge] for edge in rows[:, 0].tolist()]
    operations = [PUBLISHED_OPERATIONS[operation] for operation in rows[:, 1].tolist()]
    named = [CellEdge.of(*pair) for pair in zip(edges, operations, strict=True)]
    try:
        return BranchGenotype(
            start_rate=START_RATES[branch],  # pyright: ignore[reportArgumentType]
            width=width,
            path=[LEVELS[level] for level in levels.tolist()],  # pyright: ignore[reportArgumentType]
            cell=named if pairing == "rows" else as_published(edges, operations),
        )
    except ValidationError as error:
        raise first_violation(error, str(folder)) from None


def branch_arrays(branch: BranchGenotype, name: str) -> BranchArrays:
    """Convert a branch to the published code's arrays.

    Args:
        branch: the architecture.
        name: its name, for the error.

    Raises:
        MfpsError: the published code has no such branch, or an operation has no published number.
    """
    if name not in PUBLISHED_BRANCHES:
        raise MfpsError(
            f"{name}: the published code has no such branch; its branches are {', '.join(PUBLISHED_BRANCHES)}: keep "
            "the JSON file"
        )
    for edge, op in branch.operations.items():
        if op not in PUBLISHED_OPERATIONS:
            raise MfpsError(
                f"{name}: edge {edge.source} -> {edge.target} has the operation {op}, which the published arrays "
                f"cannot hold; they number {', '.join(PUBLISHED_OPERATIONS)}: keep the JSON file"
            )
    rows = [[EDGES.index(edge), PUBLISHED_OPERATIONS.index(op)] for edge, op in branch.operations.items()]
    return BranchArrays(np.array([LEVELS.index(rate) for rate in branch.path], np.int64), np.array(rows, np.int64))


def branch_folders(folder: Path) -> dict[str, Path]:
    """The branches whose arrays a folder holds in subfolders of their names; empty if there are none."""
    return {branch: folder / branch for branch in PUBLISHED_BRANCHES if is_folder(folder / branch)}


def _integers(file: Path, wanted: str, fits: Callable[[tuple[int, ...]], bool]) -> np.ndarray:
    array = open_array(file, f"a branch is a folder with {PATH_FILE} and {CELL_FILE}")
    if array.dtype.kind not in "iu" or not fits(array.shape):
        raise MfpsError(
            f"{file}: holds {array.dtype} {array.shape}, not integers, {wanted}; give the array that the search saved"
        )
    return np.array(array, np.int64)


def _check_range(values: np.ndarray, count: int, what: str, meaning: str, file: Path) -> None:
    outside = values[(values < 0) | (values >= count)]
    if outside.size:
        raise MfpsError(f"{file}: {what} {outside[0]} is not known; {what}s are 0 to {count - 1} ({meaning})")
