import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.genotypes.backbone import backbone_space
from mfps.genotypes.space import search_space
from mfps.inference.cost_report import usual_config
from mfps.nas.latency_table import (
    CheckedNetwork,
    LatencyTable,
    measured_space,
    read_latency_table,
    times_for,
    usable_table,
)

from .made_up_times import made_up_table

SPACES = search_space(("heatmap",), width=1, layers=1, fusion_layers=1, any_end=True)
CONFIG, BACKBONES = usual_config(("heatmap",), blocks=1), backbone_space(1, with_priors=True)
TABLE = made_up_table(SPACES, CONFIG, 16, BACKBONES)
TEXT = TABLE.to_json()


@given(factor=st.floats(0.01, 100), constant=st.integers(0, 2**40), scale=st.integers(0, 2**30))
def test_a_table_is_read_as_it_was_written(tmp_path_factory, factor, constant, scale):
    parts = {name: scale * ns for name, ns in TABLE.parts.items()}
    calibration = TABLE.calibration.model_copy(update={"factor": factor, "constant": constant})
    table = TABLE.model_copy(update={"parts": parts, "calibration": calibration})
    file = tmp_path_factory.mktemp("table") / "table.json"
    file.write_text(table.to_json())
    read = read_latency_table(file)
    assert read == table
    assert read.to_json() == table.to_json()
    assert read.times.constant == constant
    assert all(abs(ns - factor * parts[name]) <= 0.5 + 1e-6 * ns for name, ns in read.times.nanoseconds.items())


@given(st.integers(0, len(TEXT) - 1), st.sampled_from('0x"{,'))
def test_a_table_that_was_changed_is_refused_or_says_the_same(tmp_path_factory, at, character):
    file = tmp_path_factory.mktemp("table") / "table.json"
    file.write_text(TEXT[:at] + character + TEXT[at + 1 :])
    said = ""
    try:
        read = read_latency_table(file)
    except MfpsError as error:
        said = str(error)
    assert str(file) in said if said else read == TABLE
    assert "\n" not in said


def test_what_is_no_table_is_refused(tmp_path, refused):
    with refused("table.json: .*make one with `mfps latency measure`"):
        read_latency_table(tmp_path / "table.json")
    (tmp_path / "front.json").write_text('{"schema": "mfps.front/1"}')
    with refused("front.json: this version reads a table of schema 'mfps.latency/1' only; make it again"):
        read_latency_table(tmp_path / "front.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Abacus"}, "was measured with device Abacus, and here is "),
        ({"version": "0.1"}, "was measured with torch 0.1, and here is "),
        ({"runtime": "onnxruntime", "version": "0.1"}, "was measured with onnxruntime 0.1, and here is "),
    ],
)
def test_a_table_of_another_machine_is_refused(tmp_path, refused, change, said):
    file = tmp_path / "table.json"
    file.write_text(TEXT)
    assert usable_table(file) == TABLE
    file.write_text(TABLE.model_copy(update={"machine": TABLE.machine.model_copy(update=change)}).to_json())
    with refused(f"`latency` .*table.json: {re.escape(said)}.*; measure here with `mfps latency measure`"):
        usable_table(file)


OTHERS = {
    "size 16": {"size": 24},
    "iterations 2": {"config": usual_config(("heatmap",), 3, blocks=1)},
    "blocks 1": {"config": usual_config(("heatmap",), blocks=2)},
    "attention False": {"config": usual_config(("heatmap",), blocks=1, attention=True)},
    "prior_channels heatmap 68": {"config": usual_config(("heatmap",), None, 1, {"heatmap": 71})},
    "upsample width 1": {"spaces": search_space(("heatmap",), width=2, layers=1, fusion_layers=1, any_end=True)},
    "upsample layers 1": {"spaces": search_space(("heatmap",), width=1, layers=2, fusion_layers=1, any_end=True)},
    "upsample operations": {
        "spaces": search_space(
            ("heatmap",), width=1, layers=1, fusion_layers=1, any_end=True, operations=("skip", "conv_3x3")
        )
    },
    "backbone encoder_blocks": {"backbones": backbone_space(2, with_priors=True)},
    "backbone redistill": {"backbones": None},
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_table_of_another_space_is_refused(name, refused, tmp_path):
    given = {"spaces": SPACES, "config": CONFIG, "size": 16, "backbones": BACKBONES}
    assert times_for(TABLE, tmp_path, measured_space(**given), {}) == TABLE.times
    what = name.removeprefix("backbone ") if name == "backbone redistill" else name
    expected = "backbone" if name == "backbone redistill" else re.escape(what)
    with refused(f"`latency` .*: was measured for {expected}.*, and here it is .*; measure this space with"):
        times_for(TABLE, tmp_path, measured_space(**{**given, **OTHERS[name]}), {})


def test_how_many_sets_of_norms_there_are_takes_no_time(tmp_path):
    """They are folded before a network runs."""
    apart = CONFIG.model_copy(update={"shared_norms": False})
    assert times_for(TABLE, tmp_path, measured_space(SPACES, apart, 16, BACKBONES), {}) == TABLE.times


def test_a_branch_that_is_held_may_differ(tmp_path):
    spaces = {**SPACES, "fusion": search_space(("heatmap",), width=1, layers=1, fusion_layers=3)["fusion"]}
    space = measured_space(spaces, CONFIG, 16, BACKBONES)
    assert times_for(TABLE, tmp_path, space, {"fusion": None}) == TABLE.times


def test_how_good_a_table_is():
    def table(*pairs):
        networks = [CheckedNetwork(hash="b" * 64, gflops=1.0, predicted_ms=p, measured_ms=m) for p, m in pairs]
        return TABLE.model_copy(update={"networks": networks})

    exact = table((1.0, 1.0), (2.0, 2.0), (3.0, 3.0))
    assert (exact.median_error, exact.rank_correlation) == (0, pytest.approx(1))
    reversed_ = table((1.1, 1.0), (0.9, 2.0), (0.6, 3.0))
    assert reversed_.median_error == pytest.approx(0.55)
    assert reversed_.rank_correlation == pytest.approx(-1)
    assert table((1.0, 2.0)).rank_correlation == 0
    assert "1 thread; torch" in exact.described
    assert isinstance(LatencyTable.model_validate(json.loads(TABLE.model_dump_json(by_alias=True))), LatencyTable)
