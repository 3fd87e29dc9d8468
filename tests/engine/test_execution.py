"""The fastest execution that is accurate enough is chosen; the first one is the measure of accuracy."""

import time

import pytest
import torch
from mfps.engine.execution import DTYPES, LAYOUTS, Execution, candidates, check_precision, choose, is_native
from mfps.errors import MfpsError

CPU = torch.device("cpu")


def timed(seconds, wrong=()):
    """A pass that takes as long as its execution's entry, and is wrong by 0.1 for some."""
    calls = []

    def run(execution):
        calls.append(execution)
        time.sleep(seconds[execution])
        return [torch.full((1, 3, 8, 8), 0.1 if execution in wrong else 0.0)]

    return run, calls


def test_the_fastest_is_chosen_and_all_take_turns():
    slow, fast = Execution(), Execution("channels-last")
    run, calls = timed({slow: 0.02, fast: 0.002})
    choice = choose([slow, fast], run)
    assert choice.execution == fast
    assert calls == [slow, fast] * 4
    assert choice.record()["milliseconds"].keys() == {"contiguous float32", "channels-last float32"}
    assert "channels-last float32 (" in str(choice)


def test_a_fast_but_inaccurate_one_is_not_chosen():
    slow, fast = Execution(), Execution(precision="bfloat16")
    choice = choose([slow, fast], timed({slow: 0.01, fast: 0.0}, wrong=[fast])[0])
    assert choice.execution == slow
    assert choice.unsafe == ("contiguous bfloat16",)


def test_a_gain_within_noise_changes_nothing():
    first, second = Execution(), Execution("channels-last")
    assert choose([first, second], timed({first: 0.02, second: 0.0199})[0]).execution == first


def test_a_single_candidate_is_not_run():
    assert choose([Execution()], lambda _: pytest.fail("it was run")).execution == Execution()


def test_candidates_are_what_was_asked_for():
    assert [c.layout for c in candidates(CPU)] == list(LAYOUTS)
    assert candidates(CPU, "channels-last") == [Execution("channels-last")]
    native = [name for name in DTYPES if is_native(CPU, name)]
    assert [c.precision for c in candidates(CPU, "contiguous", "auto")] == native
    assert candidates(CPU, "contiguous", "bfloat16") == [Execution(precision="bfloat16")]


def test_what_the_device_lacks_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cpu._is_amx_fp16_supported", lambda: False)
    with pytest.raises(MfpsError, match="`precision` float16: this processor"):
        candidates(CPU, precision="float16")
    with pytest.raises(MfpsError, match="choose from auto, float32"):
        check_precision(CPU, "float8")
