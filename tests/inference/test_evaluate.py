import csv
import io
import json
import re
import shutil

import mfps.inference.evaluate
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mfps.data.dataset import FaceFolder
from mfps.data.given_pairs import GivenPairs
from mfps.data.loader import make_loader
from mfps.degradation.folder import degradation_targets, degrade_files
from mfps.drawn.faces import write_drawn_faces
from mfps.errors import MfpsError
from mfps.files.config_model import fill
from mfps.images.image import read_image
from mfps.images.metrics import CONVENTION, psnr, ssim
from mfps.images.tensors import to_uint8
from mfps.inference.compile import load_network
from mfps.inference.config import EvaluateConfig
from mfps.inference.evaluate import evaluate, folder_name
from mfps.inference.evaluation_tables import more_columns, more_rows, table_markdown, table_rows
from mfps.metrics.choice import ALWAYS
from mfps.metrics.face_sets import FaceSets, SetMetric
from mfps.metrics.metric import Column, Metric
from rich.console import Console

DEGRADATIONS = ("full", "blur:1,noise:1", "grey|blur(6,12)|jpeg(30,60)")
FOLDERS = ("full", "blur1_noise1", "grey-blur-6-12-jpeg-30-60-59f3644a")


def judged(weights, data, out, console, **options):
    return evaluate(fill(EvaluateConfig, {"weights": weights, "data": data, "out": out, **options}), console)


@pytest.fixture(scope="module")
def evaluated(drawn_folder, write_weights, tmp_path_factory):
    """A network with a prior, judged on two lists under three degradations: its report and its folder."""
    folder = tmp_path_factory.mktemp("evaluation")
    write_weights(folder / "w.safetensors", ("heatmap",), iterations=3, size=16)
    report = judged(
        folder / "w.safetensors", drawn_folder, folder / "out", Console(quiet=True), batch_size=3, seed=4,
        list=[drawn_folder / "val.txt", drawn_folder / "train.txt"], degradation=DEGRADATIONS, save_images=True,
        device="cpu",
    )  # fmt: skip
    return report, folder


def test_the_report_is_written_as_it_is_returned(evaluated):
    report, folder = evaluated
    assert json.loads((folder / "out" / "evaluation.json").read_text()) == report
    assert {path.name for path in (folder / "out").iterdir()} == {
        "evaluation.json", "evaluation.md", "comparison.png", "faces.csv", "restored"
    }  # fmt: skip
    assert report["schema"] == "mfps.evaluation/1"
    assert report["genotype"] == load_network(folder / "w.safetensors").genotype.hash
    assert CONVENTION.items() <= report["convention"].items()
    assert report["convention"]["degradation_seed"] == 4
    assert report["convention"]["priors"].startswith("heatmap: oracle priors, from files made of the clean")


def test_numbers_are_those_of_the_metrics(evaluated, drawn_folder):
    report, folder = evaluated
    network = load_network(folder / "w.safetensors").restorer
    found = {(face["name"], face["degradation"]): face for face in report["faces"]}
    assert len(found) == 24
    for degradation in DEGRADATIONS:
        data = FaceFolder(drawn_folder, 16, degradation, None, ("heatmap",), seed=4)
        for batch in make_loader(data, None, 8, 0, shuffle=False, workers=0):
            with torch.no_grad():
                stages = [batch.degraded, *network(batch.degraded, batch.priors)]
            for i, name in enumerate(batch.names):
                clean = to_uint8(batch.clean[i].numpy())
                face = found[name, degradation]
                for scores, stage in zip([face["input"], *face["iterations"]], stages, strict=True):
                    picture = to_uint8(stage[i].numpy())
                    assert scores["psnr"] == pytest.approx(psnr(picture, clean), abs=0.02)
                    assert scores["ssim"] == pytest.approx(ssim(picture, clean), abs=2e-3)


def mean(faces):
    stages = zip(*([face["input"], *face["iterations"]] for face in faces), strict=True)
    return [{key: np.mean([scores[key] for scores in stage]) for key in ("psnr", "ssim")} for stage in stages]


def test_means_are_over_the_faces(evaluated):
    report, _ = evaluated
    faces = report["faces"]
    assert [report["input"], *report["iterations"]] == mean(faces)
    assert len(report["iterations"]) == 3
    rows = {(result["degradation"], result["list"]): result for result in report["results"]}
    assert list(rows) == [(degradation, group) for degradation in DEGRADATIONS for group in ("val", "train")]
    for (degradation, group), result in rows.items():
        chosen = [face for face in faces if face["degradation"] == degradation and group in face["lists"]]
        assert len(chosen) == result["faces"] == {"val": 2, "train": 6}[group]
        assert [result["input"], *result["iterations"]] == mean(chosen)


