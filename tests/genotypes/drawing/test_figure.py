import dataclasses
import math
from itertools import combinations

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.genotypes.branch_genotype import CellEdge, space_of
from mfps.genotypes.decode import BranchProbabilities
from mfps.genotypes.drawing import trellis_figure
from mfps.genotypes.drawing.figure import genotype_figure
from mfps.genotypes.drawing.palette import BRANCH_COLOURS, WIRE
from mfps.genotypes.genotype import Branches
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import EDGES, NODES, PRIORS, End, search_space

from ..wide_genotypes import wide_genotype, wide_spaces


def words(scene):
    return [text.text for text in scene.texts] + [box.text for box in scene.boxes if box.text]


ONE_LAYER = wide_genotype(PRIORS, layers=1, blocks=64)


@pytest.mark.parametrize(
    "genotype",
    [
        *(random_genotype(search_space(priors), 0) for priors in ((), PRIORS)),
        *(wide_genotype(priors, layers=6) for priors in ((), PRIORS)),
        ONE_LAYER,
    ],
    ids=["frsnet", "mfpsnet", "wide frsnet", "wide mfpsnet", "one layer"],
)
def test_everything_lies_on_the_sheet_under_keys_of_its_own(genotype):
    scene = genotype_figure(genotype, title="A title")
    keys = [box.key for box in scene.boxes]
    assert len(set(keys)) == len(keys)
    assert {key for curve in scene.curves for key in (curve.source, curve.target)} <= set(keys)
    for box in scene.boxes:
        assert box.width / 2 <= box.centre.x <= scene.width - box.width / 2
        assert box.height / 2 <= box.centre.y <= scene.height - box.height / 2
    for text in scene.texts:
        left = text.at.x - {"left": 0, "centre": text.width / 2, "right": text.width}[text.align]
        assert left >= 0
        assert left + text.width <= scene.width
        assert text.size / 2 <= text.at.y <= scene.height - text.size / 2


def test_each_branch_has_its_row_with_operations_rates_and_layers(mfpsnet):
    scene = genotype_figure(mfpsnet)
    found = words(scene)
    for name, branch in mfpsnet.present.items():
        assert name in found
        assert sum(curve.colour == BRANCH_COLOURS[name] for curve in scene.curves) == branch.layers + 1
    for op in ("skip", "conv 3x3", "conv 5x5", "conv 7x7"):
        kept = sum(op == o.replace("_", " ") for branch in mfpsnet.present.values() for o in branch.operations.values())
        assert found.count(op) == kept
    assert trellis_figure.KEY not in found
    for word in ("\u00d71", "\u00d78", "rate", "layer", "stem", "head", "s0", "n2", "concat", "6"):
        assert found.count(word) == 5


def test_probabilities_are_printed_at_the_ends_and_on_the_path_where_legible(mfpsnet, beliefs):
    branch = mfpsnet.branches.parsing
    given = beliefs(space_of(branch, "parsing"), 0)
    plain, printed = words(genotype_figure(mfpsnet)), words(genotype_figure(mfpsnet, {"parsing": given}))
    steps = zip((8, *branch.path), branch.path, strict=False)
    space = space_of(branch, "parsing")
    on_path = [
        given.transitions[(i, s, t)]  # pyright: ignore[reportArgumentType]
        for i, (s, t) in enumerate(steps)
        if len(space.incoming(i, t)) > 1
    ]
    assert len(on_path) < len(branch.path)  # into layer 0 there is no choice, and so no number
    values = [*given.ends.values(), *(p for p in on_path if p >= trellis_figure.LEGIBLE)]
    found = [*plain, "end", trellis_figure.KEY, *(f"{value:.2f}" for value in values)]
    assert sorted(found) == sorted(printed)


