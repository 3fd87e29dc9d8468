"""The whole report: what it says of a study, finished or not, and the files that it becomes."""

import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from markdown_it import MarkdownIt
from mfps.errors import MfpsError
from mfps.files.json_text import read_strict
from mfps.study.arm_marks import markers_of
from mfps.study.figures import FIGURES, figures_of
from mfps.study.page import study_html, study_markdown
from mfps.study.report import study_report, write_study
from mfps.study.sections import sections_of
from PIL import Image

from ..hostile.bad_names import NAMES
from .made_up import FAILURE, ledger, outcome, study

OF_MANY = [name for name in FIGURES if name != "learning_curves"]
"""Figures of a study with too many networks for learning curves."""


@pytest.fixture(autouse=True)
def few_resamples_and_small_figures(monkeypatch):
    monkeypatch.setattr("mfps.nas.ranking.agreement.RESAMPLES", 199)
    monkeypatch.setattr("mfps.study.hypervolume.INNER", 20)
    monkeypatch.setattr("mfps.genotypes.drawing.chart.PNG_DPI", 40)


def report_of(outcomes, failures=(), spent=(), unfinished=(), plan="plan", compared_with=None, searches=True):
    return study_report(
        plan,
        list(outcomes),
        list(failures),
        list(spent),
        list(unfinished),
        facts={"sha": "abc", "judge": {"data": {"list": ["a", "b"], "size": 8}}},
        compared_with=compared_with,
        searches=searches,
    )


@pytest.fixture(scope="module")
def made():
    return study(np.random.default_rng(0), gain=0.15)


def texts(report):
    return "\n".join(
        text
        for section in sections_of(report)
        for text in (*section.notes, *(" ".join(row) for table in section.tables for row in table.rows))
    )


def test_every_network_is_compared_with_the_arm_that_the_plan_names(made):
    report = report_of(made, compared_with="published")
    by_name = {row["name"]: row for row in report["networks"]}
    assert {row["network"] for row in report["compared"]} == by_name.keys() - {"published"}
    for row in report["compared"]:
        difference = by_name[row["network"]]["psnr"]["value"] - by_name["published"]["psnr"]["value"]
        assert row["psnr"]["value"] == pytest.approx(difference)
        assert f"{row['network']} beats published" in {verdict["claim"] for verdict in report["verdicts"]}
    assert "compared" in figures_of(report)
    assert not report_of(made)["compared"]


def test_iterations_and_learning_curves_are_shown_of_networks_that_have_them():
    curves = {"iterations": ((20.0, 0.5), (21.0, 0.625)), "curve": (19.0, 20.5, 21.0), "input_ssim": (0.25, 0.5)}
    report = report_of([outcome("a", seed=seed, **curves) for seed in (0, 1)])
    shown = texts(report)
    for line in ("degraded faces  19.000 0.3750", "a 0 20.000 0.5000", "a 1 21.000 0.6250"):
        assert line in shown
    assert "learning_curves" in figures_of(report)
    assert "learning_curves" not in figures_of(report_of([outcome("a")]))


def test_the_order_of_what_it_is_given_changes_nothing(made):
    spent, unfinished = ledger(made), ["b", "a"]
    first = report_of(made, [FAILURE], spent, unfinished)
    mixed = [[each[i] for i in np.random.default_rng(1).permutation(len(each))] for each in (made, spent)]
    assert json.dumps(report_of(mixed[0], [FAILURE], mixed[1], unfinished[::-1])) == json.dumps(first)


def test_it_is_strict_json_with_every_training_and_every_face(made):
    report = report_of(made, [FAILURE], ledger(made))
    assert read_strict(json.dumps(report, allow_nan=False)) == report
    assert len(report["trainings"]) == len(made)
    for training in report["trainings"]:
        (network,) = (
            row
            for row in report["networks"]
            if all(row[key] == training[key] for key in ("arm", "architecture", "search_seed", "budget"))
        )
        mean = np.mean(training["psnr"])
        assert mean == pytest.approx(network["psnr_of_seeds"][network["seeds"].index(training["seed"])])


def test_a_study_that_is_done_has_every_section_and_every_figure(made):
    report = report_of(made, spent=ledger(made), compared_with="published")
    assert [section.title for section in sections_of(report)] == [
        "Status", "Seed noise", "Networks", "Compared with published", "Differences, face by face",
        "Among random networks", "Hypervolume", "Supernet and stand-alone", "Verdicts", "What it cost",
        "What it rests on",
    ]  # fmt: skip
    assert "missing" not in texts(report)
    assert "judge data list: a, b\njudge data size: 8" in texts(report)
    assert {section.figure for section in sections_of(report)} - {None} == set(OF_MANY)
    for section in sections_of(report):
        assert all(len(row) == len(table.columns) for table in section.tables for row in table.rows)


