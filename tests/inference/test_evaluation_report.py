from dataclasses import replace

import numpy as np
import pytest
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.images.image import image_size
from mfps.inference.compile import CompiledNetwork, compile_genotype
from mfps.inference.evaluation_report import (
    TABLE_COLUMNS,
    EvaluatedFace,
    evaluation_report,
    stage_name,
    table_markdown,
    table_rows,
    write_comparison,
)
from mfps.networks.network_config import NetworkConfig

DEGRADATIONS = ("noise", "blur")


@pytest.fixture(scope="module")
def compiled():
    genotype = random_genotype(search_space(["heatmap"], width=1, layers=1, fusion_layers=1), 0)
    network = compile_genotype(genotype, NetworkConfig(iterations=2, blocks=1, prior_channels={"heatmap": 68}))
    return CompiledNetwork(genotype, network.config, {"kind": "retrain"}, network)


def evaluated(count=3):
    numbers = np.random.default_rng(0).uniform(10, 30, (len(DEGRADATIONS), count, 3))
    images = [np.zeros((16, 16, 3), np.uint8)] * 4
    return [
        EvaluatedFace(f"{n}.png", degradation, f"{n:064d}", [{"psnr": x, "ssim": x / 100} for x in own[n]], images)
        for degradation, own in zip(DEGRADATIONS, numbers, strict=True)
        for n in range(count)
    ]


def report_of(compiled, tmp_path, oracle, groups=None, faces=None):
    convention = {"priors": "heatmap: words", "oracle_priors": ["heatmap"] * oracle, "found": {"heatmap": {"by": 1}}}
    faces = faces or evaluated()
    return evaluation_report(compiled, tmp_path, tmp_path, convention, groups or {}, faces)


def test_means_are_over_the_images_of_each_group(compiled, tmp_path):
    groups = {"one": {"0.png"}, "two": {"0.png", "2.png"}}
    faces = evaluated()
    report = report_of(compiled, tmp_path, True, groups, faces)
    assert [(r["degradation"], r["list"], r["faces"]) for r in report["results"]] == [
        (degradation, group, len(members)) for degradation in DEGRADATIONS for group, members in groups.items()
    ]
    for result in report["results"]:
        own = [f for f in faces if f.degradation == result["degradation"] and f.name in groups[result["list"]]]
        for stage, scores in enumerate([result["input"], *result["iterations"]]):
            for key in ("psnr", "ssim"):
                assert scores[key] == pytest.approx(np.mean([face.scores[stage][key] for face in own]))
    assert report["input"]["psnr"] == pytest.approx(np.mean([face.scores[0]["psnr"] for face in faces]))
    assert [face["lists"] for face in report["faces"][:3]] == [["one", "two"], [], ["two"]]


@pytest.mark.parametrize("oracle", [True, False])
def test_numbers_with_oracle_priors_are_labelled_in_every_row(compiled, tmp_path, oracle):
    report = report_of(compiled, tmp_path, oracle)
    rows = table_rows(report)
    assert all(len(row) == len(TABLE_COLUMNS) for row in rows)
    for row in rows:
        assert ("oracle priors" in row[3]) == (oracle and row[3].startswith("iteration 1"))
    page = table_markdown(report)
    assert page.count("iteration 1 (oracle priors)") == (2 if oracle else 0)
    assert "- priors: heatmap: words" in page
    assert "- found: heatmap by 1" in page
    assert f"- oracle_priors: {'heatmap' if oracle else 'none'}" in page


def test_text_with_a_bar_stays_in_its_cell(compiled, tmp_path):
    report = report_of(compiled, tmp_path, False, {"a|b": {"0.png"}})
    assert table_markdown(report).count(r"| noise | a\|b | 1 |") == 3


def test_gains_are_over_the_input(compiled, tmp_path):
    report = report_of(compiled, tmp_path, False)
    for result, start in zip(report["results"], range(0, 6, 3), strict=True):
        rows = table_rows(report)[start : start + 3]
        assert rows[0][-1] == ""
        for row, scores in zip(rows[1:], result["iterations"], strict=True):
            assert float(row[-1].split(",")[0]) == pytest.approx(scores["psnr"] - result["input"]["psnr"], abs=0.006)


def test_pictures_have_a_row_a_face_and_the_same_names(tmp_path):
    write_comparison(evaluated(2), tmp_path / "oracle.png", {"oracle_priors": ["parsing"]})
    write_comparison(evaluated(2), tmp_path / "plain.png", {})
    write_comparison(evaluated(1), tmp_path / "few.png", {})
    assert image_size(tmp_path / "plain.png")[1] > image_size(tmp_path / "few.png")[1]
    assert (tmp_path / "oracle.png").read_bytes() != (tmp_path / "plain.png").read_bytes()
    assert [stage_name(i, True) for i in range(2)] == ["iteration 0", "iteration 1 (oracle priors)"]


def test_each_row_of_pictures_says_which_face_and_degradation_it_is(tmp_path):
    faces = evaluated(1)
    other = [replace(face, degradation="full") for face in faces]
    for name, rows in (("some.png", faces), ("same.png", evaluated(1)), ("other.png", other)):
        write_comparison(rows, tmp_path / name, {})
    assert (tmp_path / "some.png").read_bytes() == (tmp_path / "same.png").read_bytes()
    assert (tmp_path / "some.png").read_bytes() != (tmp_path / "other.png").read_bytes()
