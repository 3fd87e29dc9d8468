"""What run folders show: of a search, of a training, of an evaluation, and of damaged ones."""

import json

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.genotypes.genotype_file import read_genotype
from mfps.images.image import write_image
from mfps.serve.run_kinds import kind_of
from mfps.serve.run_view import draw_epoch, view_run

from ..nas.search_folder import write_search

TRAINED = [
    {"epoch": epoch, "step": 10 * epoch, "loss": {"l1": 1 / epoch}, "psnr": {"input": 20.0, "iterations": [21.0, 22.0]}}
    for epoch in (1, 2, 3)
]
REPORT = {
    "schema": "mfps.evaluation/1", "name": "<b>net</b>", "weights": "weights.safetensors",
    "convention": {"oracle_priors": []},
    "results": [
        {"degradation": "full", "list": "all", "faces": 3, "input": {"psnr": 20.0, "ssim": 0.5},
         "iterations": [{"psnr": 21.25, "ssim": 0.6}]}
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "searched"
    write_search(folder, epochs=3)
    return folder


def titles(view):
    return [chart.layout.title.text for chart in view.charts]


def test_a_search_shows_every_epochs_genotype_and_its_curves(searched):
    view = view_run(searched)
    assert (view.kind, view.epochs) == ("search", (1, 2, 3))
    assert view.drawing == draw_epoch(searched, 3)[1]
    assert len({draw_epoch(searched, epoch)[1] for epoch in view.epochs}) == 3
    assert draw_epoch(searched, 2)[0].startswith("epoch 2")
    assert {"PSNR", "Losses", "Worth"} <= set(titles(view))
    assert "front of" in view.said[0]
    with pytest.raises(MfpsError, match="epoch 9 is missing"):
        draw_epoch(searched, 9)


def test_a_training_shows_its_genotype_and_its_learning_curves(tmp_path):
    (tmp_path / "history.jsonl").write_text("".join(json.dumps(record) + "\n" for record in TRAINED))
    (tmp_path / "config.yaml").write_text("epochs: 5\n")
    (tmp_path / "genotype.json").write_text(read_genotype("mfpsnet").to_json())
    view = view_run(tmp_path)
    assert (view.kind, view.epochs, titles(view)) == ("training", (), ["PSNR", "Losses"])
    assert {trace.name for trace in view.charts[0].data} == {"input", "restored"}
    assert "<svg" in view.drawing
    assert view.said[1] == "After epoch 3 of 5, 30 steps."


def test_an_evaluation_shows_its_table_and_its_pictures(tmp_path):
    (tmp_path / "evaluation.json").write_text(json.dumps(REPORT))
    bare = view_run(tmp_path)
    assert kind_of(tmp_path) == bare.kind == "evaluation"
    assert "21.25" in bare.tables
    assert bare.said[0] == "Evaluation of <b>net</b> (weights.safetensors) on 3 faces"
    write_image(tmp_path / "comparison.png", np.zeros((20, 30, 3), np.uint8))
    assert view_run(tmp_path).tables.startswith(bare.tables)
    assert "<img" in view_run(tmp_path).tables


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"results": [1]}', '{"results": [], "name": 1}'])
def test_a_damaged_evaluation_is_told_in_a_line(tmp_path, content, refused):
    (tmp_path / "evaluation.json").write_text(content)
    with refused("report|JSON|evaluation"):
        view_run(tmp_path)


@pytest.mark.parametrize("damage", ["{", '{"epoch": 1, "probabilities": {}}\n', ""])
def test_a_run_that_is_damaged_or_has_just_begun_shows_what_is_left(tmp_path, damage):
    (tmp_path / "history.jsonl").write_text(damage)
    view = view_run(tmp_path)
    assert view.drawing == ""
    assert view.said
