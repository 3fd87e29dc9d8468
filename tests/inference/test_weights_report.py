import json

import pytest
import torch
from mfps.engine.weights import load_weights, save_weights
from mfps.inference.exported_network import open_exported
from mfps.inference.weights_report import weights_report


def test_a_fixed_network(write_weights, drawn_genotype, tmp_path):
    network = write_weights(tmp_path / "weights.safetensors", ("parsing",), note="mine")
    genotype = drawn_genotype(("parsing",))
    report = weights_report(tmp_path)
    assert report == weights_report(tmp_path / "weights.safetensors")
    assert report["kind"] == "fixed network"
    assert (report["genotype"], report["hash"]) == (genotype.name, genotype.hash)
    assert report["branches"] == "upsample (width 1), parsing (width 1), fusion (width 4)"
    assert report["parameters"] == sum(p.numel() for p in network.parameters())
    assert report["tensors"] == len(network.state_dict())
    assert report["dtype"] == "float32"
    assert report["bytes"] == (tmp_path / "weights.safetensors").stat().st_size
    assert report["network"] == network.config.model_dump()
    assert report["provenance"] == {"note": "mine"}
    assert json.loads(json.dumps(report)) == report


def test_number_formats_are_those_of_the_parameters(write_weights, tmp_path):
    file = tmp_path / "w.safetensors"
    write_weights(file)
    opened = load_weights(file)
    state = {**opened.state, "conv_hr.bias": opened.state["conv_hr.bias"].to(torch.bfloat16)}
    save_weights(file, state, **opened.header)
    assert weights_report(file)["dtype"] == "bfloat16, float32"


def test_a_supernet(tmp_path):
    save_weights(tmp_path / "s.safetensors", {"a": torch.ones(3)}, space={}, network={"blocks": 1}, provenance={})
    report = weights_report(tmp_path / "s.safetensors")
    assert (report["kind"], report["parameters"]) == ("supernet", 3)
    assert "hash" not in report


def test_a_genotype_that_is_not_valid(write_weights, tmp_path, refused):
    file = tmp_path / "w.safetensors"
    write_weights(file)
    opened = load_weights(file)
    save_weights(file, opened.state, **{**opened.header, "genotype": {"schema": "mfps.genotype/9"}})
    with refused("w.safetensors: schema is 'mfps.genotype/9'"):
        weights_report(file)


@pytest.mark.parametrize("name", ["a.onnx", "a.pt2", "a.torchscript"])
def test_an_exported_file(write_exported, tmp_path, name):
    write_exported(tmp_path / name, ("parsing",))
    report = weights_report(tmp_path / name)
    said = open_exported(tmp_path / name)
    assert report["kind"] == said.described()
    assert report["hash"] == said.genotype.hash
    assert (report["size"], report["passes"], report["priors"]) == (16, "1, 2", "inputs")
    assert report["bytes"] == (tmp_path / name).stat().st_size
    assert report["network"] == said.config.model_dump(mode="json")
    assert json.loads(json.dumps(report)) == report
