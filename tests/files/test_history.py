import json

import pytest
from mfps.errors import MfpsError
from mfps.files.history import read_history


def test_a_folder_without_history_or_with_a_truncated_one(tmp_path):
    with pytest.raises(MfpsError, match="no history"):
        read_history(tmp_path)
    (tmp_path / "history.jsonl").write_text(json.dumps({"epoch": 1}) + '\n{"epo')
    with pytest.raises(MfpsError, match="not a JSON object"):
        read_history(tmp_path)
