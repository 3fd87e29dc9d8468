"""The table and the picture of a benchmark, from numbers that were not measured."""

import io

import pytest
from mfps.bench.figure import bench_png
from mfps.bench.report import COLUMNS, face_ms, facts, table_markdown, table_rows
from PIL import Image


@pytest.fixture(scope="module")
def report():
    def row(network, runs_as, ms, batch=1, counts="ms"):
        return {
            "network": network, "runtime": "torch", "runs_as": runs_as, "size": 128, "batch": batch, "threads": 2,
            "ms": ms, "ms_least": 0.9 * ms, "ms_most": 1.3 * ms, "cpu_ms": 2 * ms, "faces_per_second": batch / ms,
            "load_ms": 5.0, "first_ms": 3 * ms, "peak_mb": 300.4, "gflop": 10.0, "gflops_per_second": 100.0,
            "share_of_machine": 0.5, "counts": counts,
        }  # fmt: skip

    rows = [
        row("a|b", "channels-last float32", 12.34),
        row("c", "contiguous float32", 1234.5),
        row("c", "bfloat16", 99.0, 8, "cpu_ms"),
    ]
    return {"device": "a processor", "torch": "2", "rounds": 7, "measured": rows}


def test_every_row_has_every_column(report):
    rows = list(table_rows(report))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert rows[0][5] == "12.3 (11.1-16)"
    assert rows[1][5] == "1234 (1111-1605)"


def test_markdown_is_a_table_whatever_the_names(report):
    lines = table_markdown(report).splitlines()
    assert lines[0] == facts(report)
    assert {line.replace("\\|", "").count("|") for line in lines[2:]} == {len(COLUMNS) + 1}


def test_the_picture_is_the_same_for_the_same_numbers(report):
    content = bench_png(report)
    assert content == bench_png(report)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.width > 600


def test_the_time_of_a_face_is_by_the_clock_that_counts(report):
    assert [face_ms(row) for row in report["measured"]] == [12.34, 1234.5, 2 * 99.0 / 8]
