"""Which metrics are measured: all that can be, and what was asked for or nothing."""

import re

import numpy as np
import pytest
from mfps.files import external_weights
from mfps.files.external_weights import WEIGHTS
from mfps.images.metrics import CONVENTION, psnr, ssim
from mfps.metrics.choice import ALWAYS, OPEN, choose_metrics
from mfps.metrics.face_sets import SETS
from mfps.metrics.fields import METRIC_NAMES
from mfps.metrics.metric import MetricSources, held_weights, measured


def test_every_metric_can_be_opened_and_is_shown_in_one_order():
    assert [metric.name for metric in ALWAYS] + list(OPEN) + list(SETS) == list(METRIC_NAMES)
    assert {metric.name for metric in ALWAYS} <= CONVENTION.keys()


@pytest.mark.parametrize("name", OPEN)
def test_what_cannot_be_measured_is_left_out_with_its_reason_and_refused_where_it_is_asked_for(name, refused):
    """No metric fits faces of 16 pixels."""
    metrics, left_out = choose_metrics(None, MetricSources(16))
    assert [metric.name for metric in metrics] == ["psnr", "ssim"]
    assert left_out.keys() == OPEN.keys()
    with refused(f"`metrics` {name}: .*pixels or more, not 16"):
        choose_metrics([name], MetricSources(16))
    assert choose_metrics(["psnr"], MetricSources(16)) == choose_metrics(["ssim"], MetricSources(512)) == (metrics, {})


def test_the_first_two_are_the_functions_of_images(faces):
    clean, versions = faces(16)
    expected = [{"psnr": psnr(version, clean), "ssim": ssim(version, clean)} for version in versions]
    assert measured(ALWAYS, versions, clean) == expected


@pytest.mark.parametrize("weights", [weights for weights in WEIGHTS if weights.package], ids=lambda one: one.name)
def test_a_file_of_another_hash_is_refused_and_a_missing_one_says_how_to_get_it(
    weights, tmp_path, monkeypatch, refused
):
    """What is missing stands in reports, so no place of this machine is named."""
    (tmp_path / weights.file).write_bytes(b"other")
    with refused(f"{weights.file}: not the {weights.name} weights .SHA-256 .*{re.escape(weights.install)}"):
        held_weights(weights.name, tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(external_weights.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(external_weights, "find_spec", lambda _: None)
    with refused(re.escape(f"there are no {weights.name} weights: run `{weights.install}`") + "$"):
        held_weights(weights.name, None)


def test_all_that_can_be_measured_has_its_columns(faces):
    clean, versions = faces(64)
    metrics, left_out = choose_metrics(None, MetricSources(64))
    assert {*(metric.name for metric in metrics), *left_out} == set(METRIC_NAMES) - SETS.keys()
    keys = [column.key for metric in metrics for column in metric.columns]
    assert len(set(keys)) == len(keys)
    for scores in measured(metrics, versions[:2], clean):
        assert list(scores) == keys
        assert np.isfinite(list(scores.values())).all()
