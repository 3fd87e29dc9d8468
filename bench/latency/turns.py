"""Timing many things side by side, so that a busy machine slows all of them alike."""

import statistics
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from ..passes import timed_passes
from .running import Run

TURN_SECONDS = 0.004
LEAST_PASSES = 3

Key = TypeVar("Key", bound=Hashable)


def take_turns(
    runs: Mapping[Key, Run], rounds: int, clock: Callable[[], float], tick: Callable[[], None] = lambda: None
) -> dict[Key, float]:
    """The seconds of a pass of each: the median over rounds, of the median of a turn's passes.

    Args:
        runs: what is run, by name. All have a turn in every round, with a pass to warm up.
        rounds: how many there are; one more comes first and is not counted.
        clock: that times a pass, in seconds.
        tick: called after each turn; raises to stop.
    """
    found: dict[Key, list[float]] = {key: [] for key in runs}
    for number in range(rounds + 1):
        for key, run in runs.items():
            run()
            seconds = statistics.median(timed_passes(run, TURN_SECONDS, LEAST_PASSES, clock))
            if number:
                found[key].append(seconds)
            tick()
    return {key: statistics.median(seconds) for key, seconds in found.items()}
