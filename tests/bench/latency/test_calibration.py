import numpy as np
import pytest
from mfps.bench.latency.calibration import fitted_line


@pytest.mark.parametrize("seed", range(20))
def test_a_line_is_found_though_a_network_was_disturbed(seed):
    rng = np.random.default_rng(seed)
    constant, factor = rng.uniform(0, 1e6), rng.uniform(0.5, 4)
    sums = np.exp(rng.uniform(np.log(1e6), np.log(2e7), 12))
    exact = constant + factor * sums
    measured = exact.copy()
    measured[rng.integers(12)] *= 3
    found = fitted_line(sums.tolist(), measured.tolist())
    assert np.median(np.abs((found[0] + found[1] * sums) / exact - 1)) < 0.02


def test_networks_that_take_less_than_their_parts_have_no_negative_constant():
    constant, factor = fitted_line([1e6, 2e6, 3e6], [0.1e6, 1.1e6, 2.1e6])
    assert constant >= 0
    assert factor > 0
    assert fitted_line([2e6], [3e6]) == (0, pytest.approx(1.5))
