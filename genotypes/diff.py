"""What differs between two architectures, as plain data."""

from typing import NamedTuple

from .backbone import Backbone
from .branch_genotype import BranchGenotype
from .genotype import Genotype
from .space import BRANCHES, EDGES


class Difference(NamedTuple):
    """One difference between two genotypes; `str` returns it as a readable line.

    Attributes:
        branch: the branch that differs, or `backbone`.
        what: `branch`, `start rate`, `width`, `layers`, `layer 3 rate` (layers count from 1) or `edge s0 -> n1`; of the
            backbone `encoder blocks`, `refine blocks`, `redistill`, `restore` or `fusion`.
        before: the first genotype's value, None where it has none.
        after: the second genotype's value, None where it has none.
    """

    branch: str
    what: str
    before: int | float | str | None
    after: int | float | str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.branch}: {self.what} added ({self.after})"
        if self.after is None:
            return f"{self.branch}: {self.what} removed ({self.before})"
        return f"{self.branch}: {self.what}: {self.before} -> {self.after}"


def diff_genotypes(a: Genotype, b: Genotype) -> list[Difference]:
    """List what must change to turn architecture `a` into `b`: empty exactly when their hashes are equal.

    Names and provenance are ignored.

    Args:
        a: the architecture before.
        b: the architecture after.

    Returns:
        The differences, by branch in canonical order: start rate, width, layers, path, cell; then the backbone's.
    """
    found: list[Difference] = []
    for name in BRANCHES:
        before, after = a.present.get(name), b.present.get(name)
        if before is not None and after is not None:
            found += branch_differences(name, before, after)
        elif before is not None:
            found.append(Difference(name, "branch", _summary(before), None))
        elif after is not None:
            found.append(Difference(name, "branch", None, _summary(after)))
    return found + _backbone_differences(a.backbone, b.backbone)


def branch_differences(name: str, a: BranchGenotype, b: BranchGenotype) -> list[Difference]:
    """List what must change to turn a branch `a` into `b`.

    Args:
        name: the branch.
        a: its architecture before.
        b: its architecture after.
    """
    candidates = [
        Difference(name, "start rate", a.start_rate, b.start_rate),
        Difference(name, "width", a.width, b.width),
        Difference(name, "layers", a.layers, b.layers),
    ]
    for layer in range(max(a.layers, b.layers)):
        before = a.path[layer] if layer < a.layers else None
        after = b.path[layer] if layer < b.layers else None
        candidates.append(Difference(name, f"layer {layer + 1} rate", before, after))
    for edge in EDGES:
        what = f"edge {edge.source} -> {edge.target}"
        candidates.append(Difference(name, what, a.operations.get(edge), b.operations.get(edge)))
    return [difference for difference in candidates if difference.before != difference.after]


def _backbone_differences(a: Backbone | None, b: Backbone | None) -> list[Difference]:
    candidates = [
        Difference("backbone", name.replace("_", " "), getattr(a, name, None), getattr(b, name, None))
        for name in Backbone.model_fields
    ]
    return [difference for difference in candidates if difference.before != difference.after]


def _summary(branch: BranchGenotype) -> str:
    return f"{branch.layers} layers of width {branch.width}"