def test_restored_faces_are_the_last_iteration(evaluated, drawn_folder):
    report, folder = evaluated
    folders = dict(zip(DEGRADATIONS, FOLDERS, strict=True))
    assert {path.name for path in (folder / "out" / "restored").iterdir()} == set(FOLDERS)
    for face in report["faces"]:
        picture = read_image(folder / "out" / "restored" / folders[face["degradation"]] / face["name"])
        clean = read_image(drawn_folder / "images" / face["name"])
        assert psnr(picture, clean) == face["iterations"][-1]["psnr"]


texts = st.lists(
    st.tuples(st.sampled_from(["full", "grey", "blur(6,12)", "blur(6,1.2)", "blur|jpeg"]), st.integers(0, 12)),
    min_size=1, unique_by=lambda part: part[0],
).map(lambda parts: ",".join(f"{row}:{weight}" if weight else row for row, weight in parts))  # fmt: skip


@given(st.lists(texts, min_size=2, max_size=2, unique=True))
def test_every_degradation_has_a_safe_folder_of_its_own(pair):
    one, other = map(folder_name, pair)
    assert one != other
    assert re.fullmatch(r"[a-z0-9_.+-]{1,100}", one)
    assert one[0] not in ".-"


def test_the_table_shows_every_stage(evaluated):
    report, folder = evaluated
    rows = table_rows(report)
    assert len(rows) == 3 * 2 * 4
    assert rows[0][:4] == ("full", "val", "2", "input")
    gain = report["results"][0]["iterations"][2]["psnr"] - report["results"][0]["input"]["psnr"]
    assert rows[3][-1].startswith(f"{gain:+.2f}, ")
    page = (folder / "out" / "evaluation.md").read_text()
    assert page == table_markdown(report)
    assert page.count("\n| ") == 1 + len(rows)
    assert page.count(r"| grey\|blur(6,12)\|jpeg(30,60) | val |") == 4
    assert all(f"- {key}: " in page for key in report["convention"])


def test_the_comparison_shows_some_faces_of_each_degradation(drawn_folder, write_weights, tmp_path, console):
    write_weights(tmp_path / "w.safetensors", size=16)
    heights = []
    for shown in (1, 2):
        out = tmp_path / str(shown)
        judged(tmp_path / "w.safetensors", drawn_folder, out, console, shown=shown, degradation=DEGRADATIONS)
        heights.append(read_image(out / "comparison.png").shape[0])
    assert heights[1] > 1.5 * heights[0]


@pytest.mark.parametrize("iterations", [1, 2])
def test_without_lists_all_faces_are_one_group(drawn_folder, write_weights, tmp_path, console, iterations):
    write_weights(tmp_path / "w.safetensors", iterations=iterations, size=16)
    report = judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "out", console, degradation=["none"])
    (result,) = report["results"]
    assert (result["list"], result["faces"], len(result["iterations"])) == ("all", 8, iterations)
    assert report["input"] == {"psnr": 100, "ssim": pytest.approx(1)}
    assert report["convention"]["priors"] == "none"
    assert not (tmp_path / "out" / "restored").exists()


def test_numbers_do_not_depend_on_batches_and_workers(drawn_folder, write_weights, tmp_path, console):
    write_weights(tmp_path / "w.safetensors", size=16)
    reports = [
        judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / str(i), console, batch_size=b, workers=w)
        for i, (b, w) in enumerate(((8, 0), (1, 1)))
    ]
    for a, b in zip(*(report["faces"] for report in reports), strict=True):
        assert a["input"] == b["input"]
        assert a["iterations"][-1]["psnr"] == pytest.approx(b["iterations"][-1]["psnr"], abs=0.02)


def test_without_any_prior_it_stops_after_iteration_0_and_says_so(drawn_folder, write_weights, tmp_path, console):
    write_weights(tmp_path / "w.safetensors", ("heatmap", "parsing"), size=16)
    shutil.copytree(drawn_folder / "images", tmp_path / "bare")
    whole, alone = (
        judged(tmp_path / "w.safetensors", data, tmp_path / f"{data.name}-out", console, device="cpu")
        for data in (drawn_folder, tmp_path / "bare")
    )
    assert alone["input"] == whole["input"]
    assert alone["iterations"] == whole["iterations"][:1]
    assert len(whole["iterations"]) == 2
    assert alone["convention"]["priors"] == "none: stopped after iteration 0"
    said = "note      without priors (parsing, heatmap): stopped after iteration 0"
    assert console.file.getvalue().count(said) == 1


