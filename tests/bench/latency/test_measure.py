"""A tiny space is measured for real, once, through the installed command; the table is then used."""

import subprocess
import sys
from pathlib import Path

import pytest
from mfps.bench.latency.config import LatencyConfig
from mfps.bench.latency.figure import latency_png
from mfps.bench.latency.measure import CALIBRATING, measure_latency
from mfps.genotypes.genotype_file import read_genotype
from mfps.nas.latency_table import usable_table

SPACE = ["--width", "1", "--size", "16", "--layers", "2", "--blocks", "1"]


def mfps(*words, cwd):
    command = [str(Path(sys.executable).parent / "mfps"), *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_a_space_is_measured_and_networks_are_drawn_by_time(tmp_path):
    quick = ("--rounds", "1", "--networks", "4", "--threads", "1", "--device", "cpu")
    done = mfps("latency", "measure", *SPACE, *quick, "--out", "table.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = usable_table(tmp_path / "table.json")
    assert f"{table.median_error:.1%}" in done.stdout
    assert f"{table.rank_correlation:.3f}" in done.stdout
    assert [*table.parts.values()] == [ns for ns in table.parts.values() if ns >= 0]
    assert len(table.networks) == 4
    assert table.calibration.networks == CALIBRATING
    assert table.median_error < 1
    limit = (table.networks[0].predicted_ms + table.networks[-1].predicted_ms) / 2
    within = ("--latency", "table.json", "--max-ms", f"{limit:.4f}")
    drawn = mfps("genotype", "random", *SPACE, *within, "--out", "g.json", cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    assert 0 < read_genotype(str(tmp_path / "g.json")).provenance["nanoseconds"] <= 1e6 * limit
    assert latency_png(table).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"operations": ("skip", "separable_3x3"), "space": "published"},
            "`operations`: unknown operation 'separable_3x3'",
        ),
        ({"runtime": "onnxruntime", "precision": "bfloat16"}, "`precision` bfloat16: onnxruntime decides"),
        ({"runtime": "onnxruntime", "layout": "contiguous"}, "`layout` contiguous: onnxruntime decides"),
        ({"device": "cuda:97"}, "'cuda:97'"),
        (
            {"layers": 1, "operations": ("skip",), "space": "published", "networks": 100},
            "`networks`: 100 for the report and",
        ),
    ],
)
def test_what_cannot_be_measured_leaves_nothing(tmp_path, refused, change, said):
    config = LatencyConfig(**{"out": tmp_path / "table.json", "width": 1, "size": 16, "device": "cpu", **change})
    with refused(said):
        measure_latency(config)
    assert not list(tmp_path.iterdir())


def test_a_preset_gives_what_was_not_given(tmp_path):
    config = LatencyConfig(out=tmp_path, preset="tiny", width=3)
    assert config.width == 3
    assert config.size != LatencyConfig(out=tmp_path).size
    assert config.candidates
