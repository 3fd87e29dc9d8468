import re
import xml.etree.ElementTree as ET

import pytest
from mfps.genotypes.branch_genotype import space_of
from mfps.genotypes.drawing.figure import genotype_figure
from mfps.genotypes.drawing.render_svg import render_svg
from mfps.genotypes.drawing.scene import Point, Scene, Text
from mfps.genotypes.space import EDGES

from ...hostile.bad_names import NAMES


@pytest.fixture
def given(mfpsnet, beliefs):
    return {name: beliefs(space_of(branch, name), seed) for seed, (name, branch) in enumerate(mfpsnet.present.items())}


def titles(svg):
    return [title.text for title in ET.fromstring(svg).iter("title")]


def test_every_move_and_end_has_its_probability_as_a_title(mfpsnet, given):
    found = titles(render_svg(genotype_figure(mfpsnet, given), "mfpsnet"))
    for belief in given.values():
        for transition, share in belief.transitions.items():
            came = f"from \u00d7{transition.source}" if transition.layer else "from the stem"
            assert f"layer {transition.layer + 1}, {came} to \u00d7{transition.target}: {share:.2f}" in found
        for (_, rate), share in belief.ends.items():
            assert f"end at \u00d7{rate}: {share:.2f}" in found
    moves = sum(len(belief.transitions) for belief in given.values())
    assert sum(title.startswith("layer ") for title in found) == moves
    assert sum(title.startswith("end at ") for title in found) == 2 * sum(len(belief.ends) for belief in given.values())


def test_every_operation_of_every_edge_has_its_probability_as_a_title(mfpsnet, given):
    found = titles(render_svg(genotype_figure(mfpsnet, given), "mfpsnet"))
    kept = [title for title in found if re.match(r"\w\w \u2192 n\d", title) and "\n" not in title]
    nodes = [title for title in found if "\n" in title]
    assert len(kept) == 6 * len(given)
    assert len(nodes) == 3 * len(given)
    every = "\n".join(nodes).split("\n")
    assert len(every) == len(EDGES) * len(given)
    assert set(kept) <= set(every)
    for belief, name in zip(given.values(), mfpsnet.present, strict=True):
        row = belief.operations[3]
        line = every[len(EDGES) * list(mfpsnet.present).index(name) + 3]
        assert line.startswith(f"{EDGES[3].source} \u2192 {EDGES[3].target}: ")
        shown = [float(text) for text in re.findall(r"\d\.\d\d", line)]
        assert shown == sorted((round(float(share), 2) for share in row), reverse=True)


def test_without_probabilities_or_with_those_of_other_operations_there_is_nothing_to_show(mfpsnet, given):
    assert titles(render_svg(genotype_figure(mfpsnet), "mfpsnet")) == []
    found = titles(render_svg(genotype_figure(mfpsnet, given, operations=("skip", "conv_3x3")), "mfpsnet"))
    assert found
    assert not [title for title in found if "conv" in title]


def test_the_same_scene_gives_the_same_element_with_nothing_to_collide(mfpsnet, given):
    first, second = (render_svg(genotype_figure(mfpsnet, given), "mfpsnet") for _ in range(2))
    assert first == second
    assert not re.search(r"\s(id|class|style|href)=", first)
    assert len(first) < 25_000 * len(given)  # a report holds dozens


@pytest.mark.parametrize("name", NAMES)
def test_a_text_from_outside_stands_as_it_is(name):
    text = NAMES[name].encode("utf-8", "replace").decode()
    scene = Scene(10, 10, texts=[Text(Point(1, 1), text, 7, title=text)])
    svg = render_svg(scene, text)
    assert not re.search(r"<(?!/?(svg|g|text|title)\b)", svg)
    assert svg.count("<text") == svg.count("<title") == 1
