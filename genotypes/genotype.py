"""The genotype: an architecture as data, the contract between search and retraining.

`Genotype.hash` identifies the architecture whatever its formatting or provenance.
"""

import hashlib
import json
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    field_validator,
    model_validator,
)

from ..errors import MfpsError
from ..files.json_text import compact_leaves
from .space import (
    EDGES,
    KEPT_EDGES_PER_NODE,
    MAX_LAYERS,
    MAX_WIDTH,
    NODES,
    PRIORS,
    RATES,
    START_RATES,
    BranchSpace,
    Edge,
    fusion_width,
)

SCHEMA = "mfps.genotype/1"
"""The file format's name and version; a newer version is refused, an older one migrated by a named function."""


def _plain_integer(value: object) -> object:
    # To Python, and so to `Literal`, True and 1.0 equal 1.
    if type(value) in (bool, float):
        raise MfpsError(f"{value!r} is not a rate: give one of the integers {', '.join(map(str, RATES))}")
    return value


Rate = Annotated[Literal[1, 2, 4, 8], BeforeValidator(_plain_integer)]
Operation = Literal["skip", "conv_3x3", "conv_5x5", "conv_7x7"]
Source = Literal["s0", "s1", "n0", "n1"]
Node = Literal["n0", "n1", "n2"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class CellEdge(_Strict):
    """One kept edge of a cell with its operation."""

    source: Source = Field(alias="from", description="The cell input (s0, s1) or earlier node the edge starts from.")
    target: Node = Field(alias="to", description="The node the edge ends in.")
    op: Operation = Field(description="The operation on the edge.")

    @classmethod
    def of(cls, edge: Edge, operation: str) -> "CellEdge":
        """The kept edge `edge` with the operation named `operation`."""
        return cls(source=edge.source, target=edge.target, op=operation)  # pyright: ignore[reportArgumentType, reportCallIssue]

    @property
    def edge(self) -> Edge:
        """The edge without its operation."""
        return Edge(self.source, self.target)


class BranchGenotype(_Strict):
    """The architecture of one branch: its start, its width, its path and the cell that all its layers share."""

    start_rate: Rate = Field(description="Upsampling rate at which the branch starts.")
    width: int = Field(ge=1, le=MAX_WIDTH, description="Base width: a cell at rate r has width * 8 / r channels.")
    path: list[Rate] = Field(min_length=1, max_length=MAX_LAYERS, description="The rate of each layer's cell.")
    cell: list[CellEdge] = Field(description="Two edges for each node, each with its operation.")

    @field_validator("path")
    @classmethod
    def _moves_one_step(cls, path: list[int]) -> list[int]:
        for layer, (source, target) in enumerate(pairwise(path), start=1):
            if abs(RATES.index(source) - RATES.index(target)) > 1:
                raise MfpsError(
                    f"illegal path: layer {layer} jumps from rate {source} to {target}; "
                    f"neighbouring layers differ by one of the steps {' - '.join(map(str, RATES))}"
                )
        return path

    @field_validator("cell")
    @classmethod
    def _two_edges_a_node(cls, cell: list[CellEdge]) -> list[CellEdge]:
        for kept in cell:
            if kept.edge not in EDGES:
                raise MfpsError(
                    f"edge {kept.source} -> {kept.target} does not exist: a node takes cell inputs and earlier nodes"
                )
        for node in NODES:
            sources = [kept.source for kept in cell if kept.target == node]
            if len(sources) != KEPT_EDGES_PER_NODE or len(set(sources)) != len(sources):
                raise MfpsError(
                    f"node {node} takes {sources or 'nothing'}: every node keeps {KEPT_EDGES_PER_NODE} different edges"
                )
        return sorted(cell, key=lambda kept: EDGES.index(kept.edge))

    @model_validator(mode="after")
    def _starts_at_its_rate(self) -> Self:
        if abs(RATES.index(self.start_rate) - RATES.index(self.path[0])) > 1:
            raise MfpsError(
                f"illegal path: it starts at rate {self.start_rate} and its first cell is at rate {self.path[0]}"
            )
        return self

    @property
    def layers(self) -> int:
        """Number of cells in a row."""
        return len(self.path)

    @property
    def operations(self) -> dict[Edge, str]:
        """The operation of each kept edge, in edge order."""
        return {kept.edge: kept.op for kept in self.cell}


class Branches(_Strict):
    """The branches of a network: `upsample` always; with priors their branches and `fusion`."""

    upsample: BranchGenotype
    parsing: BranchGenotype | None = None
    heatmap: BranchGenotype | None = None
    dictionary: BranchGenotype | None = None
    fusion: BranchGenotype | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        present = {name: branch for name in START_RATES if (branch := getattr(self, name)) is not None}
        for name, branch in present.items():
            if branch.start_rate != START_RATES[name]:
                raise MfpsError(f"{name} starts at rate {branch.start_rate}: it must start at {START_RATES[name]}")
        widths = [present[prior].width for prior in PRIORS if prior in present]
        if self.fusion is None:
            if widths:
                raise MfpsError(
                    "prior branches without a fusion branch: add `fusion`, or leave the priors out (FRSNet)"
                )
            return self
        if not widths:
            raise MfpsError(
                "a fusion branch without a prior branch: add one of parsing, heatmap, dictionary, or drop `fusion`"
            )
        if len(set(widths)) > 1:
            raise MfpsError(
                f"prior branches of widths {widths}: they share one projection, so their widths must be equal"
            )
        expected = fusion_width(self.upsample.width, widths)
        if self.fusion.width != expected:
            raise MfpsError(
                f"fusion has width {self.fusion.width}: it must be {expected}, three times the upsample branch's "
                f"{self.upsample.width} and once each prior's {widths[0]}"
            )
        return self


class Genotype(_Strict):
    """An architecture: the branches of a restorer, with a name and where it came from."""

    schema_: Literal["mfps.genotype/1"] = Field(SCHEMA, alias="schema", description="File format and version.")
    name: str = Field("unnamed", max_length=200, description="A name for people; not part of the hash.")
    provenance: dict[str, JsonValue] = Field(
        default_factory=dict, description="Where it came from; not part of the hash."
    )
    branches: Branches

    @property
    def present(self) -> dict[str, BranchGenotype]:
        """The branches that this genotype has, in canonical order."""
        return {name: branch for name in START_RATES if (branch := getattr(self.branches, name)) is not None}

    @property
    def priors(self) -> tuple[str, ...]:
        """The priors that this genotype takes, in canonical order."""
        return tuple(prior for prior in PRIORS if prior in self.present)

    @property
    def architecture(self) -> dict[str, Any]:
        """The architecture alone, without name and provenance, as plain JSON data."""
        return self.branches.model_dump(mode="json", by_alias=True, exclude_none=True)

    @property
    def hash(self) -> str:
        """SHA-256 of the architecture in canonical JSON (sorted keys, no spaces), in hexadecimal."""
        canonical = json.dumps(self.architecture, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(f"{SCHEMA}:{canonical}".encode()).hexdigest()

    def with_width(self, width: int) -> "Genotype":
        """The same paths and cells at another base width: search narrow, retrain wide.

        Args:
            width: base width of the upsample and prior branches; the fusion branch follows.
        """
        fused = fusion_width(width, [width for _ in self.priors])
        branches = {
            name: branch.model_copy(update={"width": fused if name == "fusion" else width})
            for name, branch in self.present.items()
        }
        provenance = {**self.provenance, "widened_from": self.hash}
        return self.model_copy(update={"branches": Branches(**branches), "provenance": provenance})

    def to_json(self) -> str:
        """The genotype as a file's text: indented, one edge a line, ending with a newline."""
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return compact_leaves(json.dumps(data, indent=2, ensure_ascii=False)) + "\n"


def space_of(branch: BranchGenotype, name: str) -> BranchSpace:
    """The search space that a genotype's branch is a point of: its layers, width and every operation."""
    return BranchSpace(name, branch.width, branch.layers)
