import pytest
from mfps.errors import MfpsError
from mfps.genotypes.figure import genotype_figure
from mfps.genotypes.genotype import space_of
from mfps.genotypes.palette import BRANCH_COLOURS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import PRIORS, search_space


def words(scene):
    return [text.text for text in scene.texts] + [box.text for box in scene.boxes if box.text]


@pytest.mark.parametrize("priors", [(), PRIORS], ids=["frsnet", "mfpsnet"])
def test_everything_lies_on_the_sheet_under_keys_of_its_own(priors):
    scene = genotype_figure(random_genotype(search_space(priors), 0), title="A title")
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
    for word in ("\u00d71", "\u00d78", "stem", "head", "s0", "n2", "concat", "6"):
        assert found.count(word) == 5


def test_probabilities_are_printed_at_the_ends_and_on_the_path_where_legible(mfpsnet, beliefs):
    branch = mfpsnet.branches.parsing
    given = beliefs(space_of(branch, "parsing"), 0)
    plain, printed = words(genotype_figure(mfpsnet)), words(genotype_figure(mfpsnet, {"parsing": given}))
    steps = zip((8, *branch.path), branch.path, strict=False)
    on_path = [given.transitions[(i, s, t)] for i, (s, t) in enumerate(steps)]  # pyright: ignore[reportArgumentType]
    values = [*given.ends.values(), *(p for p in on_path if p >= 0.15)]
    assert sorted([*plain, "end", *(f"{value:.2f}" for value in values)]) == sorted(printed)


def test_probabilities_of_a_branch_that_is_not_there(beliefs):
    genotype = random_genotype(search_space(), 0)
    given = beliefs(search_space(("parsing",))["parsing"], 0)
    with pytest.raises(MfpsError, match="'parsing': random has only upsample"):
        genotype_figure(genotype, {"parsing": given})
