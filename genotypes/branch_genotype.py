"""The architecture of one branch: its path through the trellis and its cell, as a genotype file stores them."""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetPydanticSchema, field_validator, model_validator
from pydantic_core.core_schema import literal_schema

from ..errors import MfpsError
from .space import (
    EDGES,
    KEPT_EDGES_PER_NODE,
    MAX_LAYERS,
    MAX_WIDTH,
    NODES,
    OPERATIONS,
    RATES,
    BranchSpace,
    Edge,
)


def _plain_integer(value: object) -> object:
    # To Python, and so to `Literal`, True and 1.0 equal 1.
    if type(value) in (bool, float):
        raise MfpsError(f"{value!r} is not a rate: give one of the integers {', '.join(map(str, RATES))}")
    return value


Rate = Annotated[Literal[1, 2, 4, 8], BeforeValidator(_plain_integer)]
# A `Literal` whose names are known only at run time, with the same rule, message and JSON Schema.
Operation = Annotated[str, GetPydanticSchema(lambda *_: literal_schema(list(OPERATIONS)))]
Source = Literal["s0", "s1", "n0", "n1"]
Node = Literal["n0", "n1", "n2"]


class StrictModel(BaseModel):
    """Base of the file's parts: no unknown keys, no conversion of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class CellEdge(StrictModel):
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


class BranchGenotype(StrictModel):
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
                    f"a layer moves at most one step along {' - '.join(map(str, RATES))}"
                )
        return path

    @field_validator("cell")
    @classmethod
    def _two_edges_per_node(cls, cell: list[CellEdge]) -> list[CellEdge]:
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
        """Number of layers, each of one cell."""
        return len(self.path)

    @property
    def operations(self) -> dict[Edge, str]:
        """The operation of each kept edge, in edge order."""
        return {kept.edge: kept.op for kept in self.cell}

    @property
    def only_skips(self) -> bool:
        """Whether every kept edge is `skip`, so that the cells learn nothing."""
        return all(kept.op == "skip" for kept in self.cell)


def space_of(branch: BranchGenotype, name: str) -> BranchSpace:
    """The search space that a genotype's branch comes from: its layers and width."""
    return BranchSpace(name, branch.width, branch.layers)
