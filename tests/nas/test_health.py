import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.genotypes.operations import STROKES
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.nas import health as module
from mfps.nas.config import SearchConfig
from mfps.nas.health import COLLAPSE, IDLE_DB, LATE, REMEDIES, UNDECIDED, alarms_text, health, least_share, settled

SPACE = search_space(("heatmap",), layers=3, fusion_layers=3)


def record(epoch, seed=0, **more):
    genotype = random_genotype(SPACE, seed)
    searched = {name: {} for name in genotype.present}
    return {"epoch": epoch, "hash": genotype.hash, "genotype": genotype.architecture, "probabilities": searched, **more}


def with_skips(found, branch, count):
    cell = found["genotype"][branch]["cell"]
    ops = ["skip"] * count + ["conv_3x3"] * (6 - count)
    found["genotype"][branch]["cell"] = [{**kept, "op": op} for kept, op in zip(cell, ops, strict=True)]
    return found


def names(found):
    return [(alarm["name"], alarm["branch"]) for alarm in found["alarms"]]


def examined(found, before=None, decides=True):
    return health(found, before, decides=decides, epochs=20, warmup_epochs=2)


@pytest.mark.parametrize("count", range(7))
def test_a_cell_collapses_at_five_of_six_skips(count):
    found = examined(with_skips(with_skips(record(3), "heatmap", count), "fusion", 0))
    assert found["skips"]["heatmap"] == count / 6
    assert (("collapse", "heatmap") in names(found)) == (count >= 5)
    assert ("collapse", "fusion") not in names(found)
    assert COLLAPSE == 5 / 6


@given(st.integers(0, 50), st.integers(0, 50))
def test_changes_are_counted_as_they_are_and_none_exactly_if_the_architecture_is_the_same(first, second):
    before, now = record(1, first), record(2, second)
    changes = health(now, before, decides=True, epochs=9, warmup_epochs=0)["changes"]
    assert set(changes) == set(SPACE)
    for name, counts in changes.items():
        then, here = before["genotype"][name], now["genotype"][name]
        assert counts["path"] == sum(a != b for a, b in zip(then["path"], here["path"], strict=True))
        kept = [{tuple(edge.values()) for edge in branch["cell"]} for branch in (then, here)]
        assert counts["cell"] == len(kept[1] - kept[0])
    assert any(sum(counts.values()) for counts in changes.values()) == (before["hash"] != now["hash"])


def test_the_first_epoch_changes_nothing_and_a_held_branch_is_left_out():
    held = record(3, worth={"upsample": 0.0, "heatmap": 0.0, "fusion": 1.0})
    del held["probabilities"]["upsample"]
    found = examined(with_skips(held, "upsample", 6))
    assert found["changes"] == {}
    assert set(found["skips"]) == {"heatmap", "fusion"}
    assert names(found) == [("idle", "heatmap")]


ALL = {
    "entropy": {"fusion": {"operations": 0.9, "ends": 0.8}},
    "psnr": {"mixed": [22.0], "reestimated": [20.0]},
    "gap": {"stored": 3.0, "reestimated": 2.0, "batch": 0.1},
    "coverage": {"upsample": {"cells": {"l0_r1": 100, "l0_r2": 1}, "operations": {"skip": 50, "conv_3x3": 51}}},
    "worth": {"upsample": 0.5, "heatmap": 0.01, "fusion": 0.02},
}
RAISED = [("undecided", "fusion"), ("gap", None), ("uncovered", "upsample"), ("idle", "heatmap")]


def test_alarms_wait_for_the_warm_up_and_the_decision_for_the_last_quarter():
    assert [names(examined(record(epoch, **ALL))) for epoch in (2, 3, 15, 16)] == [[], RAISED[1:], RAISED[1:], RAISED]
    assert LATE == 0.75


def test_a_strategy_that_decides_nothing_is_not_blamed_for_it():
    found = examined(with_skips(record(16, **ALL), "fusion", 6), decides=False)
    assert names(found) == RAISED[1:]