def test_faces_that_are_shrunk_are_counted_once(write_weights, tmp_path, console):
    write_weights(tmp_path / "w.safetensors", (), size=16)
    write_drawn_faces(tmp_path / "data", 2, 24, seed=0)
    options = {"device": "cpu", "degradation": ["full", "blur"]}
    judged(tmp_path / "w.safetensors", tmp_path / "data", tmp_path / "out", console, **options)
    assert console.file.getvalue().count("note      2 of 2 photographs are larger than 16 px and are shrunk\n") == 1


def test_what_cannot_be_evaluated_makes_no_folder(drawn_folder, write_weights, tmp_path, console, refused):
    weights, out = tmp_path / "w.safetensors", tmp_path / "out"
    write_weights(weights, ("parsing", "dictionary"), size=16)
    with refused("no dictionary prior is stored there"):
        judged(weights, drawn_folder, out, console)
    write_weights(weights, size=16)
    for changed, rule in (
        ({"list": [drawn_folder / "val.txt"] * 2}, "two lists have the same name"),
        ({"degradation": ["full", " full"]}, "'full' is given twice"),
        ({"degradation": ["full", "blur(12,6)"]}, "sigma from 12 to 6 is reversed"),
        ({"degradation": ["rain"]}, "'rain' is not a preset"),
        ({"size": 20}, "multiple of 8"),
        ({"shown": 0}, "`shown`: must be greater than or equal to 1"),
        ({"batch_size": 0}, "`batch_size`: must be"),
        ({"precision": "float8"}, "`precision`: must be 'auto', 'float32'"),
    ):
        with refused(rule):
            judged(weights, drawn_folder, out, console, **changed)
    assert not out.exists()
    with pytest.raises(MfpsError, match="holds another run"):
        judged(weights, drawn_folder, tmp_path, console)


def test_given_pairs_give_the_numbers_of_the_degradation_that_made_them(drawn_folder, write_weights, tmp_path, console):
    write_weights(tmp_path / "w.safetensors", size=16)
    low = tmp_path / "low"
    list(degrade_files(drawn_folder, low, degradation_targets(drawn_folder, low), "noise", None, 4))
    made = judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "made", console, degradation="noise", seed=4)
    given = judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "given", console, pairs=low, save_images=True)
    for key in ("input", "iterations"):
        assert given[key] == made[key]
    assert [face["inputs_sha256"] for face in given["faces"]] == [face["inputs_sha256"] for face in made["faces"]]
    assert table_rows(given)[0][:4] == ("given pairs", "all", "8", "input")
    pairs = GivenPairs(low)
    names = [face["name"] for face in given["faces"]]
    assert given["convention"]["pairs"] == {"degradation": "given pairs", **pairs.described(pairs.partners(names))}
    assert (tmp_path / "given" / "restored" / "given-pairs").is_dir()
    (low / "0003.png").unlink()
    with pytest.raises(MfpsError, match="1 of 8 faces have no degraded partner"):
        judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "none", console, pairs=low)
    assert not (tmp_path / "none").exists()


def test_metrics_that_are_left_out_are_said_once_and_those_asked_for_change_no_number(
    drawn_folder, write_weights, tmp_path, console, refused
):
    write_weights(tmp_path / "w.safetensors", size=16)
    default = judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "default", console)
    assert console.file.getvalue().count("note      not measured: ms_ssim: five scales need faces of 161 pixels") == 1
    assert "identity" in default["convention"].pop("not_measured")
    plain = judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "plain", console, metrics="psnr,ssim")
    assert plain == default
    assert "columns" not in plain
    with refused("`metrics` identity: dlib needs faces of 64 pixels"):
        judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "none", console, metrics="identity")
    with refused("`metrics`: .*must be 'psnr', 'ssim'"):
        judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "none", console, metrics="beauty")
    assert not (tmp_path / "none").exists()


