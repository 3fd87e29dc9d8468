import csv
import json
import random
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.nas.ranking.agreement import RESAMPLES
from mfps.nas.ranking.report import (
    AGREEMENT_COLUMNS,
    CHOICE_COLUMNS,
    Scored,
    agreement_rows,
    choice_rows,
    facts,
    ranking_csv,
    ranking_markdown,
    ranking_report,
    scored_columns,
    scored_rows,
)
from mfps.nas.ranking.stand_alone import StandAlone
from mfps.networks.cost import Cost

SUPERNET = {"supernet": "runs_*of*_mine", "strategy": "mixed", "digest": "0", "size": 16, "iterations": 1}


def made(count, name="g{}", psnr=None, unlike=None):
    """A report of genotypes whose cost and PSNR rise, and whose supernet scores are shuffled or as given."""
    space, rng = search_space(width=1, layers=2), random.Random(0)
    scores = psnr or rng.sample(range(count), count)
    scored = [
        Scored(name.format(i), random_genotype(space, i), Cost(1000 + i, 10**9 * (i + 1)), 20 + scores[i] / 10)
        for i in range(count)
    ]
    convention = {"faces": 2, "degradations": ["full"], "size": 16, "degradation_seed": 0, "priors": "none"}
    files = [Path(f"e{i}/evaluation.json") for i in range(count)]
    return scored, StandAlone([21 + i / 10 for i in range(count)], files, convention, unlike or {})


def report_of(count, **how):
    return ranking_report(SUPERNET, *made(count, **how))


def test_genotypes_stand_in_the_order_of_their_scores_and_equal_scores_share_a_rank():
    scored, _ = made(4, psnr=[1, 3, 3, 0])
    report = ranking_report(SUPERNET, scored, None)
    assert [(row["genotype"], row["supernet_rank"]) for row in report["genotypes"]] == [
        ("g1", 1), ("g2", 1), ("g0", 3), ("g3", 4),
    ]  # fmt: skip
    assert "against" not in report
    assert scored_columns(report) == ("genotype", "hash", "GFLOPs", "parameters", "supernet (dB)", "rank")
    assert scored_rows(report)[0] == ("g1", scored[1].genotype.hash[:8], "2.000", "1,001", "20.300", "1")


def test_the_tables_have_a_cell_for_every_column():
    for count in (3, 4, 12):
        report = report_of(count)
        for columns, rows in (
            (scored_columns(report), scored_rows(report)),
            (AGREEMENT_COLUMNS, agreement_rows(report)),
            (CHOICE_COLUMNS, choice_rows(report)),
        ):
            assert all(len(row) == len(columns) for row in rows)
        assert len(agreement_rows(report)) == (12 if count == 12 else 3)
        assert [row[0] for row in choice_rows(report)] == ["supernet", "FLOPs", "parameters", "chance"]


def test_the_report_is_json_and_the_rivals_are_judged_beside_the_supernet():
    report = report_of(12)
    assert json.loads(json.dumps(report, allow_nan=False)) == json.loads(json.dumps(report))
    by = {(row["group"], row["predictor"]): row for row in report["against"]["agreement"]}
    assert by["all", "FLOPs"]["tau"] == by["all", "parameters"]["tau"] == by["dearest third", "FLOPs"]["tau"] == 1
    assert by["all", "FLOPs"]["lead"] == pytest.approx(by["all", "supernet"]["tau"] - 1)
    assert str(RESAMPLES) in report["against"]["interval"]


def test_what_a_reader_must_know_is_said():
    said = "\n".join(facts(report_of(12, unlike={"step": ["10", "99"]})))
    for part in (
        "supernet: runs_*of*_mine, strategy mixed, 16 px",
        "alone: the last iteration's mean PSNR of 2 faces at 16 px under full (seed 0)",
        "nothing about 12 networks has a tau between -0.43 and 0.43 in 95% of cases",
        "the supernet's tau is higher than that of FLOPs by -",
        "resamples of equal values only are left out: ",
        "the networks were not trained alike: step is 10, 99",
    ):
        assert part in said
    assert "thirds of cost are left out" not in said
    said = "\n".join(facts(report_of(5, psnr=[1] * 5)))
    assert "thirds of cost are left out: a third of 5 genotypes is fewer than 4" in said
    assert "no order, as all values or all networks' PSNR are equal: supernet (all)" in said
    assert "the supernet's tau is higher" not in said.replace("by none", "")


def test_csv_has_all_digits():
    report = report_of(5, name='a, "{}"')
    rows = list(csv.DictReader(ranking_csv(report).splitlines()))
    assert [row["genotype"] for row in rows] == [row["genotype"] for row in report["genotypes"]]
    for row, whole in zip(rows, report["genotypes"], strict=True):
        assert float(row["gflops"]) * 1e9 == whole["flops"]
        assert float(row["psnr"]) == whole["psnr"]
        assert row["hash"] == whole["hash"]
        assert row["evaluation"] == whole["evaluation"]
    alone = ranking_report(SUPERNET, made(5)[0], None)
    assert ranking_csv(alone).splitlines()[0] == "genotype,hash,gflops,parameters,supernet_psnr,supernet_rank"


@pytest.mark.parametrize("name", ["a|b{}", "*a{}*", "<b>{}", "a\x1b[31m\n{}", "\udcff{}"])
def test_names_mean_themselves_in_the_page(name):
    report = report_of(12, name=name)
    page = MarkdownIt("commonmark").enable("table").parse(ranking_markdown(report))
    shown = ["".join(child.content for child in token.children or ()) for token in page if token.type == "inline"]
    assert shown[0] == "Ranking on runs_*of*_mine"
    for row in report["genotypes"]:
        assert row["genotype"].isprintable()
        assert row["genotype"] in shown
    assert sum(token.type == "table_open" for token in page) == 3
    assert ranking_csv(report).encode()
