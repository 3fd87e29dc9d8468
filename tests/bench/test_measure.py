"""Networks are measured for real, each way in a process of its own; what cannot be run says so, and leaves nothing."""

import json
from pathlib import Path

import pytest
import torch
from mfps.bench.config import BenchConfig
from mfps.bench.measure import bench
from mfps.bench.runner import Runner
from mfps.bench.sources import open_sources
from mfps.bench.ways import ways
from mfps.engine.weights import save_weights
from mfps.errors import MfpsError
from mfps.genotypes.genotype_file import write_genotype
from mfps.genotypes.hand_made import HandMade
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.hand_made_network import hand_made_header
from mfps.networks.cost import network_cost
from mfps.networks.hand_made import HandMadeRestorer
from mfps.networks.network_config import NetworkConfig
from rich.console import Console


@pytest.fixture
def genotype(tmp_path):
    file = tmp_path / "genotype.json"
    write_genotype(random_genotype(search_space((), width=1, layers=2), 0), file)
    return str(file)


@pytest.mark.slow
def test_a_network_in_two_layouts(tmp_path, genotype):
    config = BenchConfig(
        network=[genotype],
        sizes="16",
        layouts="contiguous,channels-last",
        threads="1",
        rounds=2,
        out=tmp_path / "bench",
    )
    report = bench(config)
    assert json.loads((tmp_path / "bench" / "bench.json").read_text()) == report
    assert {file.name for file in (tmp_path / "bench").iterdir()} == {"bench.json", "bench.md", "bench.png"}
    rows = report["measured"]
    assert [row["runs_as"] for row in rows] == ["contiguous float32", "channels-last float32"]
    for row in rows:
        assert row["ms_least"] <= row["ms"] <= row["ms_most"]
        assert row["faces_per_second"] == pytest.approx(1000 / row["ms"])
        assert row["gflops_per_second"] == pytest.approx(row["gflop"] / row["ms"] * 1000)
        assert row["share_of_machine"] > 0
        assert row["peak_mb"] >= 0
        assert row["counts"] == "cpu_ms"


@pytest.mark.parametrize(
    ("change", "message"), [({"network": ["nowhere"]}, "nowhere"), ({"precisions": "float16"}, "precision")]
)
def test_what_cannot_be_measured_leaves_nothing(tmp_path, genotype, monkeypatch, change, message):
    monkeypatch.setattr("torch.cpu._is_amx_fp16_supported", lambda: False)
    if torch.cuda.is_available():
        pytest.skip("a GPU computes in float16")
    config = {"network": [genotype], "sizes": "16", "threads": "1", "out": tmp_path / "bench", **change}
    with pytest.raises(MfpsError, match=message):
        bench(BenchConfig(**config))
    assert not (tmp_path / "bench").exists()


@pytest.fixture(params=["nafnet:4x1", "residual:3x1"])
def hand_made(request, tmp_path):
    """A hand-made network, and the run folder that holds its weights."""
    config = NetworkConfig(iterations=1, base="lowpass")
    network = HandMadeRestorer(made := HandMade.parse(request.param), config)
    header = hand_made_header(made, config, {"size": 24})
    save_weights(tmp_path / "weights.safetensors", network.state_dict(), **header)
    return network, tmp_path


def test_a_hand_made_network_is_measured_as_others_are(hand_made):
    network, run = hand_made
    config = BenchConfig(network=[str(run)], threads=1, layouts="contiguous", device="cpu")
    ((point, (way,)),) = ways(config, open_sources(config, Path(), Console(quiet=True))).items()
    assert point.size == 24
    runner = Runner(way)
    runner.run()
    assert runner.flops == network_cost(network, 24)["total"].flops
    assert runner.runs_as == "contiguous float32"


@pytest.mark.parametrize("asked", [{"runtimes": "torch,onnxruntime"}, {"iterations": 2}])
def test_what_a_hand_made_network_cannot_do_is_refused_in_one_line(hand_made, asked, tmp_path):
    network, run = hand_made
    with pytest.raises(MfpsError) as refused:
        bench(BenchConfig(network=[str(run)], out=tmp_path / "bench", **asked))
    assert str(refused.value).startswith(f"{run}: {network.made} ")
    assert f"`{next(iter(asked))}`" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "bench").exists()