def test_a_study_that_searches_nothing_says_nothing_of_searched_networks(made):
    once = some(made, "genotype", "hand-made")
    networks = once + [one._replace(seed=1, psnr=tuple(each + 0.01 for each in one.psnr)) for one in once]
    spent = [one for one in ledger(networks) if one.arm in {network.arm for network in networks}]
    report = report_of(networks, spent=spent, compared_with="published", searches=False)
    assert [section.title for section in sections_of(report)] == [
        "Status", "Seed noise", "Networks", "Compared with published", "Verdicts", "What it cost", "What it rests on",
    ]  # fmt: skip
    said = texts(report)
    assert "searched" not in said
    assert "stakes" not in said
    assert "missing" not in said


def test_verdicts_follow_from_the_numbers(made):
    answers = {row["claim"]: row["answer"] for row in report_of(made, spent=ledger(made))["verdicts"]}
    assert answers["The dearest network of the space is better than the cheapest"] == "yes"
    assert answers["searched 0.1 GFLOPs beats random of its cost"] == "yes"
    assert answers["searched 0.1 GFLOPs is less than 0.05 dB below dearest"] == "no"
    nothing = report_of(study(np.random.default_rng(1), gain=0))["verdicts"]
    assert {row["answer"] for row in nothing if "beats random of its cost" in row["claim"]} == {"not shown"}


def some(made, *kinds, seeds=(0, 1, 2), searches=(0, 1, 2)):
    return [one for one in made if one.kind in kinds and one.seed in seeds and one.search_seed in (None, *searches)]


ALL = ("search", "random", "cheapest", "dearest", "genotype", "hand-made")
FEW = {
    "nothing": lambda made: [],
    "one network": lambda made: made[:1],
    "one seed": lambda made: some(made, *ALL, seeds=(0,)),
    "no search": lambda made: some(made, *ALL[1:]),
    "no random ones": lambda made: some(made, "search", *ALL[2:]),
    "searched ones alone": lambda made: some(made, "search"),
    "random ones alone": lambda made: some(made, "random"),
    "three random ones": lambda made: some(made, "search", "cheapest") + some(made, "random")[:3],
    "one search": lambda made: some(made, *ALL, searches=(0,)),
    "one face": lambda made: [
        one._replace(**{key: getattr(one, key)[:1] for key in ("faces", "psnr", "ssim", "input_psnr")}) for one in made
    ],
    "all equal": lambda made: [
        one._replace(psnr=(20.0,) * 8, ssim=(0.5,) * 8, supernet_psnr=dict.fromkeys(one.supernet_psnr, 20.0))
        for one in made
    ],
    "to the bit": lambda made: [one._replace(psnr=(float("inf"),) * 8, val_psnr=float("inf")) for one in made],
    "no face": lambda made: [one._replace(faces=(), psnr=(), ssim=(), input_psnr=()) for one in made[:2]],
    "one cost": lambda made: [one._replace(flops=10**8, parameters=1000, ms=None) for one in made],
}


@pytest.mark.parametrize("what", FEW)
def test_whatever_is_finished_it_says_what_is_missing_and_claims_nothing_without_seeds_or_faces(what, made):
    outcomes = FEW[what](made)
    report = report_of(
        outcomes, [FAILURE], ledger(outcomes), ["next", *(f"networks/random/{one}/training" for one in "ab")]
    )
    json.dumps(report, allow_nan=False)
    said = texts(report)
    assert FAILURE.job in said
    assert FAILURE.error in said
    assert "unfinished: 2 of random, 1 of next" in said
    sure = {row["claim"] for row in report["verdicts"] if row["answer"] in ("yes", "no")}
    if what in ("nothing", "one network", "no random ones", "searched ones alone", "random ones alone", "no face"):
        assert "missing" in said
    if what in ("one face", "all equal", "to the bit"):
        assert not {claim for claim in sure if "beats" in claim or "better than the cheapest" in claim}
    if what == "one seed":
        assert all("random of its cost" in claim or "supernet" in claim or "CPU hours" in claim for claim in sure)
    if what == "to the bit":
        assert "restored to the bit" in said


