"""Every architecture of a small branch, by enumeration, for the tests of what is counted."""

from itertools import product

from mfps.genotypes.branch_genotype import BranchGenotype, CellEdge
from mfps.genotypes.space import EDGES
from mfps.nas.costs.cell_kinds import PAIRS


def all_cells(operations):
    for pairs in product(*PAIRS):
        edges = [EDGES[e] for pair in pairs for e in pair]
        for names in product(operations, repeat=len(edges)):
            yield [CellEdge.of(edge, name) for edge, name in zip(edges, names, strict=True)]


def all_branches(space):
    """Each path with each cell."""
    cells = list(all_cells(space.operations))
    for path in space.paths():
        for cell in cells:
            # Not validated: there are thousands.
            yield BranchGenotype.model_construct(
                start_rate=space.start_rate, width=space.width, path=list(path), cell=cell
            )
