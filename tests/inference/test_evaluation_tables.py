from dataclasses import replace

import pytest
from mfps.images.image import image_size
from mfps.inference.evaluation_tables import (
    TABLE_COLUMNS,
    stage_name,
    table_markdown,
    table_rows,
    write_comparison,
)

from .made_evaluation import evaluated, report_of


@pytest.mark.parametrize("oracle", [True, False])
def test_numbers_with_oracle_priors_are_labelled_in_every_row(oracle):
    report = report_of(oracle)
    rows = table_rows(report)
    assert all(len(row) == len(TABLE_COLUMNS) for row in rows)
    for row in rows:
        assert ("oracle priors" in row[3]) == (oracle and row[3].startswith("iteration 1"))
    page = table_markdown(report)
    assert page.count("iteration 1 (oracle priors)") == (2 if oracle else 0)
    assert "- priors: heatmap: words" in page
    assert "- found: heatmap by 1" in page
    assert f"- oracle_priors: {'heatmap' if oracle else 'none'}" in page


def test_text_with_a_bar_stays_in_its_cell():
    report = report_of(False, {"a|b": {"0.png"}})
    assert table_markdown(report).count(r"| noise | a\|b | 1 |") == 3


def test_gains_are_over_the_input():
    report = report_of(False)
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
