import io

from mfps.engine.progress import track
from rich.console import Console


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