@pytest.mark.parametrize(("psnr", "gap", "alarms"), [
    ({"mixed": [22.0]}, 0.5, 0),
    ({"mixed": [22.0]}, 0.51, 1),
    ({"batch": [22.0]}, 0.1, 0),
    ({"batch": [22.0]}, 0.11, 1),
    ({"batch": [22.0]}, -3.0, 0),
    ({"batch": [22.0]}, None, 0),
    ({"batch": [22.0]}, float("nan"), 0),
])  # fmt: skip
def test_the_gap_is_the_mixtures_where_there_is_one_and_that_of_the_statistics_elsewhere(psnr, gap, alarms):
    found = examined(record(3, psnr=psnr, gap={"stored": 9.0, "reestimated": gap, "batch": 9.0}))["alarms"]
    assert [alarm["name"] for alarm in found] == ["gap"] * alarms
    assert {alarm["remedy"] for alarm in found} <= {REMEDIES["gap" if "mixed" in psnr else "statistics"]}


def test_an_alarm_says_by_how_much_and_is_json():
    found = examined(record(16, **ALL))
    assert json.loads(json.dumps(found)) == found
    by_name = {alarm["name"]: alarm for alarm in found["alarms"]}
    assert (by_name["idle"]["value"], by_name["idle"]["threshold"]) == (0.01, IDLE_DB)
    assert (by_name["undecided"]["value"], by_name["undecided"]["threshold"]) == (0.85, UNDECIDED)
    assert by_name["uncovered"]["value"] == pytest.approx(1 / 50.5, abs=1e-6)


def test_a_record_without_the_numbers_raises_no_alarm():
    assert examined(with_skips(record(16), "fusion", 0))["alarms"] == []
    assert least_share({"cells": {}, "operations": {"skip": 0}}) == 1


@pytest.mark.parametrize("monotone", [False, True])
@pytest.mark.parametrize("layers", [3, 6])
def test_paths_drawn_evenly_leave_nothing_uncovered(layers, monotone):
    for space in search_space(("heatmap",), layers=layers, fusion_layers=8, monotone_upsample=monotone).values():
        paths = space.paths()
        cells = {
            f"l{layer}_r{rate}": sum(path[layer] == rate for path in paths)
            for layer, rates in enumerate(space.rates)
            for rate in rates
        }
        assert least_share({"cells": cells, "operations": {"skip": 5, "conv_3x3": 5}}) > 1.5 * module.UNCOVERED


def test_the_line_of_an_epoch_names_each_alarm_once():
    found = examined(with_skips(with_skips(record(3, **ALL), "fusion", 5), "upsample", 6))["alarms"]
    assert alarms_text(found) == "alarms: collapse (upsample, fusion), gap, uncovered (upsample), idle (heatmap)"
    assert alarms_text([]) == ""


@pytest.mark.parametrize("name", REMEDIES)
def test_a_remedy_is_a_sentence_whose_fields_exist(name):
    remedy = REMEDIES[name]
    assert remedy[0].isupper()
    assert remedy.endswith(".")
    assert "\n" not in remedy
    assert set(re.findall(r"`(\w+)`", remedy)) <= set(SearchConfig.model_fields) | set(STROKES)


def test_the_documents_have_each_threshold_and_remedy():
    page = (Path(module.__file__).parent.parent / "docs" / "search-report.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `\w+`[^|]*\| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    assert [remedy for _, remedy in rows] == list(REMEDIES.values())
    thresholds = [
        (module.COLLAPSE,),
        (module.LATE, module.UNDECIDED),
        (module.MIXED_GAP_DB,),
        (module.STATISTICS_GAP_DB,),
        (module.UNCOVERED,),
        (module.IDLE_DB,),
    ]
    numbers = [tuple(map(float, re.findall(r"\d\.\d+", condition))) for condition, _ in rows]
    assert numbers == [tuple(round(threshold, 2) for threshold in row) for row in thresholds]


def history(*seeds):
    records = []
    for epoch, seed in enumerate(seeds, start=1):
        now = record(epoch, seed)
        records.append({**now, **examined(now, records[-1] if records else None)})
    return records


def test_settled_is_the_same_genotype_over_the_last_epochs_after_the_warm_up():
    past = history(0, 1, 1, 1, 1)
    assert [settled(past, n) for n in (1, 2, 3, 4, 5, 6)] == [True, True, True, False, False, False]
    assert [settled(past, n, warmup_epochs=3) for n in (1, 2, 3)] == [True, True, False]
    assert not settled(past, 0)
    assert not settled([], 1)
    assert not settled(history(0), 1)  # nothing came before it
    assert not settled(history(0, 0, 1), 1)
