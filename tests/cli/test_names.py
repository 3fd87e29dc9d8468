"""Names and texts from outside, in everything that the commands print and write: they stand there as they are."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from mfps.errors import printable
from mfps.files.config_model import read_yaml
from mfps.genotypes.genotype_file import read_genotype
from mfps.images.lists import read_list

from ..hostile.bad_names import NAMES, file_names
from ..processes import run_process
from .conftest import MFPS, RETRAIN, SEARCH, Ended

Mfps = Callable[[str | list[str]], Ended]


def squeezed(text: str) -> str:
    """Without the spaces and lines of a table, in which long texts are broken."""
    return "".join(c for c in text if not c.isspace() and c not in "│┃─━")


def said(mfps: Mfps, *command: str | Path) -> str:
    """The output of a command that succeeds; no control character is in it but the ends of lines."""
    ended = mfps([str(part) for part in command])
    assert (ended.status, ended.err) == (0, ""), command
    assert all(line.isprintable() for line in ended.out.split("\n"))
    return ended.out


@pytest.fixture
def named(world: Path) -> list[tuple[Path, str]]:
    """A small genotype under every hostile name that a file of JSON can hold."""
    genotype, found = json.loads((world / "searched" / "genotype.json").read_text()), []
    for number, name in enumerate(NAMES.values()):
        if len(name) <= 200 and "\udcff" not in name:
            genotype |= {"name": name, "provenance": {"from": name, "data": f"[/{name}]"}}
            (world / f"{number}.json").write_text(json.dumps(genotype))
            found.append((world / f"{number}.json", name))
    return found


def test_genotypes_of_any_name(named: list[tuple[Path, str]], mfps: Mfps) -> None:
    assert len(named) > 45
    for file, name in named:
        assert f"{file}: {printable(name)}, branches" in said(mfps, "genotype", "validate", file)
    for file, name in named[::7]:
        out = said(mfps, "genotype", "show", file, "--size", "16")
        assert out.startswith(f"{printable(name)}  ")
        assert f"\n  from: {printable(name)}\n  data: [/{printable(name)}]\n" in out
        assert json.loads(said(mfps, "genotype", "show", file, "--size", "16", "--json"))["name"] == name


def test_rankings_of_any_name(world: Path, mfps: Mfps) -> None:
    """Of genotypes and of the supernet, in the table, in the Markdown page and in the CSV."""
    files = [f"g{name}.json" for name in file_names()[::5]]
    for seed, file in enumerate(files):
        space = ("--space", "published", "--width", "1", "--layers", "1", "--monotone", "--seed", str(seed))
        said(mfps, "genotype", "random", *space, "--out", file)
    supernet = f"t{file_names()[3]}"
    (world / "searched").rename(world / supernet)
    out = squeezed(said(mfps, "rank", *files, "--supernet", supernet, "--device", "cpu", "--out", "ranked"))
    assert all(squeezed(printable(name)) in out for name in (supernet, *files))
    page = MarkdownIt("commonmark").enable("table").parse((world / "ranked" / "ranking.md").read_text())
    shown = ["".join(child.content for child in token.children or ()) for token in page if token.type == "inline"]
    assert shown[0] == f"Ranking on {printable(supernet)}"
    with (world / "ranked" / "ranking.csv").open(newline="", encoding="utf-8") as table:
        rows = [row["genotype"] for row in csv.DictReader(table)]
    assert sorted(rows) == sorted(map(printable, files)) == sorted(shown[7::6][: len(files)])


def test_lists_of_any_name(world: Path, mfps: Mfps) -> None:
    """Each is a group of its own, in the table, in the Markdown page, in the JSON and in the CSV."""
    names = file_names()
    lists = []
    for number, name in enumerate(names):
        (world / f"{name}.txt").write_text(f"000{number % 8}.png\n")
        lists += ["--list", f"{name}.txt"]
    out = squeezed(said(mfps, "evaluate", "trained", "--data", "faces", "--out", "seen", "--device", "cpu", *lists))
    assert all(squeezed(printable(name)) in out for name in names)
    report = json.loads((world / "seen" / "evaluation.json").read_text())
    assert [result["list"] for result in report["results"]] == names
    page = MarkdownIt("commonmark").enable("table").parse((world / "seen" / "evaluation.md").read_text())
    cells = [token.content for token in page if token.type == "inline"]
    shown = ["".join(child.content for child in token.children or ()) for token in page if token.type == "inline"]
    assert len(cells) == len(shown)
    assert shown[1:8] == ["degradation", "list", "faces", "", "PSNR (dB)", "SSIM", "gain of both"]
    assert [shown[i] for i in range(9, 8 + 7 * 2 * len(names), 14)] == list(map(printable, names))
    with (world / "seen" / "faces.csv").open(newline="", encoding="utf-8") as table:
        listed = [row["lists"] for row in csv.DictReader(table)]
    assert listed == [";".join(map(printable, face["lists"])) for face in report["faces"]]


def test_photographs_of_any_name(world: Path, mfps: Mfps) -> None:
    names = [f"{name}.png" for name in file_names(controls=False)]
    photographs = world / "photographs"
    photographs.mkdir()
    for number, name in enumerate(names):
        (photographs / name).write_bytes((world / "faces" / "images" / f"000{number % 8}.png").read_bytes())
    said(mfps, "restore", "trained", photographs, "--out", "restored", "--device", "cpu", "--batch-size", "64")
    said(mfps, "degrade", photographs, "--out", "degraded", "--degradation", "grey")
    said(mfps, "prepare", photographs, "data", "--aligned", "--size", "32", "--priors", "none", "--workers", "0")
    for out in ("restored", "degraded", "data/images"):
        assert sorted(path.name for path in (world / out).iterdir()) == sorted(names)
    listed = [*read_list("train.txt", world / "data"), *read_list("val.txt", world / "data")]
    assert sorted(listed) == sorted(names)


def test_run_folders_of_any_name(world: Path, mfps: Mfps) -> None:
    """A few at once: the folder, the data and the list of a run, in what it prints and writes."""
    for name in ("t[easy] $x$[/b]", "a\x1b[31m\nb\x85 'x' :smile:", "\u5199\u771f\u3000"):
        run, data = world / f"{name}.run", world / f"{name}.data"
        run.parent.mkdir(exist_ok=True)
        data.symlink_to(world / "faces")
        options = ["--data", str(data), "--list", f"{data}/train.txt", "--out", str(run)]
        out = said(mfps, *SEARCH.replace("--data faces", "").split(), *options)
        assert f"genotype  {printable(str(run))}/genotype.json" in out
        assert out.count("note      5 of 5 photographs are larger than 16 px and are shrunk\n") == 1
        assert read_yaml(run / "config.yaml")["data"] == str(data)
        assert read_genotype(run).provenance["data"] == printable(data.name)
        following = out.rpartition("next      ")[2].strip()
        printed = run_process("bash", "-c", f"printf '%s\\0' {following}", folder=world).out.split("\0")
        assert str(run) in printed
        assert str(data) in printed
        out = said(
            mfps, *RETRAIN.replace("--data faces", "").split(), *options[:4], "--genotype", run, "--out", f"{run}2"
        )
        assert f"weights   {printable(str(run))}2/weights.safetensors" in out
        assert printable(str(run)) in said(mfps, "weights", "show", f"{run}2")


def test_drawings_of_any_title(world: Path, mfps: Mfps) -> None:
    from xml.dom import minidom

    for number, title in enumerate(NAMES.values()):
        if len(title) < 200:
            said(mfps, "genotype", "draw", "searched", "--out", f"{number}.gv", "--title", f"t {title}")
    for number, title in enumerate(list(NAMES.values())[::6]):
        said(mfps, "genotype", "draw", "searched", "--out", f"{number}.svg", "--title", f"t {title}"[:200])
        texts = minidom.parse(str(world / f"{number}.svg")).getElementsByTagName("text")
        found = ["".join(node.data for node in text.childNodes if node.nodeType == node.TEXT_NODE) for text in texts]
        assert printable(f"t {title}"[:200]).split() in [text.split() for text in found]


def test_usage_errors_escape_what_they_quote(mfps: Mfps) -> None:
    for command in (
        ["genotype", "show", "a", "b\x1b[31m[/x]"],
        ["genotype", "\x1b[31m[/x]"],
        ["evaluate", "--a\x1b[31m"],
    ):
        ended = mfps(command)
        assert ended.status == 2
        assert "\x1b" not in ended.err
        assert "\\x1b[31m" in ended.err


@pytest.mark.slow
@pytest.mark.parametrize("module", [False, True], ids=["mfps", "python -m mfps"])
def test_names_are_utf8_whatever_the_locale(world: Path, module: bool) -> None:
    """In the C locale too: found in a folder, in a list, printed and written."""
    name = "Zo\u00eb \u5199.png"
    (world / "photographs").mkdir()
    (world / "photographs" / name).write_bytes((world / "faces" / "images" / "0000.png").read_bytes())
    (world / "z.txt").write_text(name, encoding="utf-8")
    program = [sys.executable, "-m", "mfps"] if module else [MFPS]
    for command in (
        f"degrade photographs/{name.replace(' ', '?')} --out a",
        "evaluate trained --data photographs --list z.txt --out b --device cpu",
    )[: 1 if module else 2]:
        words = [word.replace("?", " ") for word in command.split()]
        ended = run_process(*program, *words, folder=world, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
        assert (ended.status, ended.err) == (0, ""), command
    assert [path.name for path in (world / "a").iterdir()] == [name]
    if not module:
        assert json.loads((world / "b" / "evaluation.json").read_text())["faces"][0]["name"] == name


def test_a_stream_of_another_encoding_shows_escapes(world: Path) -> None:
    genotype = json.loads((world / "searched" / "genotype.json").read_text()) | {"name": "\u5199 \U0001f600"}
    (world / "g.json").write_text(json.dumps(genotype))
    ended = run_process(MFPS, "genotype", "validate", "g.json", folder=world, PYTHONIOENCODING="latin-1")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("valid     g.json: \\u5199 \\U0001f600, branches")
