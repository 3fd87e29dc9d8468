import html
import os
import re
import sys

import matplotlib as mpl
import pytest
from mfps.errors import MfpsError, printable
from mfps.genotypes.branch_genotype import space_of
from mfps.genotypes.drawing.drawing import DRAWING_SUFFIXES, draw_genotype
from mfps.genotypes.drawing.figure import genotype_figure
from mfps.genotypes.drawing.render_graphviz import dot_source, has_program
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space

from ...hostile.bad_names import NAMES
from ...processes import run_process

pytestmark = pytest.mark.slow

MAGIC = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF", ".gv": b"digraph"}
RENDERERS = [
    "matplotlib",
    pytest.param("graphviz", marks=pytest.mark.skipif(not has_program(), reason="needs the Graphviz program")),
]


@pytest.fixture
def frsnet() -> Genotype:
    return random_genotype(search_space(layers=3), 3, "frsnet")


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("suffix", DRAWING_SUFFIXES)
def test_every_format_twice_the_same_and_nothing_left_beside_it(frsnet, tmp_path, suffix, renderer):
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix.upper()}"
    assert draw_genotype(frsnet, first, renderer=renderer) == first
    with mpl.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.facecolor": "red"}):
        draw_genotype(frsnet, second, renderer=renderer)
    assert first.read_bytes().startswith(MAGIC[suffix])
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name, second.name]


def test_drawing_leaves_matplotlibs_settings_alone(frsnet, tmp_path):
    before = dict(mpl.rcParams)
    draw_genotype(frsnet, tmp_path / "drawing.svg", renderer="matplotlib")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("suffix", DRAWING_SUFFIXES)
def test_no_program_is_needed(frsnet, tmp_path, monkeypatch, suffix):
    monkeypatch.setenv("PATH", "")
    out = tmp_path / f"drawing{suffix}"
    draw_genotype(frsnet, out)
    assert out.read_bytes().startswith(MAGIC[suffix])


def test_graphviz_without_its_program_names_the_remedy(frsnet, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MfpsError, match=r"the program `neato` is not installed.*install Graphviz") as caught:
        draw_genotype(frsnet, tmp_path / "drawing.svg", renderer="graphviz")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the program")
def test_a_failing_program_is_a_one_line_error(frsnet, tmp_path, monkeypatch):
    program = tmp_path / "neato"
    program.write_text("#!/bin/sh\necho 'no such format' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MfpsError, match=r"`neato` failed \(no such format\)"):
        draw_genotype(frsnet, tmp_path / "drawing.svg", renderer="graphviz")


@pytest.mark.parametrize("renderer", RENDERERS)
def test_text_stays_text(mfpsnet, beliefs, tmp_path, renderer):
    beliefs_of = {name: beliefs(space_of(branch, name), 0) for name, branch in mfpsnet.present.items()}
    out = draw_genotype(mfpsnet, tmp_path / "drawing.svg", beliefs_of, "A <title> & more", renderer)
    svg = out.read_text(encoding="utf-8").replace("&#45;", "-").replace("&#160;", " ")
    for word in (*mfpsnet.present, "skip", "conv 3x3", "conv 5x5", "conv 7x7", "\u00d74", "A &lt;title&gt; &amp; more"):
        assert f">{word}</text>" in svg, word


@pytest.mark.parametrize("title", NAMES)
def test_a_title_is_a_label_of_graphviz_as_it_is(frsnet, title):
    """Read as Graphviz reads a quoted label: escape sequences, then entities."""
    (line,) = [
        line for line in dot_source(genotype_figure(frsnet, title=NAMES[title])).splitlines() if "text_0 [" in line
    ]
    label = re.search(r'label=("(?:[^"\\]|\\.)*") ', line)
    assert label, line  # not HTML, which stands in angle brackets
    shown = re.sub(r"\\(.)", lambda found: {"l": "\n"}.get(found[1], found[1]), label[1][1:-1])
    assert html.unescape(shown) == f"{printable(NAMES[title])}\n"


def test_the_dot_source_pins_every_box_and_curve(mfpsnet, tmp_path):
    lines = draw_genotype(mfpsnet, tmp_path / "drawing.gv").read_text().splitlines()
    pinned = [line for line in lines if "->" in line or line.strip().startswith(tuple(mfpsnet.present))]
    assert len(pinned) > 5 * (21 + 45)
    assert all("pos=" in line for line in pinned)


@pytest.mark.parametrize("name", ["drawing.jpg", "drawing", "drawing.svg.gz"])
def test_an_unknown_suffix_lists_the_known_ones(frsnet, tmp_path, name):
    with pytest.raises(MfpsError, match=r"\.svg, \.png, \.pdf, \.gv") as caught:
        draw_genotype(frsnet, tmp_path / name)
    assert name in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_renderer_lists_the_known_ones(frsnet, tmp_path):
    with pytest.raises(MfpsError, match="auto, matplotlib, graphviz"):
        draw_genotype(frsnet, tmp_path / "drawing.svg", renderer="tikz")


@pytest.mark.parametrize("place", ["missing/drawing.gv", "file/drawing.gv", "folder.gv"])
def test_a_place_that_cannot_be_written(frsnet, tmp_path, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.gv").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(MfpsError, match=r"drawing\.gv|folder\.gv") as caught:
        draw_genotype(frsnet, tmp_path / place)
    assert "cannot be written" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission(frsnet, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(MfpsError, match="Permission denied"):
        draw_genotype(frsnet, tmp_path / "drawing.gv")
    tmp_path.chmod(0o700)


def test_no_module_of_genotypes_loads_torch_or_matplotlib_except_the_renderer(tmp_path):
    code = """
import importlib, pkgutil, sys
import mfps.genotypes
for module in pkgutil.iter_modules(mfps.genotypes.__path__, "mfps.genotypes."):
    if module.name != "mfps.genotypes.drawing.render_matplotlib":
        importlib.import_module(module.name)
print(sorted({"torch", "matplotlib", "lightning_fabric"} & set(sys.modules)))
importlib.import_module("mfps.genotypes.drawing.render_matplotlib")
print(sorted({"torch", "matplotlib.pyplot"} & set(sys.modules)))
"""
    assert run_process(sys.executable, "-W", "error", "-c", code, folder=tmp_path) == (0, "[]\n[]\n", "")
