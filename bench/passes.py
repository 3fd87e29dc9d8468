"""Passes of something, timed one by one."""

import time
from collections.abc import Callable


def timed_passes(
    run: Callable[[], object], seconds: float, least: int = 1, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """The seconds that each of some passes took: as many as fit.

    Args:
        run: makes one pass, to its end.
        seconds: for all of them together, more or less.
        least: passes that are made however long they take, at least one.
        clock: that times a pass, in seconds.
    """
    walls: list[float] = []
    began = time.perf_counter()
    while len(walls) < least or time.perf_counter() - began < seconds:
        start = clock()
        run()
        walls.append(clock() - start)
    return walls
