"""Coverage counts the updates in which a cell or an operation ran, and is saved with the run."""

from collections import Counter

from mfps.engine.training_state import capture_state, restore_state
from mfps.genotypes.space import EDGES, search_space
from mfps.nas.coverage import Coverage
from mfps.nas.strategies.single_path import fair_branch
from mfps.nas.strategies.strategy import Draw
from mfps.nas.supernet import restriction

SPACE = search_space(width=1, layers=3)


def covered(count):
    coverage = Coverage(SPACE)
    branches = [fair_branch(SPACE["upsample"], Draw(0, "weights", number, 1.0)) for number in range(count)]
    for branch in branches:
        coverage.count({"upsample": restriction(branch)})
    return coverage, branches


def test_cells_and_operations_are_counted():
    coverage, branches = covered(40)
    found = coverage.record()["upsample"]
    cells = Counter(f"l{layer}_r{rate}" for branch in branches for layer, rate in enumerate(branch.path))
    operations = Counter(name for branch in branches for name in branch.operations.values())
    single = Counter(
        (layer, rate, *chosen) for b in branches for layer, rate in enumerate(b.path) for chosen in b.operations.items()
    )
    layered = {name: n * SPACE["upsample"].layers for name, n in operations.items()}
    assert {name: n for name, n in found["cells"].items() if n} == cells
    assert found["operations"] == {name: layered[name] for name in SPACE["upsample"].operations}
    assert found["least_cell"] == min(cells.get(name, 0) for name in found["cells"])
    everything = [
        (layer, rate, edge, name)
        for layer, rates in enumerate(SPACE["upsample"].rates)
        for rate in rates
        for edge in EDGES
        for name in SPACE["upsample"].operations
    ]
    assert found["least_operation"] == min(single.get(place, 0) for place in everything)


def test_it_is_saved_and_restored():
    coverage, _ = covered(5)
    tensors, state = capture_state({"coverage": coverage})
    fresh = Coverage(SPACE)
    restore_state({"coverage": fresh}, tensors, state)
    assert fresh.record() == coverage.record()
    assert fresh.record()["upsample"]["operations"]["skip"] > 0
