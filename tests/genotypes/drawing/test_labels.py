from itertools import combinations

import pytest
from mfps.genotypes.branch_genotype import BranchGenotype
from mfps.genotypes.drawing.cell_figure import draw_cell
from mfps.genotypes.drawing.graph import cell_graph
from mfps.genotypes.drawing.labels import Label, overlap, place_labels
from mfps.genotypes.drawing.scene import Curve, Point, Scene, line
from mfps.genotypes.space import CELL_INPUTS, EDGES, NODES

WIRINGS = [
    (("s0", "s1"), second, third)
    for second in combinations((*CELL_INPUTS, "n0"), 2)
    for third in combinations((*CELL_INPUTS, "n0", "n1"), 2)
]


@pytest.mark.parametrize("wiring", WIRINGS, ids=str)
def test_in_every_cell_the_labels_hide_neither_each_other_nor_a_node(wiring):
    edges = [edge for edge in EDGES if edge.source in wiring[NODES.index(edge.target)]]
    cell = [{"from": edge.source, "to": edge.target, "op": "conv_5x5"} for edge in edges]
    branch = BranchGenotype.model_validate({"start_rate": 8, "width": 8, "path": [8], "cell": cell})
    scene = Scene(300, 200)
    draw_cell(scene, cell_graph(branch), "parsing", Point(20, 40))
    labels = [text for text in scene.texts if text.backed]
    assert [text.text for text in labels] == ["conv 5x5"] * 6
    for one, other in combinations(labels, 2):
        assert overlap(one, other.at, other.width, other.size) == 0
    for text in labels:
        assert sum(overlap(text, box.centre, box.width, box.height) for box in scene.boxes) == 0


def test_a_lonely_label_sits_in_the_middle_of_its_curve():
    curve = Curve("a", "b", line(Point(0, 0), Point(100, 50)), "#000000", 1)
    (text,) = place_labels([Label(curve, "skip")], [], [curve], 7)
    assert text.at == pytest.approx((50, 25))