@pytest.mark.slow
@pytest.mark.parametrize("what", ["nothing", "one face", "all equal"])
def test_whatever_is_finished_it_is_drawn_and_written(what, made, tmp_path):
    outcomes = [one._replace(ms=None) for one in FEW[what](made) if one.search_seed in (None, 0)]
    write_study(report_of(outcomes, [FAILURE], ledger(outcomes)), tmp_path)
    assert (tmp_path / "study.html").is_file()


def test_a_file_in_the_place_of_the_figures_is_named(tmp_path):
    (tmp_path / "figures").touch()
    with pytest.raises(MfpsError, match="figures: cannot be written"):
        write_study(report_of([]), tmp_path)


class Page(HTMLParser):
    """A page's tags and attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, text):
        self.cells.append(text)


@pytest.mark.slow
def test_the_files_are_the_same_for_the_same_report_and_need_nothing_else(made, tmp_path):
    one_search = [one for one in made if one.search_seed in (None, 0)]
    report = report_of(one_search, [FAILURE], ledger(one_search), compared_with="published")
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
        write_study(report, folder)
    written, again = ({f.relative_to(d): f.read_bytes() for f in d.rglob("*.*")} for d in folders)
    assert written == again
    assert {str(path) for path in written} == {
        "study.html", "study.json", "study.md", *(f"figures/{name}.png" for name in OF_MANY),
    }  # fmt: skip
    assert read_strict((folders[0] / "study.json").read_text()) == report
    text = (folders[0] / "study.html").read_text()
    page = Page(text)
    assert "http" not in text.replace("http-equiv", "")
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "iframe", "object")]
    links = [value for _, given in page.tags for name, value in given.items() if name in ("href", "src")]
    assert all(link.startswith(("#part-", "data:image/png;base64,")) for link in links)
    assert sum(link.startswith("data:") for link in links) == len(OF_MANY)
    for name in OF_MANY:
        with Image.open(io.BytesIO((folders[0] / "figures" / f"{name}.png").read_bytes())) as picture:
            assert len(picture.convert("RGB").getcolors(2**24)) > 10
    kept = (folders[0] / "study.html").read_bytes()
    write_study(empty := report_of([], [FAILURE]), folders[0], pages=False)
    assert read_strict((folders[0] / "study.json").read_text()) == empty
    assert (folders[0] / "study.html").read_bytes() == kept
    write_study(empty, folders[0])
    assert not list((folders[0] / "figures").iterdir())


def test_names_mean_themselves():
    names = [*NAMES.values(), "a\x1b[31m\n", "\udcff"]
    made = [outcome(name, "search", name, flops=1e8 + i, search_seed=0) for i, name in enumerate(names)]
    made += [outcome("known", "cheapest", "c", seed) for seed in (0, 1)]
    failures = [FAILURE._replace(job=name, error=name) for name in names]
    report = report_of(made, failures, plan=names[0])
    html = study_html(report, {})
    shown = set(Page(html).cells)
    page = MarkdownIt("commonmark").enable("table").parse(study_markdown(report, {}))
    in_markdown = {"".join(c.content for c in token.children or ()) for token in page if token.type == "inline"}
    for row in report["status"]["failed"]:
        assert row["error"].isprintable()
        assert row["error"] in shown
        assert row["error"] in in_markdown
    assert not re.search("<script|<b>", html)


@pytest.mark.slow
def test_names_mean_themselves_in_figures():
    names = ("$x$", "$\\frac{$", "\u5b57", "long " * 60)
    made = [outcome(name, "search", name, flops=1e8, search_seed=0, curve=(19.0, 20.0)) for name in names]
    made += [outcome("known", "cheapest", "c", seed) for seed in (0, 1)]
    made += [outcome(architecture=str(number), flops=1e8 + number) for number in range(5)]
    scored = [one._replace(supernet_psnr={name: float(place) for name in names}) for place, one in enumerate(made)]
    assert set(figures_of(report_of(scored, compared_with="known"))) == set(FIGURES)


def test_arms_of_a_kind_are_told_apart_in_figures():
    names = [("hand-made", f"arm {number}") for number in range(5)] + [("genotype", "a"), ("genotype", "b")]
    markers = markers_of({"networks": [{"kind": kind, "arm": arm} for kind, arm in names]})
    assert markers.keys() == set(names)
    for kind in ("hand-made", "genotype"):
        found = [marker for (each, _), marker in markers.items() if each == kind]
        assert len(set(found)) == len(found)
