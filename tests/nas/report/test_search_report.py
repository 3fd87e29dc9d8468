import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from mfps.nas.report.run_files import read_run_files
from mfps.nas.report.search_report import CHARTS, write_report
from plotly.offline import get_plotlyjs

from ...hostile.bad_names import NAMES
from ...processes import run_process
from ..search_folder import write_search

OLDER = Path(__file__).parents[2] / "compatibility" / "version_0_1" / "search"
CHROMIUM = shutil.which("chromium")


class Page(HTMLParser):
    """A page's tags with their attributes, its scripts, and its visible text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.headings, self.text = [], [], [], ""
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self._within = tag
        self.tags.append((tag, dict(attributes)))
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, _):
        self._within = ""

    def handle_data(self, text):
        if self._within == "script":
            self.scripts[-1] += text
        elif self._within != "style":
            self.text += text
            self.headings += [text] if self._within == "h2" else []

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def data(self):
        return json.loads(self.scripts[0])


def report(folder):
    return Page(write_report(folder).read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def library(monkeypatch):
    """`library(text)` puts another text for plotly.js, 5 MB of the page that would take the tests a minute to parse."""

    def replace(text):
        monkeypatch.setattr("mfps.nas.report.search_report.get_plotlyjs", lambda: text)

    replace("0")
    return replace


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A search's folder with everything. Read only, but for its report."""
    folder = tmp_path_factory.mktemp("reports") / "run"
    write_search(folder, priors=("heatmap",))
    return folder


@pytest.fixture
def run(made, tmp_path):
    return Path(shutil.copytree(made, tmp_path / "run"))


def test_it_shows_everything_in_its_order(made):
    page = report(made)
    assert page.headings == [
        "The genotype, epoch by epoch",
        "Curves",
        "The front",
        "Configuration",
        "Data",
        "What it cost",
        "Alarms",
    ]
    assert {chart["id"] for chart in page.of("div") if chart.get("class") == "chart"} == {*CHARTS, "quality"}
    assert set(page.data["charts"]) == {*CHARTS, "quality"}
    for words in (
        "faces/hq",
        "1:06:40",
        "12,345",
        "crossover of 1 and 2",
        "architecture_lr",
        "number 2 of a front of 4",
    ):
        assert words in page.text


