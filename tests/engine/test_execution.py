"""The fastest execution that is accurate enough is chosen; the first one is the measure of accuracy."""

from types import SimpleNamespace

import pytest
import torch
from mfps.engine.execution import (
    DTYPES,
    LAYOUTS,
    Execution,
    as_started,
    candidates,
    check_precision,
    choose,
    is_native,
    slowdown,
)
from mfps.errors import MfpsError

CPU = torch.device("cpu")


@pytest.fixture
def timed(monkeypatch):
    """`timed(seconds, wrong)`: a pass that takes as long as its execution's entry, and is wrong by 0.1 for some."""
    now = [0.0]
    clock = SimpleNamespace(perf_counter=lambda: now[0], process_time=lambda: now[0])
    monkeypatch.setattr("mfps.engine.execution.time", clock)

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


def test_another_number_format_is_compared_by_a_convolution():
    before = torch.get_rng_state()
    assert 0 < slowdown(CPU, "float32") < 100
    assert slowdown(CPU, "bfloat16") > 0
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("layout", ["auto", *LAYOUTS])
@pytest.mark.parametrize("precision", ["auto", "float32", "bfloat16"])
def test_what_a_finished_run_leaves_open_is_the_plainest(layout, precision):
    found = as_started(layout, precision)
    assert found.layout == ("contiguous" if layout == "auto" else layout)
    assert found.precision == ("float32" if precision == "auto" else precision)


def test_candidates_are_what_was_asked_for():
    assert [c.layout for c in candidates(CPU)] == list(LAYOUTS)
    assert candidates(CPU, "channels-last") == [Execution("channels-last")]
    native = [name for name in DTYPES if is_native(CPU, name)]
    assert [c.precision for c in candidates(CPU, "contiguous", "auto")] == native
    assert [c.precision for c in candidates(CPU, "contiguous", "auto", formats=["float32"])] == ["float32"]
    assert candidates(CPU, "contiguous", "bfloat16") == [Execution(precision="bfloat16")]


def test_what_the_device_lacks_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cpu._is_amx_fp16_supported", lambda: False)
    with pytest.raises(MfpsError, match="`precision` float16: this processor"):
        candidates(CPU, precision="float16")
    with pytest.raises(MfpsError, match="choose from auto, float32"):
        check_precision(CPU, "float8")
