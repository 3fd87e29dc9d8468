import numpy as np
import pytest
from mfps.nas.costs.non_dominated import non_dominated


@pytest.mark.parametrize("columns", [1, 2, 4])
@pytest.mark.parametrize("rows", [0, 1, 40, 700])
def test_what_is_kept_is_undercut_by_nothing_and_undercuts_the_rest(columns, rows):
    numbers = np.random.default_rng(rows).integers(6, size=(rows, columns))
    kept = non_dominated(list(numbers.T))
    best = {tuple(row) for row in numbers[kept].tolist()}
    assert len(best) == len(kept)
    undercuts = (numbers[:, None] <= numbers[None, kept]).all(-1) & (numbers[:, None] < numbers[None, kept]).any(-1)
    assert not undercuts.any()
    assert (numbers[None, kept] <= numbers[:, None]).all(-1).any(1).all()
    assert [tuple(row) for row in numbers[kept].tolist()] == sorted(best)


def test_a_column_that_is_the_same_everywhere_changes_nothing():
    rng = np.random.default_rng(0)
    one, other = rng.integers(20, size=(2, 500))
    kept = non_dominated([one, other]).tolist()
    assert non_dominated([np.zeros(500), one, other]).tolist() == kept
    assert non_dominated([one, np.full(500, 2**60), other]).tolist() == kept


def test_of_equal_rows_the_first_is_kept_and_types_may_differ():
    kept = non_dominated([np.array([0.5, 0.5, 0.25]), np.array([3, 3, 2**60 + 1])])
    assert kept.tolist() == [2, 0]
