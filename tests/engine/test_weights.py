import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mfps.engine.weights import is_foreign, load_weights, save_weights
from mfps.errors import MfpsError
from safetensors.torch import save_file


def test_tensors_and_header_read_back(tmp_path):
    shared = torch.arange(6.0).reshape(2, 3)
    state = {"a": shared, "b": shared.t(), "c": torch.tensor(3)}
    save_weights(tmp_path / "weights.safetensors", state, genotype={"x": [1, None]}, provenance={"é": "ü"})
    read = load_weights(tmp_path)
    assert read.header == {"genotype": {"x": [1, None]}, "provenance": {"é": "ü"}}
    assert all(torch.equal(read.state[name], tensor) for name, tensor in state.items())
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]


def test_same_weights_same_bytes(tmp_path):
    for name in ("a", "b"):
        save_weights(tmp_path / name, {"y": torch.ones(2), "x": torch.zeros(3)}, network={"b": 1, "a": 2})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_files_of_others(tmp_path):
    with pytest.raises(MfpsError, match="no weights file"):
        load_weights(tmp_path / "none")
    save_file({"a": torch.ones(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(MfpsError, match="written by mfps"):
        load_weights(tmp_path / "foreign.safetensors")


@given(st.binary(max_size=200))
def test_garbage_is_refused_in_one_line(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "garbage.safetensors"
    file.write_bytes(content)
    with pytest.raises(MfpsError) as caught:
        load_weights(file)
    assert "\n" not in str(caught.value)
    assert "garbage" in str(caught.value)


def test_a_file_that_torch_cannot_read_is_refused_in_one_line(tmp_path, monkeypatch, refused):
    def interrupted(*_, **__):
        raise RuntimeError("unable to open file: Interrupted system call (4)")

    save_weights(tmp_path / "weights.safetensors", {"a": torch.ones(1)})
    monkeypatch.setattr("mfps.engine.weights.safe_open", interrupted)
    assert not is_foreign(tmp_path / "weights.safetensors")
    with refused("Interrupted system call"):
        load_weights(tmp_path / "weights.safetensors")
