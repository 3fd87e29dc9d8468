"""A cell from a DARTS-style text, `Genotype(normal=[('conv_3x3', 1), ...], ...)`: parsed, never evaluated.

DARTS numbers states: 0 and 1 are the cell's inputs (s0 and s1 here), its nodes follow from 2 on. Each node lists two
(operation, state) pairs. Only the syntax tree is inspected; nothing in the text is ever run.
"""

import ast
import warnings
from pathlib import Path

from ...errors import MAX_VALUE, MfpsError, shortened, shown
from ...files.regular_file import read_text
from ..branch_genotype import CellEdge
from ..space import KEPT_EDGES_PER_NODE, NODES, OPERATIONS, Edge

STATES = ("s0", "s1", *NODES)
"""The states that DARTS numbers 0, 1, 2, ..."""

NAMES = {"skip_connect": "skip", "identity": "skip"} | {name: name for name in OPERATIONS}
"""Names of operations in such texts, with ours. A `sep_conv_3x3` there is two separable convolutions, so not ours."""

MAX_DARTS_BYTES = 100_000

REMEDY = "give a text with `Genotype(normal=[...], ...)`"


def read_darts_cell(file: Path, part: str = "normal") -> list[CellEdge]:
    """Read one cell of a DARTS genotype.

    Args:
        file: a text with one `Genotype(...)`, also as `NAME = Genotype(...)`.
        part: which of its cells: `normal` or `reduce`.

    Raises:
        MfpsError: the file is not such a text, or the cell has another number of nodes than ours, an operation that our
            search space lacks, or a node that takes a state which does not come before it.
    """
    fields = _fields(read_text(file, "text", MAX_DARTS_BYTES, REMEDY), file)
    if part not in fields:
        raise MfpsError(f"{file}: its Genotype has no `{part}`, only {', '.join(fields) or 'nothing'}; choose another")
    pairs = _pairs(fields[part], f"{file}: {part}")
    if len(pairs) != KEPT_EDGES_PER_NODE * len(NODES):
        raise MfpsError(
            f"{file}: {part} has {len(pairs)} (operation, state) pairs; our cell has {len(NODES)} nodes with "
            f"{KEPT_EDGES_PER_NODE} each, so {KEPT_EDGES_PER_NODE * len(NODES)}: search a cell of {len(NODES)} nodes"
        )
    _check_concat(fields.get(f"{part}_concat"), f"{file}: {part}_concat")
    cell = []
    for number, (operation, state) in enumerate(pairs):
        node = number // KEPT_EDGES_PER_NODE
        place = f"{file}: {part}[{number}]"
        if operation not in NAMES:
            raise MfpsError(
                f"{place}: operation {shown(operation)} is not in our search space; it has {', '.join(NAMES)}"
            )
        if not 0 <= state < node + 2:
            raise MfpsError(f"{place}: node {NODES[node]} takes state {shown(state)}; it can take 0 to {node + 1}")
        cell.append(CellEdge.of(Edge(STATES[state], NODES[node]), NAMES[operation]))
    return cell


def _fields(text: str, file: Path) -> dict[str, ast.expr]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd escapes and numbers in code that is never run
            statements = ast.parse(text.strip()).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise MfpsError(f"{file}: not a text `Genotype(normal=[...], ...)`; copy it whole") from None
    values = [statement.value for statement in statements if isinstance(statement, ast.Assign | ast.Expr)]
    calls = [
        value
        for value in values
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Genotype"
    ]
    if len(calls) != 1 or calls[0].args:
        raise MfpsError(
            f"{file}: holds {len(calls)} Genotype(...) with named fields; give a text with one, such as "
            "Genotype(normal=[('conv_3x3', 1), ...], normal_concat=[2, 3, 4])"
        )
    return {keyword.arg: keyword.value for keyword in calls[0].keywords if keyword.arg}


def _pairs(value: ast.expr, where: str) -> list[tuple[str, int]]:
    pairs = _literal(value)
    if not isinstance(pairs, list | tuple) or not all(
        isinstance(pair, list | tuple) and len(pair) == 2 and type(pair[0]) is str and type(pair[1]) is int
        for pair in pairs
    ):
        raise MfpsError(f"{where} is not a list of (operation, state) pairs such as ('conv_3x3', 1)")
    return [(pair[0], pair[1]) for pair in pairs]


def _check_concat(value: ast.expr | None, where: str) -> None:
    """Our cell outputs all its nodes; a text may leave this out but not contradict it."""
    if value is None:
        return
    nodes = tuple(range(2, 2 + len(NODES)))
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "range":
        named = nodes if [_literal(bound) for bound in value.args] == [nodes[0], nodes[-1] + 1] else ()
    else:
        found = _literal(value)
        named = tuple(found) if isinstance(found, list | tuple) else ()
    if named != nodes:
        raise MfpsError(f"{where} is {_written(value)}; our cell outputs all its nodes, {list(nodes)}")


def _literal(value: ast.expr) -> object:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _written(value: ast.expr) -> str:
    try:
        return shortened(ast.unparse(value), MAX_VALUE)
    except (ValueError, RecursionError):
        return "not a plain value"
