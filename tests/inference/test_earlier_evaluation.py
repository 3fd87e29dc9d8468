import json
import shutil

import numpy as np
import pytest
from mfps.files.config_model import fill
from mfps.images.image import read_image, write_image
from mfps.inference.config import EvaluateConfig
from mfps.inference.earlier_evaluation import RESAMPLES, EarlierEvaluation
from mfps.inference.evaluate import evaluate
from mfps.inference.evaluation_tables import AGAINST_COLUMNS, against_rows, table_markdown


@pytest.fixture(scope="module")
def world(drawn_folder, write_weights, tmp_path_factory):
    """Faces, two networks, and the report of the first."""
    folder = tmp_path_factory.mktemp("earlier")
    write_weights(folder / "one.safetensors", size=16)
    write_weights(folder / "two.safetensors", iterations=1, size=16)
    return folder, drawn_folder, judged(folder, drawn_folder, "one", folder / "first")


def judged(folder, data, network, out, **options):
    values = {"weights": folder / f"{network}.safetensors", "data": data, "out": out, "device": "cpu", **options}
    return evaluate(fill(EvaluateConfig, values))


def test_the_digest_depends_on_what_is_judged_alone(world, tmp_path):
    folder, data, first = world
    same = judged(folder, data, "two", tmp_path / "same", batch_size=3, shown=1)
    assert same["inputs_sha256"] == first["inputs_sha256"]
    lists = judged(folder, data, "two", tmp_path / "lists", list=[data / "val.txt", data / "train.txt"])
    assert lists["inputs_sha256"] == first["inputs_sha256"]
    others = [result["inputs_sha256"] for result in lists["results"]]
    alone = judged(folder, data, "one", tmp_path / "alone", list=[data / "val.txt"])
    assert alone["results"][0]["inputs_sha256"] == alone["inputs_sha256"] == others[0]
    faces = {face["name"]: face["inputs_sha256"] for face in first["faces"]}
    assert {face["name"]: face["inputs_sha256"] for face in lists["faces"]} == faces
    others += [judged(folder, data, "one", tmp_path / "seed", seed=1)["inputs_sha256"]]
    others += [judged(folder, data, "one", tmp_path / "noise", degradation="noise")["inputs_sha256"]]
    assert len({first["inputs_sha256"], *others}) == 5


def test_differences_are_paired_by_face(world, tmp_path):
    folder, data, first = world
    options = {"against": folder / "first", "list": [data / "train.txt", data / "val.txt"]}
    report = judged(folder, data, "two", tmp_path / "second", **options)
    before = {face["name"]: face["iterations"][-1] for face in first["faces"]}
    for row, group in zip(report["against"]["results"], ("train", "val"), strict=True):
        faces = [face for face in report["faces"] if group in face["lists"]]
        assert (row["degradation"], row["list"], row["faces"]) == ("full", group, len(faces))
        for metric in ("psnr", "ssim"):
            gains = [face["iterations"][-1][metric] - before[face["name"]][metric] for face in faces]
            low, high = row[metric]["interval"]
            assert row[metric]["difference"] == pytest.approx(np.mean(gains))
            assert min(gains) <= low <= np.mean(gains) <= high <= max(gains)
            assert row[metric]["better"] == sum(gain > 0 for gain in gains)
    assert json.loads((tmp_path / "second" / "evaluation.json").read_text())["against"] == report["against"]
    assert str(RESAMPLES) in table_markdown(report)
    assert all(len(row) == len(AGAINST_COLUMNS) for row in against_rows(report["against"]))


def test_a_network_gains_nothing_over_itself(world, tmp_path):
    folder, data, _ = world
    report = judged(folder, data, "one", tmp_path / "again", against=folder / "first" / "evaluation.json")
    (row,) = report["against"]["results"]
    assert row["psnr"] == row["ssim"] == {"difference": 0, "interval": [0, 0], "better": 0}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"seed": 1}, "with `seed` 0, not 1"),
        ({"size": 8}, "with `size` 16, not 8"),
        ({"degradation": "noise"}, "under full, not noise"),
        ({"degradation": ("full", "noise")}, "under full, not full, noise"),
        ({"list": ["val.txt"]}, "other faces: it judged also 0000.png under full .and 5 more."),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_written(world, tmp_path, refused, options, reason):
    folder, data, _ = world
    with refused(f"first/evaluation.json: cannot be compared, since it judged {reason}"):
        judged(folder, data, "two", tmp_path / "second", against=folder / "first", **options)
    assert not list(tmp_path.iterdir())


