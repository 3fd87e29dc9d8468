"""Ways in for what others made, and for an epoch of a search: each through its command."""

import json
from pathlib import Path

import pytest
import torch
from mfps.engine.weights import load_weights
from mfps.genotypes.genotype_file import read_genotype
from safetensors.torch import save_file

from .conftest import RETRAIN, SEARCH, TINY


@pytest.fixture
def done(mfps, world):
    """`done(command)`: the command, which must succeed; what it printed."""

    def run(command):
        ended = mfps(command)
        assert ended.status == 0, ended.err
        return ended.out

    return run


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_weights_of_others_go_wherever_ours_go(done, suffix):
    done(f"{RETRAIN} --genotype searched --base none --out plain")
    state = load_weights(Path("plain")).state
    if suffix == "pth":
        torch.save({"epoch": 9, "model_state_dict": {f"module.{key}": value for key, value in state.items()}}, "a.pth")
    else:
        save_file(state, "a.safetensors")
    done(f"weights import a.{suffix} --genotype searched --size 16 --out ours.safetensors")
    assert load_weights(Path("ours.safetensors")).header["network"] == load_weights(Path("plain")).header["network"]
    done(f"weights import a.{suffix} --genotype searched --base lowpass --base-window 2 --out based.safetensors")
    assert load_weights(Path("based.safetensors")).header["network"]["base_window"] == 2
    reports, faces = [], []
    for network, options in (
        ("plain", ""),
        ("ours.safetensors", ""),
        (f"a.{suffix}", "--genotype searched --size 16"),
    ):
        done(f"evaluate {network} --data faces --device cpu {options} --out judged-{network}")
        done(f"restore {network} faces --device cpu {options} --out restored-{network}")
        reports.append(json.loads(Path(f"judged-{network}/evaluation.json").read_text())["iterations"])
        faces.append(Path(f"restored-{network}/0003.png").read_bytes())
    assert reports[0] == reports[1] == reports[2]
    assert faces[0] == faces[1] == faces[2]


@pytest.mark.parametrize("start", ["trained", "trained/weights.safetensors", "a.pth --genotype searched"])
def test_a_network_is_trained_further_under_its_own_name(done, start):
    torch.save(load_weights(Path("trained")).state, "a.pth")
    done(f"retrain --data faces {TINY} --lr 1e-30 --weight-decay 0 --ema 0.5 --init-from {start} --out further")
    before, after = load_weights(Path("trained")), load_weights(Path("further"))
    assert after.header["genotype"]["branches"] == before.header["genotype"]["branches"]
    assert set(after.header["provenance"]["init_from"]) == {"name", "sha256"}
    weights = {key: value for key, value in before.state.items() if ".bn." not in key}
    assert all(torch.allclose(after.state[key], value, rtol=0, atol=1e-6) for key, value in weights.items())
    assert "blocks: 1" in Path("further/config.yaml").read_text()
    done("retrain --config further/config.yaml --out further --resume --device cpu")


def test_an_epoch_of_a_search_is_a_genotype_everywhere(done):
    done(f"{SEARCH} --epochs 2 --max-steps 2 --epoch-steps 1 --out two")
    for epoch, same in ((1, "two@1"), (2, "two/decoded.json")):
        found = json.loads(done(f"genotype show two@{epoch} --json"))["hash"]
        assert found == read_genotype(same).hash
    first = read_genotype("two@1")
    assert "the same architecture" in done("genotype diff two/decoded.json two@2")
    assert first.hash in done("genotype validate two@1")
    done("genotype draw two@1 --out one.svg")
    done("genotype draw two --epoch 1 --out epoch.svg")
    done("genotype export two@1 --out arrays")
    done("genotype import arrays --into two@1 --out again.json")
    assert read_genotype("again.json").hash == first.hash
    done(f"{RETRAIN} --genotype two@1 --out net")
    assert read_genotype("net").hash == first.hash
    done(f"{SEARCH} --priors parsing --fix upsample=two@1 --out held")
    assert read_genotype("held").branches.upsample == first.branches.upsample