def test_a_move_without_an_alternative_is_grey_off_the_path(beliefs):
    genotype = random_genotype(search_space(layers=3), 0)
    space = space_of(genotype.branches.upsample, "upsample")
    scene = genotype_figure(genotype, {"upsample": beliefs(space, 0)})
    grey = {(curve.source, curve.target) for curve in scene.curves if curve.colour == WIRE}
    path = (1, *genotype.branches.upsample.path)
    forced = {(t.layer, t.source, t.target) for t in space.transitions if len(space.incoming(t.layer, t.target)) == 1}
    cells = ["upsample_stem", *(f"upsample_{layer}_x" for layer in range(3))]
    expected = {
        (cells[layer] + (str(source) if layer else ""), f"{cells[layer + 1]}{target}")
        for layer, source, target in forced
        if (source, target) != path[layer : layer + 2]
    }
    assert {edge for edge in grey if "_concat" not in edge[1]} == expected
    assert len(forced) == 4


def test_one_path_alone_has_no_numbers():
    space = search_space(("heatmap",), layers=2, fusion_layers=2)["heatmap"]
    monotone = dataclasses.replace(space, monotone=True)
    genotype = random_genotype({**search_space(("heatmap",), layers=2, fusion_layers=2), "heatmap": monotone}, 0)
    given = BranchProbabilities(np.ones((9, 4)), dict.fromkeys(monotone.transitions, 1.0), {End(1, 8): 1.0})
    printed = words(genotype_figure(genotype, {"heatmap": given}))
    assert not [word for word in printed if "." in word and word != trellis_figure.KEY]


PAIRS = [pair for node in NODES for pair in combinations([edge for edge in EDGES if edge.target == node], 2)]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_arrow_heads_do_not_overlap(mfpsnet, pair):
    """Two heads on a node's rim, 4.4 points wide, lie side by side."""
    node = pair[0].target
    others = [kept for kept in mfpsnet.branches.upsample.cell if kept.target != node]
    cell = [*others, *(CellEdge.of(edge, "conv_3x3") for edge in pair)]
    branch = mfpsnet.branches.upsample.model_copy(update={"cell": cell})
    scene = genotype_figure(mfpsnet.model_copy(update={"branches": Branches(upsample=branch)}))
    tips = [curve.points[3] for curve in scene.curves if curve.target == f"upsample_{node}"]
    assert len(tips) == 2
    assert math.dist(*tips) > 4.4


def test_probabilities_of_a_branch_that_is_not_there(beliefs):
    genotype = random_genotype(search_space(), 0)
    given = beliefs(search_space(("parsing",))["parsing"], 0)
    with pytest.raises(MfpsError, match="'parsing': random has only upsample"):
        genotype_figure(genotype, {"parsing": given})


@pytest.mark.parametrize("priors", [(), ("heatmap",)], ids=len)
def test_a_backbone_is_a_row_of_its_own_and_changes_nothing_above_it(priors):
    genotype = wide_genotype(priors)
    assert genotype.backbone is not None
    found = words(genotype_figure(genotype))
    assert "backbone" in found
    for name, choice in genotype.backbone.described.items():
        assert {name, choice} <= set(found)
    plain = random_genotype(search_space(priors), 0)
    assert "backbone" not in words(genotype_figure(plain))


@pytest.mark.parametrize("seed", range(8))
def test_ends_before_the_last_layer_are_rings_and_the_paths_own_is_a_curve(beliefs, seed):
    space, genotype = wide_spaces()["upsample"], wide_genotype(seed=seed)
    path = genotype.branches.upsample.path
    given = beliefs(space, seed)
    scene = genotype_figure(genotype, {"upsample": given})
    rings = {box.key.removeprefix("upsample_"): box.title for box in scene.boxes if box.key.endswith("_end")}
    early = [end for end in space.ends if end.layer < 2 and end != (len(path) - 1, path[-1])]
    assert rings == {
        f"{layer}_x{rate}_end": f"end at \u00d7{rate} after layer {layer + 1}: {given.ends[End(layer, rate)]:.2f}"
        for layer, rate in early
    }
    to_head = [curve.source for curve in scene.curves if curve.target == "upsample_head"]
    last = {(2, rate) for rate in space.rates[2]} | {(len(path) - 1, path[-1])}
    assert sorted(to_head) == sorted(f"upsample_{layer}_x{rate}" for layer, rate in last)
    bold = [text.text for text in scene.texts if text.bold and text.size == trellis_figure.SMALL]
    assert bold == [f"{given.ends[End(len(path) - 1, path[-1])]:.2f}"]