def test_further_metrics_have_columns_and_a_table_of_their_own(drawn_folder, write_weights, tmp_path, monkeypatch):
    def score(versions, clean):
        return [{"darkness": float(255 - version.mean()), "two": 2.0} for version in versions]

    columns = (Column("darkness", "darkness", 1, "lower"), Column("two", "two", 3, "higher"))
    metric = Metric("darkness", columns, {"of": "all pixels"}, score)
    monkeypatch.setattr(mfps.inference.evaluate, "choose_metrics", lambda *_: ((*ALWAYS, metric), {}))
    write_weights(tmp_path / "w.safetensors", size=16)
    report = judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "out", Console(quiet=True))
    assert report["convention"]["darkness"] == {"of": "all pixels"}
    assert list(report["input"]) == ["psnr", "ssim", "darkness", "two"]
    assert report["input"]["darkness"] == np.mean([face["input"]["darkness"] for face in report["faces"]])
    assert more_columns(report) == ("degradation", "list", "", "darkness \u2193", "two \u2191")
    rows = more_rows(report)
    assert rows[0] == ("full", "all", "input", f"{report['input']['darkness']:.1f}", "2.000")
    assert [row[2] for row in rows] == ["input", "iteration 0", "iteration 1"]
    assert "| darkness \u2193 |" in (tmp_path / "out" / "evaluation.md").read_text()
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text()) == report
    judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / "more", Console(quiet=True), against=tmp_path / "out")


def test_metrics_of_sets_compare_the_faces_of_each_row(drawn_folder, write_weights, tmp_path, monkeypatch, refused):
    """Whatever two sets are compared by, each number is that of exactly the faces of its row."""
    columns = (Column("apart", "apart", 1, "lower"),)
    apart = SetMetric(columns, {}, lambda faces, clean: {"apart": float((faces.std(0) - clean.std(0)).abs().sum())})
    sets = FaceSets({"fid": apart}, lambda pictures: pictures.flatten(1).float(), {"fid": {"of": "all pixels"}})
    opened = []
    monkeypatch.setattr(mfps.inference.evaluate, "open_face_sets", lambda asked, _: opened.append(asked) or sets)
    write_weights(tmp_path / "w.safetensors", size=16)
    given = {"metrics": "psnr,fid", "list": [drawn_folder / "val.txt", drawn_folder / "train.txt"]}
    console = Console(file=io.StringIO(), width=400)
    report = judged(
        tmp_path / "w.safetensors", drawn_folder, tmp_path / "out", console,
        degradation=DEGRADATIONS[:2], save_images=True, **given,
    )  # fmt: skip
    assert opened == [("psnr", "fid")]
    assert console.file.getvalue().count("note      fid of 2 faces: fewer than its 2,048 features") == 1
    assert report["convention"]["fid"].keys() == {"of", "few_faces"}
    assert all("apart" not in face["input"] for face in report["faces"])
    assert "apart" not in (tmp_path / "out" / "faces.csv").read_text()
    assert "| apart \u2193 |" in (tmp_path / "out" / "evaluation.md").read_text()

    def expected(faces):
        restored = [tmp_path / "out" / "restored" / folder_name(face["degradation"]) / face["name"] for face in faces]
        truth = [drawn_folder / "images" / face["name"] for face in faces]
        one, clean = (np.stack([read_image(file) for file in files]).astype(float) for files in (restored, truth))
        return pytest.approx(np.abs(one.std(0, ddof=1) - clean.std(0, ddof=1)).sum(), rel=1e-4)

    for result in report["results"]:
        faces = [
            face
            for face in report["faces"]
            if face["degradation"] == result["degradation"] and result["list"] in face["lists"]
        ]
        assert result["iterations"][-1]["apart"] == expected(faces)
        assert result["input"]["apart"] != result["iterations"][-1]["apart"]
    assert report["iterations"][-1]["apart"] == expected(report["faces"])
    (tmp_path / "one.txt").write_text(report["faces"][0]["name"])
    with refused("`metrics` fid: compares sets of faces, and one has 1"):
        judged(
            tmp_path / "w.safetensors", drawn_folder, tmp_path / "none", console,
            **{**given, "list": [tmp_path / "one.txt"]},
        )  # fmt: skip
    assert not (tmp_path / "none").exists()


def test_the_csv_has_a_row_for_each_face_and_a_column_for_each_metric(evaluated):
    report, folder = evaluated
    rows = list(csv.DictReader((folder / "out" / "faces.csv").read_text().splitlines()))
    assert len(rows) == len(report["faces"])
    for row, face in zip(rows, report["faces"], strict=True):
        assert (row["name"], row["degradation"], row["lists"]) == (
            face["name"], face["degradation"], ";".join(face["lists"])
        )  # fmt: skip
        assert float(row["input_psnr"]) == face["input"]["psnr"]
        for number, scores in enumerate(face["iterations"]):
            assert {key: float(row[f"iteration_{number}_{key}"]) for key in scores} == scores
