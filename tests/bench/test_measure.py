"""Networks are measured for real, each way in a process of its own; what cannot be run says so, and leaves nothing."""

import json

import pytest
import torch
from mfps.bench.config import BenchConfig
from mfps.bench.measure import bench
from mfps.errors import MfpsError
from mfps.genotypes.genotype_file import write_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space


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
