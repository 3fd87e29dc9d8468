"""From the sum of its parts to the time of a network: a line through some networks.

Parts that are timed alone find their inputs in the cache, and no memory is asked for in between. So a network takes
longer than its parts together, by nearly the same factor whatever it is made of.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import least_squares

SOFT = 0.03
"""Relative error from which a network counts less: one that was disturbed should not decide."""


def fitted_line(sums: Sequence[float], measured: Sequence[float]) -> tuple[float, float]:
    """The constant, not negative, and the factor, above 0, of the line from sums of parts to times of networks.

    Relative errors count, so that small networks count as much as large ones.

    Args:
        sums: of the parts of each network, above 0; at least one.
        measured: the times of the networks, in the same unit.
    """
    x, y = np.asarray(sums, float), np.asarray(measured, float)
    if len(x) == 1:
        return 0.0, float(y[0] / x[0])
    unit = float(y.min())  # so that both numbers are near 1

    def errors(line: np.ndarray) -> np.ndarray:
        return (line[0] * unit + line[1] * x) / y - 1

    start = [0.01, float(np.median(y / x))]
    found = least_squares(errors, start, bounds=([0, 1e-6], np.inf), loss="soft_l1", f_scale=SOFT)
    return float(found.x[0]) * unit, float(found.x[1])