def test_a_photograph_that_changed_is_refused(world, tmp_path, refused):
    folder, data, _ = world
    shutil.copytree(data, tmp_path / "data")
    photograph = tmp_path / "data" / "images" / "0003.png"
    write_image(photograph, 255 - read_image(photograph))
    with refused("other pixels of 0003.png, degraded by full: the photograph has changed; evaluate both"):
        judged(folder, tmp_path / "data", "two", tmp_path / "second", against=folder / "first")
    assert not (tmp_path / "second").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda report: report.pop("faces"), "faces: is required and missing"),
        (lambda report: report.update(schema="mfps.genotype/1"), "schema: .*mfps.evaluation/1"),
        (lambda report: [face.pop("inputs_sha256") for face in report["faces"]], "does not record which inputs"),
        (lambda report: report["faces"][0].update(iterations=[]), "faces.0..iterations"),
    ],
)
def test_a_file_that_is_not_such_a_report_is_refused(world, tmp_path, refused, change, reason):
    report = json.loads(json.dumps(world[2]))
    change(report)
    (tmp_path / "evaluation.json").write_text(json.dumps(report))
    with refused(f"evaluation.json: {reason}"):
        EarlierEvaluation(tmp_path)


@pytest.mark.parametrize(("content", "reason"), [(b"{", "not JSON"), (b"\xff", "not UTF-8"), (None, "no such report")])
def test_a_file_that_is_not_json_is_refused(tmp_path, refused, content, reason):
    if content is not None:
        (tmp_path / "evaluation.json").write_bytes(content)
    with refused(f"evaluation.json: .*{reason}.*give the evaluation.json of"):
        EarlierEvaluation(tmp_path / "evaluation.json")


def test_an_evaluation_says_what_it_judged_and_what_was_reached(world, tmp_path):
    folder, data, first = world
    found = EarlierEvaluation(folder / "first")
    assert found.genotype == first["genotype"]
    assert found.psnr == pytest.approx(first["iterations"][-1]["psnr"])
    assert found.provenance == {"size": 16}
    both = judged(
        folder, data, "two", tmp_path / "both", degradation=["noise", "blur"], seed=3, list=[data / "val.txt"]
    )
    found = EarlierEvaluation(tmp_path / "both")
    said = {"faces": 2, "degradations": ["blur", "noise"], "size": 16, "degradation_seed": 3, "priors": "none"}
    assert found.convention == said
    assert found.psnr == pytest.approx(both["iterations"][-1]["psnr"])


def test_evaluations_of_the_same_inputs_can_be_compared(world, tmp_path, refused):
    folder, data, first = world
    judged(folder, data, "two", tmp_path / "two", batch_size=3)
    one, two = EarlierEvaluation(folder / "first"), EarlierEvaluation(tmp_path / "two")
    one.check_same_inputs(two)
    two.check_same_inputs(one)
    judged(folder, data, "two", tmp_path / "noise", degradation="noise")
    with refused("noise/evaluation.json: cannot be compared, since it judged under noise, not full; evaluate both"):
        EarlierEvaluation(tmp_path / "noise").check_same_inputs(one)
    for change, reason in (
        (lambda report: report["faces"][2].update(inputs_sha256="0"), "other pixels of 0002.png"),
        (
            lambda report: report["convention"].update(priors="heatmap: oracle"),
            "with the priors 'heatmap: oracle', not",
        ),
        (lambda report: report["faces"].pop(), "other faces: it did not judge 0007.png"),
    ):
        report = json.loads(json.dumps(first))
        change(report)
        (tmp_path / "evaluation.json").write_text(json.dumps(report))
        with refused(reason):
            EarlierEvaluation(tmp_path).check_same_inputs(one)
