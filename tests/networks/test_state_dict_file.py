"""State dicts as other programs write them. What must be refused is in `hostile/test_weights.py`."""

import ast
from pathlib import Path

import pytest
import torch
from mfps.networks.state_dict_file import COUNTERS, PREFIXES, WRAPPERS, read_state_dict
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel

ROOT = Path(__file__).parent.parent.parent
STATE = {"conv.weight": torch.arange(6.0).reshape(2, 3), "conv.bias": torch.zeros(2), "bn.n": torch.tensor(3)}


def save_zip(content, file):
    torch.save(content, file)


def save_old(content, file):
    torch.save(content, file, _use_new_zipfile_serialization=False)


def same(one, other):
    return list(one) == list(other) and all(torch.equal(one[key], other[key]) for key in other)


@pytest.mark.parametrize("save", [save_zip, save_old])
@pytest.mark.parametrize("prefix", ["", *PREFIXES, "module._orig_mod."])
@pytest.mark.parametrize("wrapper", [None, *WRAPPERS])
def test_every_wrapping_is_taken_off(tmp_path, save, prefix, wrapper):
    state = {prefix + key: value for key, value in STATE.items()}
    save(state if wrapper is None else {"epoch": 3, wrapper: state, "optimizer": {"lr": 1e-3}}, tmp_path / "a.pth")
    assert same(read_state_dict(tmp_path / "a.pth"), STATE)


def test_the_average_is_read_where_there_are_both(tmp_path):
    torch.save({"params": {"a": torch.zeros(1)}, "params_ema": {"a": torch.ones(1)}}, tmp_path / "a.pth")
    assert read_state_dict(tmp_path / "a.pth")["a"] == 1


@pytest.mark.parametrize("wrap", [nn.DataParallel, AveragedModel, lambda n: AveragedModel(nn.DataParallel(n))])
def test_what_torch_wraps_around_a_network_is_taken_off(tmp_path, wrap):
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    torch.save(wrap(network).state_dict(), tmp_path / "a.pth")
    assert same(read_state_dict(tmp_path / "a.pth"), network.state_dict())


@pytest.mark.parametrize("name", [*WRAPPERS, *PREFIXES, *COUNTERS])
def test_a_tensor_may_have_any_name(tmp_path, name):
    torch.save({name: torch.ones(2), "b": torch.zeros(1)}, tmp_path / "a.pth")
    assert set(read_state_dict(tmp_path / "a.pth")) == {name, "b"}


def test_plain_safetensors_are_read_whatever_the_length_of_their_header(tmp_path):
    """The header's length may begin with a byte that is also white space."""
    seen = set()
    for letters in range(1, 240, 8):
        save_file({"x" * letters: torch.ones(2), "module": torch.ones(1)}, tmp_path / "a.safetensors")
        seen.add((tmp_path / "a.safetensors").read_bytes()[0])
        assert set(read_state_dict(tmp_path / "a.safetensors")) == {"x" * letters, "module"}
    assert seen & set(b" ")
    save_file({f"module.{key}": value for key, value in STATE.items()}, tmp_path / "b.safetensors")
    assert read_state_dict(tmp_path / "b.safetensors").keys() == STATE.keys()


def test_pickles_are_opened_in_one_place():
    """A second call of `torch.load` would be one without these checks."""
    found = set()
    for file in ROOT.rglob("[!.]*.py"):
        name = file.relative_to(ROOT)
        if name.parts[0].startswith(".") or name.parts[0] in ("tests", "build"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("torch.load", "pickle.load", "pickle.loads"):
                found.add(name.as_posix())
    assert found == {"networks/state_dict_file.py"}