def test_it_needs_no_network_and_has_no_script_but_its_own(made, library):
    library(get_plotlyjs())
    text = write_report(made).read_text(encoding="utf-8")
    page = Page(text)
    assert text.count(get_plotlyjs()) == 1
    assert len(page.scripts) == 3
    policy = next(meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in page.scripts[1:]]
    assert policy.startswith("default-src 'none';")
    assert policy.endswith("; script-src " + " ".join(f"'sha256-{digest}'" for digest in digests))
    attributes = [pair for _, given in page.tags for pair in given.items()]
    assert {value[:7] for name, value in attributes if name in ("src", "href", "xlink:href")} == {"#front="}
    assert not [name for name, _ in attributes if name.startswith("on") or name == "action"]
    assert "http" not in text.replace(get_plotlyjs(), "").replace("http-equiv", "")
    ids = [value for name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_the_same_files_give_the_same_bytes(run):
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first
    assert write_report(Path(shutil.copytree(run, run.parent / "again" / "run"))).read_bytes() == first
    assert not [path.name for path in run.iterdir() if path.name.startswith(".")]


def shown(page, section):
    """The numbers of each drawing in a section, and those that are not hidden."""
    drawings = [a for a in page.of("div") if a.get("class") == "drawing"]
    count = len(page.data["epochs"])
    numbers = [[int(n) for n in a["data-shows"].split()] for a in drawings]
    seen = [numbers[i] for i, a in enumerate(drawings) if "hidden" not in a]
    of_epochs = next(i + 1 for i in range(len(numbers)) if sum(map(len, numbers[: i + 1])) == count)
    part = slice(0, of_epochs) if section == "epochs" else slice(of_epochs, None)
    return numbers[part], seen[0 if section == "epochs" else 1]


def test_every_epoch_and_every_point_of_the_front_opens_one_drawing(made):
    page = report(made)
    for section, expected, first in (("epochs", [1, 2, 3, 4], 4), ("front", [0, 1, 2, 3], 2)):
        numbers, seen = shown(page, section)
        assert sorted(n for each in numbers for n in each) == expected == page.data[section]
        assert first in seen
    (slider,) = page.of("input")
    assert (slider["min"], slider["max"], slider["value"]) == ("0", "3", "3")
    front = next(trace for trace in page.data["charts"]["quality"]["data"] if trace["name"] == "front")
    assert front["customdata"] == page.data["front"]
    assert {a["href"] for a in page.of("a")} == {f"#front={n}" for n in page.data["front"]}


FILES = ["history.jsonl", "config.yaml", "environment.json", "ledger.json", "genotype.json", "front.json",
         "evaluations.jsonl", "front/01.json"]  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_what_is_missing_is_left_out(run, name):
    (run / name).unlink()
    page = report(run)
    assert "Search run" in page.text
    assert not [a for a in page.of("p") if a.get("class") == "problem"]


@pytest.mark.parametrize("content", [b"[]", b'{"members": [1]}', b"\xff\xfe\x00"])
def test_what_is_damaged_is_named_and_left_out(run, content):
    for name in FILES:
        (run / name).write_bytes(content)
        page = report(run)
        assert "Search run" in page.text
        problems = [a for a in page.of("p") if a.get("class") == "problem"]
        assert len(problems) <= FILES.index(name) + 1
    assert problems


def test_the_line_of_a_problem_is_the_error(run):
    (run / "ledger.json").write_text("{")
    assert f"{run / 'ledger.json'}: not a cost ledger" in report(run).text


def test_an_empty_folder_and_a_search_without_a_front(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "No genotype yet" in report(tmp_path / "empty").text
    write_search(tmp_path / "run", epochs=1, members=0)
    page = report(tmp_path / "run")
    assert "The front" not in page.text
    assert page.data["front"] == []
    assert "21." in page.text.partition("After epoch 1 of 1")[0]


def test_a_search_of_an_earlier_version(tmp_path):
    page = report(Path(shutil.copytree(OLDER, tmp_path / "run")))
    assert "The genotype, epoch by epoch" in page.text
    assert {trace["name"] for trace in page.data["charts"]["psnr"]["data"]} == {"input", "mixed", "restricted"}
    assert not [a for a in page.of("p") if a.get("class") == "problem"]


def poisoned(folder, text):
    """A search's folder in which a text stands wherever a text can stand."""
    records = write_search(folder, epochs=2, data=text.replace("\0", ""))
    for record in records:
        record["loss"][text], record["worth"][text] = 1.0, 0.5
        record["entropy"][text] = {"operations": 0.5}
        record["hash"], record["oracle_priors"] = text, text
        record["alarms"] += [{"name": text, "branch": text, "value": 1, "threshold": 2, "remedy": f"{text} `{text}`"}]
    front = json.loads((folder / "front.json").read_text())
    front["members"] = [{**member, "hash": text, "origin": text} for member in front["members"]]
    front["baselines"].append({**front["baselines"][0], "name": text})
    front["budget"][text] = text
    for name, content in {
        "history.jsonl": "".join(json.dumps(record) + "\n" for record in records),
        "front.json": json.dumps(front),
        "environment.json": json.dumps({text: text}),
        "ledger.json": json.dumps([{"stage": text}]),
        "evaluations.jsonl": json.dumps({"hash": text, "psnr": 1, "flops": 1, "parameters": 1, "supernet": "0" * 64}),
    }.items():
        (folder / name).write_text(content)
    return folder


@pytest.mark.parametrize("name", ["HTML", "a script", "an entity", "quotes"])
def test_a_text_from_the_run_folder_is_only_a_text(made, tmp_path, name):
    text = NAMES[name]
    own = {tag for tag, _ in report(made).tags}
    page = report(poisoned(tmp_path / "run", text))
    assert {tag for tag, _ in page.tags} <= own | {"code"}
    assert len(page.scripts) == 3
    assert page.text.count(text) >= 8
    assert not re.search(r"[<>&]", page.scripts[0])
    names = {trace.get("name") for chart in page.data["charts"].values() for trace in chart["data"]}
    assert text not in names or not re.search("[<>&]", text)  # plotly reads some HTML
    assert {name for name, _ in (pair for _, a in page.tags for pair in a.items())}.isdisjoint({"onload", "onerror"})


def test_the_files_of_a_front_lie_in_its_folder(run, tmp_path):
    (tmp_path / "outside.json").write_text((run / "front" / "00.json").read_text())
    front = json.loads((run / "front.json").read_text())
    front["members"][0]["file"] = "../../outside.json"
    (run / "front.json").write_text(json.dumps(front))
    assert report(run).data["front"] == [1, 2, 3]


def test_the_front_stands_before_what_was_evaluated_on_its_supernet(run):
    with (run / "evaluations.jsonl").open("a") as file:
        file.write('\n{"hash": "1", "psnr": 99, "flops": 1, "parameters": 1, "supernet": "another"}\n')
    traces = {trace["name"]: trace for trace in report(run).data["charts"]["quality"]["data"]}
    assert set(traces) == {"evaluated", "published", "cheapest", "random", "front"}  # one was not evaluated
    assert len(traces["evaluated"]["x"]) == 20
    assert traces["front"]["x"] == [2.0, 2.5, 3.0, 3.5]
    file = run / "front.json"
    file.write_text(file.read_text().replace('"cost": "flops"', '"cost": "parameters"'))
    chart = report(run).data["charts"]["quality"]
    assert chart["data"][-1]["x"] == [1.5, 1.8, 2.1, 2.4]
    assert chart["layout"]["xaxis"]["title"]["text"] == "parameters, M"


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs the program chromium")
@pytest.mark.parametrize(("address", "epoch", "member"), [("#epoch=2", 2, 2), ("#front=1", 4, 1)])
def test_a_browser_shows_what_the_address_names(made, tmp_path, library, address, epoch, member):
    library(get_plotlyjs())
    options = ["--headless", "--no-sandbox", f"--user-data-dir={tmp_path}", "--virtual-time-budget=5000", "--dump-dom"]
    ended = run_process(str(CHROMIUM), *options, f"{write_report(made).as_uri()}{address}", folder=tmp_path)
    page = Page(ended.out)
    plots = [a for a in page.of("div") if "js-plotly-plot" in (a.get("class") or "")]
    assert len(plots) == len(CHARTS) + 1
    assert epoch in shown(page, "epochs")[1]
    assert [a["data-of"] for a in page.of("span") if "chosen" in a.get("class", "")] == [str(epoch)]
    assert [a["data-of"] for a in page.of("p") if "chosen" in a.get("class", "")] == [str(member)]


@pytest.mark.parametrize(
    ("config", "most"),
    [
        ("space: wide\nblocks: 3\npriors: [heatmap]\n", 3),
        ("space: wide\nblocks: 0\n", None),
        ("space: wide\nblocks: many\n", None),
        ("space: published\nblocks: 3\n", None),
        ("", None),
    ],
)
def test_what_the_backbone_was_chosen_from_is_known(run, config, most):
    (run / "config.yaml").write_text(config)
    backbones = read_run_files(run).backbones
    assert (backbones and backbones.encoder_blocks[-1]) == most
    assert most is None or backbones.fusion[-1] == 1
