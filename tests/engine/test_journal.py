import json

import pytest
from mfps.engine.journal import Journal, flat_numbers, read_history
from mfps.errors import MfpsError


def test_records_read_back_in_order(tmp_path):
    records = [{"epoch": i, "loss": {"l1": 0.5 / (i + 1)}, "hash": "abc"} for i in range(3)]
    with Journal(tmp_path) as journal:
        for i, record in enumerate(records):
            journal.step(i, loss=1.0)
            journal.epoch(record, i)
    assert read_history(tmp_path) == records
    assert any((tmp_path / "tensorboard").iterdir())


def test_numbers_go_by_their_paths():
    record = {"a": {"b": 1, "c": [0.5, 2.0]}, "text": "x", "flag": True, "gone": None, "bad": float("nan")}
    assert dict(flat_numbers(record)) == {"a/b": 1.0, "a/c/0": 0.5, "a/c/1": 2.0}


def test_a_folder_without_history_or_with_a_torn_one(tmp_path):
    with pytest.raises(MfpsError, match="no history"):
        read_history(tmp_path)
    (tmp_path / "history.jsonl").write_text(json.dumps({"epoch": 1}) + '\n{"epo')
    with pytest.raises(MfpsError, match="not a JSON object"):
        read_history(tmp_path)
