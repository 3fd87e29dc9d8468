import json
from hashlib import sha256

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.engine.checkpoint import Checkpoint, Checkpoints
from safetensors.torch import save

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def checkpoint(step=1, epoch=0, batch=1, value=1.0, state=None):
    tensors = {"a": torch.full((3, 2), value), "none": torch.zeros(0), "one": torch.tensor(7)}
    return Checkpoint(epoch, batch, step, tensors, state or {"x": [value]})


def names(checkpoints):
    return sorted(path.name.rpartition("-")[0] for path in checkpoints.folder.iterdir())


@pytest.fixture
def said():
    return []


@given(value=NUMBERS, dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.int64]))
@settings(max_examples=20)
def test_what_was_saved_comes_back_bit_for_bit(tmp_path_factory, value, dtype):
    checkpoints = Checkpoints(tmp_path_factory.mktemp("run"), 2)
    tensors = {"t": torch.randn(2, 3).to(dtype), "scalar": torch.tensor(3)}
    checkpoints.save(Checkpoint(2, 0, 9, tensors, {"value": value, "deep": {"list": [1, None, "\u00e9"]}}))
    found = checkpoints.newest(pytest.fail)
    assert (found.epoch, found.batch, found.step) == (2, 0, 9)
    assert found.state == {"value": value, "deep": {"list": [1, None, "\u00e9"]}}
    assert all(
        torch.equal(found.tensors[name], tensor) and found.tensors[name].dtype == tensor.dtype
        for name, tensor in tensors.items()
    )


def test_the_newest_the_best_and_the_last_between_epochs_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path, 2)
    for step in range(1, 12):
        epoch, batch = divmod(step, 4)
        checkpoints.save(checkpoint(step, epoch, batch), best_step=4 if step >= 4 else None)
    assert names(checkpoints) == [
        "e0001-b00000-s00000004", "e0002-b00000-s00000008", "e0002-b00002-s00000010", "e0002-b00003-s00000011",
    ]  # fmt: skip
    assert checkpoints.newest(pytest.fail).step == 11
    assert checkpoints.newest(pytest.fail, between_epochs=True).step == 8
    checkpoints.drop_after(checkpoints.newest(pytest.fail, between_epochs=True))
    assert checkpoints.newest(pytest.fail).step == 8
    checkpoints.drop_after(None)
    assert names(checkpoints) == []


def test_nothing_yet(tmp_path):
    assert Checkpoints(tmp_path, 1).newest(pytest.fail) is None


@given(st.data())
@settings(max_examples=40)
def test_a_truncated_or_changed_one_falls_back_to_the_one_before(tmp_path_factory, data):
    checkpoints = Checkpoints(tmp_path_factory.mktemp("run"), 3)
    checkpoints.save(checkpoint(1))
    newest = checkpoints.save(checkpoint(2))
    content = newest.read_bytes()
    if data.draw(st.booleans()):
        changed = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        at = data.draw(st.integers(0, len(content) - 1))
        changed = content[:at] + bytes([content[at] ^ 1 << data.draw(st.integers(0, 7))]) + content[at + 1 :]
    newest.write_bytes(changed)
    said = []
    assert checkpoints.newest(said.append).step == 1
    assert said == [f"{newest}: the checkpoint is truncated or was changed, and is skipped"]


def test_all_truncated(tmp_path, said):
    checkpoints = Checkpoints(tmp_path, 3)
    for step in (1, 2):
        checkpoints.save(checkpoint(step)).write_bytes(b"")
    assert checkpoints.newest(said.append) is None
    assert len(said) == 2


@pytest.mark.parametrize("metadata", [None, {}, {"mfps": "{"}, {"mfps": "{}"}])
def test_a_foreign_file_with_a_right_digest_is_skipped(tmp_path, said, metadata):
    checkpoints = Checkpoints(tmp_path, 3)
    checkpoints.save(checkpoint(1))
    for content in (save({"a": torch.zeros(1)}, metadata), b"{}", b"\xff" * 40):
        file = checkpoints.folder / f"e0000-b00002-s00000002-{sha256(content).hexdigest()[:16]}.safetensors"
        file.write_bytes(content)
        assert checkpoints.newest(said.append).step == 1
        file.unlink()
    assert len(said) == 3


def test_one_whose_degradations_followed_from_positions_is_refused_with_the_reason(tmp_path, refused):
    checkpoints = Checkpoints(tmp_path, 3)
    checkpoints.folder.mkdir()
    content = save({"a": torch.zeros(1)}, {"mfps": json.dumps({"format": "mfps.checkpoint/1", "state": {}})})
    (checkpoints.folder / f"e0000-b00002-s00000002-{sha256(content).hexdigest()[:16]}.safetensors").write_bytes(content)
    with refused("degradation followed from its position in the list; now its name decides.*`overwrite`"):
        checkpoints.newest(pytest.fail)


def test_one_of_another_version_is_not_skipped(tmp_path, refused):
    checkpoints = Checkpoints(tmp_path, 3)
    checkpoints.save(checkpoint(1))
    content = save({"a": torch.zeros(1)}, {"mfps": json.dumps({"format": "mfps.checkpoint/3", "state": {}})})
    (checkpoints.folder / f"e0000-b00002-s00000002-{sha256(content).hexdigest()[:16]}.safetensors").write_bytes(content)
    with refused("s00000002.*: the checkpoint is 'mfps.checkpoint/3', not 'mfps.checkpoint/2'; continue with"):
        checkpoints.newest(pytest.fail)


def test_one_that_may_not_be_read_is_not_skipped(tmp_path, refused, monkeypatch):
    checkpoints = Checkpoints(tmp_path, 3)
    checkpoints.save(checkpoint(1))
    monkeypatch.setattr("os.access", lambda *_: False)  # root may read anything
    with refused("s00000001.*: no permission to read the checkpoint; change its permissions"):
        checkpoints.newest(pytest.fail)


def test_a_full_disk_keeps_the_earlier_ones(tmp_path, refused, monkeypatch):
    checkpoints = Checkpoints(tmp_path, 1)
    checkpoints.save(checkpoint(1))

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with refused("s00000002-.*: cannot be written .No space left on device."):
        checkpoints.save(checkpoint(2))
    assert names(checkpoints) == ["e0000-b00001-s00000001"]
    assert checkpoints.newest(pytest.fail).step == 1


def test_partial_files_of_a_killed_process_are_removed(tmp_path):
    checkpoints = Checkpoints(tmp_path, 1)
    checkpoints.save(checkpoint(1))
    (checkpoints.folder / ".e0000-x.safetensors.77.part").write_bytes(b"half")
    checkpoints.save(checkpoint(2))
    assert names(checkpoints) == ["e0000-b00001-s00000002"]
