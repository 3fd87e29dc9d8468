"""Hand-made networks trained, opened again, and judged as others are."""

import json
from pathlib import Path

import pytest
import torch
from mfps.engine.weights import load_weights, save_weights
from mfps.errors import MfpsError
from mfps.genotypes.hand_made import HandMade
from mfps.inference.compile import load_network
from mfps.inference.config import EvaluateConfig
from mfps.inference.evaluate import evaluate
from mfps.inference.hand_made_network import hand_made_header, load_hand_made
from mfps.networks.hand_made import HandMadeRestorer
from mfps.networks.network_config import NetworkConfig
from mfps.retrain.config import RetrainConfig
from mfps.retrain.train import retrain

CONFIG = NetworkConfig(iterations=1, base="lowpass")


@pytest.fixture
def written(tmp_path):
    """`written(text)`: a network, and its weights file."""

    def write(text):
        network = HandMadeRestorer(made := HandMade.parse(text), CONFIG)
        file = tmp_path / "weights.safetensors"
        save_weights(file, network.state_dict(), **hand_made_header(made, CONFIG, {"size": 16}))
        return network, file

    return write


@pytest.mark.parametrize("text", ["nafnet:4x2", "residual:3x1"])
def test_what_is_saved_is_opened(written, text):
    network, file = written(text)
    opened = load_hand_made(file)
    assert opened is not None
    assert (opened.genotype, opened.config, opened.size, opened.priors) == (network.made, CONFIG, 16, ())
    faces = torch.rand(1, 3, 16, 16)
    assert torch.equal(opened.restorer(faces)[0], network(faces)[0])


def test_what_needs_a_genotype_refuses_it(written):
    with pytest.raises(MfpsError, match="a hand-made network, which has no genotype"):
        load_network(written("nafnet:4x1")[1])


@pytest.mark.parametrize("header", [{"hand_made": "nafnet:8x2"}, {"hand_made": "nafnet"}, {"network": {"blocks": 0}}])
def test_a_header_that_does_not_fit_is_refused_in_one_line(written, header):
    _, file = written("nafnet:4x2")
    opened = load_weights(file)
    save_weights(file, opened.state, **{**opened.header, **header})
    with pytest.raises(MfpsError, match=r"weights\.safetensors") as refused:
        load_hand_made(file)
    assert "\n" not in str(refused.value)


def test_it_is_trained_by_the_loop_of_all_and_resumes_with_the_same_bytes(drawn_folder, tmp_path):
    options = {"data": drawn_folder, "list": drawn_folder / "train.txt", "val_list": drawn_folder / "val.txt"}
    options |= {"size": 16, "perceptual": 0, "layout": "contiguous", "batch_size": 2, "epoch_steps": 1, "device": "cpu"}
    options |= {"hand_made": "nafnet:4x1", "base": "lowpass", "lr": 1e-2}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert retrain(RetrainConfig(**options, epochs=2, out=whole)) == HandMade("nafnet", 4, 1)
    for epochs in (1, 2):
        retrain(RetrainConfig(**options, epochs=epochs, out=parts, resume=True))
    assert (whole / "weights.safetensors").read_bytes() == (parts / "weights.safetensors").read_bytes()
    assert not (whole / "genotype.json").exists()
    report = evaluate(
        EvaluateConfig(weights=whole, data=drawn_folder, out=tmp_path / "judged", degradation=("noise",), device="cpu")
    )
    assert report["name"] == "nafnet:4x1"
    assert len(report["faces"]) == 8
    assert json.loads(Path(tmp_path / "judged" / "evaluation.json").read_text()) == report
