"""Timing what a device computes."""

import time
from collections.abc import Callable

import torch


def seconds_of(run: Callable[[], object], device: torch.device | None) -> float:
    """Seconds that a call takes, by `clock_of`.

    Args:
        run: what is timed.
        device: where it is computed; None where that is not known.
    """

    def wait() -> None:
        if device is not None and device.type == "cuda":
            torch.cuda.synchronize(device)

    clock = clock_of(device, torch.get_num_threads())
    wait()
    began = clock()
    run()
    wait()
    return clock() - began


def clock_of(device: torch.device | None, threads: int) -> Callable[[], float]:
    """The clock, in seconds, that times computing on a device.

    Args:
        device: where it is computed; None where that is not known.
        threads: processor threads that compute.
    """
    return time.process_time if counts_processor_time(device, threads) else time.perf_counter


def counts_processor_time(device: torch.device | None, threads: int) -> bool:
    """Whether computing on a device is timed by the processor's time rather than by the clock.

    Of a single thread it is, as that time is the same however busy the machine is.

    Args:
        device: where it is computed; None where that is not known.
        threads: processor threads that compute.
    """
    return device is not None and device.type == "cpu" and threads == 1
