"""An architecture as integer tensors beside its weights, for programs that see nothing of a file but its state dict.

Four buffers, int64, and a fifth in version 2, which is written for a genotype with a backbone. Their names, their order
and their numbers are a file format: within a version new numbers are only appended.

    mfps.format    (1,)        the version
    mfps.network   (6,)        `NETWORK`: size, width, iterations, blocks, base, base window
    mfps.path      (layers,)   the upsampling rate of each layer's cell
    mfps.cell      (edges, 2)  for each kept edge its number and that of its operation
    mfps.backbone  (4,)        `BACKBONE`: blocks before the path and after it, widths as numbers of `SHARES`

They describe a network without facial priors, which such programs do not have; see `spandrel.spandrel_state`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import torch
from pydantic import ValidationError
from torch import Tensor

from ..errors import MfpsError, first_violation
from ..genotypes.backbone import SHARES, Backbone
from ..genotypes.base import Base
from ..genotypes.branch_genotype import BranchGenotype, CellEdge
from ..genotypes.genotype import Genotype
from ..genotypes.space import EDGES, MAX_LAYERS, OPERATIONS, START_RATES
from ..inference.network_facts import GenotypeFacts
from ..networks.network_config import NetworkConfig
from ..networks.restorer import STRIDE

VERSION, BACKBONE_VERSION, NORMS_VERSION = VERSIONS = 1, 2, 3
"""The last is that of networks whose iterations have norms of their own, with or without a backbone."""

FORMAT, NETWORK, PATH, CELL = BUFFERS = ("mfps.format", "mfps.network", "mfps.path", "mfps.cell")
"""The names of the buffers that every file has."""

BACKBONE = "mfps.backbone"
"""The name of the buffer of a network with a backbone, in files of version 2 or later."""

BASES = get_args(Base)
"""The base of each number."""

MAX_SIZE = 2**14
"""Largest side of a face that a file may name."""

REMEDY = "give a file that `mfps export` wrote for spandrel"


def to_buffers(facts: GenotypeFacts) -> dict[str, Tensor]:
    """Write down what is known of a network without priors.

    Args:
        facts: its genotype has the upsample branch alone.

    Returns:
        The tensors by their names; `from_buffers` reads them back, without the genotype's name and provenance.
    """
    branch, backbone, config = facts.genotype.branches.upsample, facts.genotype.backbone, facts.config
    base = BASES.index(config.base)
    version = VERSION if backbone is None else BACKBONE_VERSION
    if not config.shared_norms:
        version = NORMS_VERSION
    numbers = {
        FORMAT: [version],
        NETWORK: [facts.size, branch.width, config.iterations, config.blocks, base, config.base_window],
        PATH: list(branch.path),
        CELL: [[EDGES.index(edge), OPERATIONS.index(name)] for edge, name in branch.operations.items()],
    }
    if backbone is not None:
        widths = [SHARES.index(share) for share in (backbone.redistill, backbone.restore)]
        numbers[BACKBONE] = [backbone.encoder_blocks, backbone.refine_blocks, *widths]
    return {name: torch.tensor(values, dtype=torch.int64) for name, values in numbers.items()}


def from_buffers(state: Mapping[str, Any]) -> GenotypeFacts:
    """Read what `to_buffers` wrote.

    Args:
        state: a state dict that has them; what else it holds is not looked at.

    Raises:
        MfpsError: a buffer is missing or damaged, or was written by a newer version.
    """
    missing = [name for name in BUFFERS if name not in state]
    if missing:
        raise MfpsError(f"the state dict lacks {missing[0]}; {REMEDY}")
    (version,) = _numbers(state, FORMAT, 1, 1)
    if version not in VERSIONS:
        read = f"{VERSION} to {NORMS_VERSION}"
        raise MfpsError(f"{FORMAT} is {version}: this version of mfps reads {read}; upgrade mfps")
    if version == BACKBONE_VERSION and BACKBONE not in state:
        raise MfpsError(f"the state dict lacks {BACKBONE}; {REMEDY}")
    size, width, iterations, blocks, base, window = _numbers(state, NETWORK, 6, 6)
    if not (0 < size <= MAX_SIZE and size % STRIDE == 0):
        raise _damaged(NETWORK, f"the side {size} is no positive multiple of {STRIDE} up to {MAX_SIZE}")
    rows = [(row[0], row[1]) for row in _rows(state)]
    cell = [CellEdge.of(_at(EDGES, edge, CELL, "edge"), _at(OPERATIONS, op, CELL, "operation")) for edge, op in rows]
    try:
        branch = BranchGenotype(
            start_rate=START_RATES["upsample"],  # pyright: ignore[reportArgumentType]
            width=width,
            path=_numbers(state, PATH, 1, MAX_LAYERS),  # pyright: ignore[reportArgumentType]
            cell=cell,
        )
        config = NetworkConfig(
            iterations=iterations,
            blocks=blocks,
            base=_at(BASES, base, NETWORK, "base"),
            base_window=window,
            shared_norms=version != NORMS_VERSION,
        )
        backbone = _backbone(state) if version != VERSION and BACKBONE in state else None
        genotype = Genotype.of({"upsample": branch}, backbone, "spandrel")
    except ValidationError as error:
        raise first_violation(error, "the state dict's buffers mfps.* are damaged") from None
    return GenotypeFacts(genotype, config, {"kind": "spandrel", "size": size})


def _backbone(state: Mapping[str, Any]) -> Backbone:
    encoder, refine, *widths = _numbers(state, BACKBONE, 4, 4)
    redistill, restore = (_at(SHARES, number, BACKBONE, "width") for number in widths)
    return Backbone(encoder_blocks=encoder, refine_blocks=refine, redistill=redistill, restore=restore)  # pyright: ignore[reportCallIssue] - `fusion` has a default


def _numbers(state: Mapping[str, Any], name: str, least: int, most: int) -> list[int]:
    tensor = _integers(state, name)
    if tensor.ndim != 1 or not least <= len(tensor) <= most:
        raise _damaged(name, f"its shape is {tuple(tensor.shape)}")
    return tensor.tolist()


def _rows(state: Mapping[str, Any]) -> list[list[int]]:
    tensor = _integers(state, CELL)
    if tensor.ndim != 2 or len(tensor) > len(EDGES) or tensor.shape[1] != 2:
        raise _damaged(CELL, f"its shape is {tuple(tensor.shape)}")
    return tensor.tolist()


def _integers(state: Mapping[str, Any], name: str) -> Tensor:
    tensor = state[name]
    if not isinstance(tensor, Tensor) or tensor.dtype != torch.int64 or tensor.layout != torch.strided:
        raise _damaged(name, "it is no dense int64 tensor")
    return tensor


def _at(known: Sequence[Any], number: int, name: str, what: str) -> Any:
    """What a number stands for. Later versions of mfps append to what this one knows."""
    if not 0 <= number < len(known):
        raise MfpsError(f"{name} has the {what} {number}, which is not known; upgrade mfps, or {REMEDY}")
    return known[number]


def _damaged(name: str, why: str) -> MfpsError:
    return MfpsError(f"{name} is damaged: {why}; {REMEDY}")
