"""What is asked for is what is tried, and nothing that a device lacks."""

import pytest
import torch
from mfps.engine.execution import (
    DTYPES,
    LAYOUTS,
    Execution,
    as_started,
    candidates,
    check_precision,
    is_native,
    slowdown,
)
from mfps.errors import MfpsError

CPU = torch.device("cpu")


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
