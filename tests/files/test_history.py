import json

import pytest
from mfps.errors import MfpsError
from mfps.files.history import flat_numbers, read_history


def test_a_folder_without_history_or_with_a_truncated_one(tmp_path):
    with pytest.raises(MfpsError, match="no history"):
        read_history(tmp_path)
    (tmp_path / "history.jsonl").write_text(json.dumps({"epoch": 1}) + '\n{"epo')
    with pytest.raises(MfpsError, match="not a JSON object"):
        read_history(tmp_path)


def test_numbers_are_named_by_their_paths():
    record = {"a": {"b": 1, "c": [0.5, 2.0]}, "text": "x", "flag": True, "gone": None, "bad": float("nan")}
    assert dict(flat_numbers(record)) == {"a/b": 1.0, "a/c/0": 0.5, "a/c/1": 2.0}
