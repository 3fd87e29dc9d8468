import itertools
import json
import sys

import pytest
from mfps.nas.ledger import NAME, Ledger, StageCost, read_ledger


def clock(*seconds):
    return iter(seconds).__next__


def test_sittings_and_stages_add_up(tmp_path):
    first = Ledger(tmp_path, "search", clock(100, 102, 105))
    first.count(steps=2, forward_passes=3)
    first.save()
    first.count(forward_passes=4)
    first.save()
    selection = Ledger(tmp_path, "selection", clock(0, 1))
    selection.count(steps=1)
    selection.save()
    again = Ledger(tmp_path, "search", clock(7, 8.25))
    again.count(1, 1)
    again.save()
    search, selected = read_ledger(tmp_path)
    assert (search.stage, search.seconds, search.steps, search.forward_passes) == ("search", 6.2, 3, 8)
    assert (selected.stage, selected.seconds, selected.steps, selected.forward_passes) == ("selection", 1, 1, 0)
    assert search.peak_mb > 10
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_what_is_saved_is_never_more_than_what_was_counted_whenever_it_ends(tmp_path):
    """A sitting that is killed loses what it did after its last save, and only that."""
    ticks = itertools.count()
    for _ in range(3):
        ledger = Ledger(tmp_path, "search", lambda: next(ticks))
        ledger.count(steps=5)
        ledger.save()
        ledger.count(steps=7)
    assert read_ledger(tmp_path)[0].steps == 15


def test_the_file_is_json_as_promised(tmp_path):
    Ledger(tmp_path, "search", clock(0, 1)).save()
    (entry,) = json.loads((tmp_path / NAME).read_text())
    assert list(entry) == ["stage", "seconds", "steps", "forward_passes", "peak_mb"]


def test_peak_memory_is_the_gpus_where_one_is_in_use(tmp_path, monkeypatch):
    class Cuda:
        is_initialized = staticmethod(lambda: True)
        reset_peak_memory_stats = staticmethod(lambda: None)
        max_memory_allocated = staticmethod(lambda: 123_456_789)

    monkeypatch.setattr(sys.modules["torch"], "cuda", Cuda)
    Ledger(tmp_path, "search", clock(0, 1)).save()
    assert read_ledger(tmp_path)[0].peak_mb == 123.5


def test_the_greatest_peak_of_all_sittings_stays(tmp_path):
    (tmp_path / NAME).write_text(json.dumps([StageCost(stage="search", peak_mb=1e9).model_dump()]))
    Ledger(tmp_path, "search", clock(0, 1)).save()
    assert read_ledger(tmp_path)[0].peak_mb == 1e9


@pytest.mark.parametrize("text", [
    "", "[", '[{"stage": "search", "sec', "{}", "[1]", '[{"stage": "search", "steps": -1}]',
    '[{"stage": "search", "steps": 1.5}]', '[{"stage": "search", "seconds": NaN}]', '[{"seconds": 1}]',
    '[{"stage": "search", "more": 1}]', "\x00",
])  # fmt: skip
def test_what_is_no_ledger_is_refused_and_stays(tmp_path, refused, text):
    (tmp_path / NAME).write_text(text)
    with refused(r"ledger\.json: .*remove it"):
        Ledger(tmp_path, "search")
    assert (tmp_path / NAME).read_text() == text


def test_no_ledger_is_an_empty_one(tmp_path):
    assert read_ledger(tmp_path) == []
