"""The fastest execution that is accurate enough is chosen; the first one is the measure of accuracy."""

from types import SimpleNamespace

import pytest
import torch
from mfps.engine.execution import LAYOUTS, Execution
from mfps.engine.timed_choice import choose

CPU = torch.device("cpu")


@pytest.fixture
def timed(monkeypatch):
    """`timed(seconds, wrong)`: a pass that takes as long as its execution's entry, and is wrong by 0.1 for some."""
    now = [0.0]
    clock = SimpleNamespace(perf_counter=lambda: now[0], process_time=lambda: now[0])
    monkeypatch.setattr("mfps.engine.timed_choice.time", clock)
    monkeypatch.setattr("mfps.engine.clock.time", clock)

    def make(seconds, wrong=()):
        calls = []

        def run(execution):
            calls.append(execution)
            now[0] += seconds[execution]
            return [torch.full((1, 3, 8, 8), 0.1 if execution in wrong else 0.0)]

        return run, calls

    return make


def test_the_fastest_is_chosen_and_all_take_turns(timed):
    slow, fast = Execution(), Execution("channels-last")
    run, calls = timed({slow: 0.02, fast: 0.002})
    choice = choose([slow, fast], run)
    assert choice.execution == fast
    assert calls == [slow, fast] * 4
    assert choice.record()["milliseconds"].keys() == {"contiguous float32", "channels-last float32"}
    assert "channels-last float32 (" in str(choice)


def test_a_fast_but_inaccurate_one_is_not_chosen(timed):
    slow, fast = Execution(), Execution(precision="bfloat16")
    choice = choose([slow, fast], timed({slow: 0.01, fast: 0.0}, wrong=[fast])[0])
    assert choice.execution == slow
    assert choice.unsafe == ("contiguous bfloat16",)


def test_a_gain_within_noise_changes_nothing(timed):
    first, second = Execution(), Execution("channels-last")
    assert choose([first, second], timed({first: 0.02, second: 0.0199})[0]).execution == first


def test_a_single_candidate_is_not_run():
    assert choose([Execution()], lambda _: pytest.fail("it was run")).execution == Execution()


def test_slow_passes_are_timed_once(timed):
    slow, fast = Execution(), Execution("channels-last")
    run, calls = timed({slow: 2.0, fast: 0.5})
    assert choose([slow, fast], run).execution == fast
    assert calls == [slow, fast] * 2


def test_what_cannot_be_compiled_is_left_out_and_nothing_else():
    tried = [Execution(compiled=compiled, layout=layout) for layout in LAYOUTS for compiled in (False, True)]

    def run(execution, fails):
        if fails(execution):
            raise RuntimeError("no compiler")
        return [torch.zeros(1, 3, 8, 8)]

    choice = choose(tried, lambda execution: run(execution, lambda e: e.compiled))
    assert not choice.execution.compiled
    assert choice.failed == ("contiguous float32 compiled", "channels-last float32 compiled")
    assert "could not be compiled: contiguous float32 compiled" in str(choice)
    for given, fails in ((tried, lambda e: not e.compiled), (tried[1::2], lambda e: e.compiled)):
        with pytest.raises(RuntimeError, match="no compiler"):
            choose(given, lambda execution, fails=fails: run(execution, fails))
    assert not choose(tried[::-1], lambda execution: run(execution, lambda e: e.compiled)).execution.compiled


def test_each_candidate_is_prepared_before_each_of_its_passes():
    done = []
    tried = [Execution(), Execution("channels-last")]

    def run(execution):
        done.append(("run", execution))
        return [torch.zeros(1, 3, 8, 8)]

    choose(tried, run, prepare=lambda execution: done.append(("prepared", execution)))
    assert done == [(what, execution) for execution in tried * 4 for what in ("prepared", "run")]
