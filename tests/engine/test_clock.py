"""One thread of a processor is timed by its own time, and everything else by the clock on the wall."""

import time

import pytest
import torch
from mfps.engine.clock import clock_of, counts_processor_time, seconds_of

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize(
    ("device", "threads", "own"), [(CPU, 1, True), (CPU, 2, False), (CUDA, 1, False), (None, 1, False)]
)
def test_the_processor_s_time_is_that_of_one_thread(device, threads, own):
    assert counts_processor_time(device, threads) is own
    assert clock_of(device, threads) is (time.process_time if own else time.perf_counter)


def test_waiting_takes_time_on_the_wall_alone():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        assert seconds_of(lambda: time.sleep(0.2), None) >= 0.2
        assert seconds_of(lambda: time.sleep(0.2), CPU) < 0.2
    finally:
        torch.set_num_threads(threads)
