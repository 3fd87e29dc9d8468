"""Untrusted weights, arrays and checkpoints: never unpickled, and never larger than their files."""

import json
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.engine.weights import load_weights, save_weights
from mfps.files.npy_file import open_array
from mfps.genotypes.genotype_file import read_genotype
from mfps.inference.compile import weights_header
from mfps.inference.cost_report import genotype_costs
from mfps.networks.network_config import NetworkConfig
from mfps.networks.state_dict_file import read_state_dict

from .bad_weights import bad_arrays, bad_checkpoints, bad_safetensors, described, npy, safetensors, tensor, torch_file
from .conftest import held_to_the_law


@pytest.fixture(autouse=True)
def nothing_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", bad_safetensors())
def test_bad_safetensors_are_refused(checked, tmp_path, name):
    path = tmp_path / "a.safetensors"
    path.write_bytes(bad_safetensors()[name])
    for reader in ("weights", "network", "network of others", "dictionary", "array prior"):
        message = checked(reader, path)
        # Weights may be integers of 32 or 64 bits; those of 8 are not, and no name is twice.
        assert message, f"{name} was read as {reader}"


@pytest.mark.parametrize("name", bad_arrays())
def test_a_bad_array_is_refused(checked, tmp_path, name):
    path = tmp_path / "a.npy"
    path.write_bytes(bad_arrays()[name])
    for reader in ("array", "array prior"):
        assert checked(reader, path), f"{name} was read as {reader}"


@pytest.mark.parametrize("name", bad_checkpoints())
def test_a_bad_checkpoint_is_refused(checked, tmp_path, name):
    path = tmp_path / "a.pth"
    path.write_bytes(bad_checkpoints()[name])
    assert checked("checkpoint", path)
    assert checked("network of others", path)
    assert checked("external weights", path)


def test_what_they_claim_takes_no_memory(refused_cheaply, tmp_path):
    cases = []
    for reader, suffix, corpus in (
        ("weights", "safetensors", bad_safetensors()),
        ("network of others", "safetensors", bad_safetensors()),
        ("array prior", "npy", bad_arrays()),
        ("checkpoint", "pth", bad_checkpoints()),
    ):
        for number, content in enumerate(corpus.values()):
            path = tmp_path / f"{number}.{suffix}"
            path.write_bytes(content)
            cases.append((reader, path))
    for name, start, reader in (
        ("sparse.safetensors", safetensors(b"", length=90_000_000), "weights"),
        ("sparse.npy", npy(described(), version=2, length=2**31), "array"),
        ("sparse.pth", b"\x80\x02", "checkpoint"),
    ):
        (tmp_path / name).write_bytes(start)
        with (tmp_path / name).open("r+b") as file:
            file.truncate(3 * 2**30)
        cases.append((reader, tmp_path / name))
    refused_cheaply(cases)


def wide(width: int) -> dict:
    return read_genotype("mfpsnet").with_width(width).model_dump(mode="json", by_alias=True, exclude_none=True)


def claims() -> list[dict]:
    channels = {"parsing": 19, "heatmap": 68, "dictionary": 256}
    return [
        {"genotype": wide(800)},
        *({"network": {"prior_channels": channels | {"parsing": count}}} for count in (2**40, 2**70, -1, 0, 1.5, None)),
        {"network": {"prior_channels": {}}},
        {"network": {"prior_channels": {"nose": 3}}},
        {"network": {"blocks": 10**9}},
        *({key: value} for key in ("genotype", "network", "provenance") for value in (3, [], "x", None)),
        {"genotype": {}},
    ]


def test_a_header_may_not_claim_another_network(refused_cheaply, tmp_path):
    channels = {"parsing": 19, "heatmap": 68, "dictionary": 256}
    header = weights_header(read_genotype("mfpsnet"), NetworkConfig(prior_channels=channels), {})
    for number, changed in enumerate(claims()):
        save_weights(tmp_path / f"{number}.safetensors", {"a": torch.zeros(2)}, **{**header, **changed})
    refused_cheaply([("network", path) for path in sorted(tmp_path.iterdir())])


def test_the_cost_of_any_genotype_takes_no_memory():
    assert genotype_costs(read_genotype("mfpsnet").with_width(680), 8)["total"].parameters > 10**11


def test_what_is_good_is_read(tmp_path):
    save_weights(tmp_path / "a.safetensors", {"a": torch.ones(2), "n": torch.tensor(3)}, network={}, provenance={})
    assert load_weights(tmp_path / "a.safetensors").state["a"].tolist() == [1, 1]
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    assert open_array(tmp_path / "a.npy").tolist() == [[0, 1, 2], [3, 4, 5]]
    for legacy in (False, True):
        (tmp_path / "a.pth").write_bytes(torch_file({"module.a": torch.ones(2)}, legacy))
        assert read_state_dict(tmp_path / "a.pth")["a"].tolist() == [1, 1]


WHOLE = {
    "weights": safetensors(
        {"__metadata__": {"mfps": json.dumps({"format": "mfps.weights/1"})}, "a": tensor()}, bytes(8)
    ),
    "array prior": npy(described(), bytes(16)),
    "checkpoint": torch_file({"a": torch.ones(2)}),
    "checkpoint ": torch_file({"a": torch.ones(2)}, legacy=True),
}


@pytest.mark.parametrize("reader", WHOLE)
@settings(max_examples=80)
@given(data=st.data())
def test_any_change_is_read_or_refused(tmp_path, reader, data):
    content = bytearray(WHOLE[reader])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 60))
        content[place : place + data.draw(st.integers(0, 6))] = data.draw(st.binary(max_size=6))
    path = tmp_path / ("a.npy" if reader == "array prior" else "a.bin")
    path.write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
    held_to_the_law(reader.strip(), path)


def test_refusals_name_the_tensor(refused, tmp_path):
    (tmp_path / "a").write_bytes(bad_safetensors()["a name of controls"])
    with refused(re.escape(r"'\x1b[2J\n' holds values that are not finite")):
        load_weights(tmp_path / "a")
