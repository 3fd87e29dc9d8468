import io
import re
from datetime import timedelta

import pytest
from mfps.engine import progress
from mfps.engine.progress import SECONDS_BETWEEN_LINES, track
from mfps.errors import printable
from rich.console import Console

from ..hostile.bad_names import NAMES


def test_without_a_terminal_there_are_plain_lines():
    text = io.StringIO()
    with track("search", 3, Console(file=text, width=60)) as tick:
        for i in range(3):
            tick(f"loss {i}")
    lines = text.getvalue().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("search: 3/3 loss 2 ")
    assert "\x1b" not in lines[0]


def test_on_a_terminal_there_is_a_bar():
    text = io.StringIO()
    with track("search", 2, Console(file=text, width=100, force_terminal=True)) as tick:
        tick("loss 1")
        tick("loss 2")
    assert "\x1b" in text.getvalue()
    assert "2/2" in text.getvalue()


def test_what_an_earlier_run_did_is_counted_but_not_its_time():
    text = io.StringIO()
    with track("search", 100, Console(file=text, width=80), done=98) as tick:
        tick()
        tick(at=100)
    (line,) = text.getvalue().splitlines()
    assert line.startswith("search: 100/100 ")
    assert line.endswith(", 0:00:00 left")


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("start_s", [0, 60])
@pytest.mark.parametrize("step_s", [0.02, 3, 60])
def test_every_estimate_is_true_however_long_the_start_takes(monkeypatch, terminal, batch, start_s, step_s):
    """Steps of equal length: what is said to be left is what is left, from the first line on."""
    clock = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    text, total = io.StringIO(), 40 * batch
    console = Console(file=text, width=200, force_terminal=terminal, color_system=None)
    with track("evaluate", total, console) as tick:
        clock[0] += start_s
        for done in range(batch, total + 1, batch):
            clock[0] += step_s * batch
            tick(at=done)
    estimates = re.findall(r"(\d+)/\d+ [^\n\r]*? ((?:\d+ days?, )?[\d:]+) left", text.getvalue())
    assert estimates
    for done, left in estimates:
        assert left == str(timedelta(seconds=round(step_s * (total - int(done))))), (done, left)
    if not terminal and start_s > SECONDS_BETWEEN_LINES:
        assert text.getvalue().splitlines()[0] == f"evaluate: {batch}/{total}"


def test_a_step_that_is_taken_back_does_not_count(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    text = io.StringIO()
    with track("search", 200, Console(file=text, width=80)) as tick:
        for at in (*range(1, 101), *range(51, 101)):
            clock[0] += 1
            tick(at=at)
    assert text.getvalue().splitlines()[-1].endswith(" left")
    assert "steps/s, 0:01:4" in text.getvalue().splitlines()[-1]


@pytest.mark.parametrize("terminal", [False, True])
def test_any_text_stands_beside_the_numbers_as_it_is(terminal):
    for name in NAMES.values():
        text = io.StringIO()
        with track(name, 1, Console(file=text, width=9000, force_terminal=terminal, color_system=None)) as tick:
            tick(name)
        assert text.getvalue().count(printable(name).strip()) >= 2
