import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.genotypes.backbone import Backbone, backbone_space, share_of
from mfps.genotypes.branch_genotype import space_of
from mfps.genotypes.genotype_file import parse_genotype
from mfps.genotypes.membership import check_in_space, departure_from
from mfps.genotypes.operations import PUBLISHED_OPERATIONS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import OPERATIONS, PRIORS, START_RATES, BranchSpace, search_space

from .wide_genotypes import wide_genotype, wide_spaces

SEEDS = st.integers(0, 2**31 - 1)
OF_SPACE = st.fixed_dictionaries(
    {
        "priors": st.lists(st.sampled_from(PRIORS), unique=True),
        "width": st.integers(1, 3),
        "layers": st.integers(1, 4),
        "fusion_layers": st.integers(1, 4),
        "monotone_upsample": st.booleans(),
        "operations": st.lists(st.sampled_from(OPERATIONS), min_size=1, unique=True).map(tuple),
        "any_end": st.booleans(),
    }
)


def drawn(options, seed):
    """A random genotype of a space; in a backbone only where the version of the format asks for one."""
    newer = not set(options["operations"]) <= set(PUBLISHED_OPERATIONS)
    backbones = backbone_space(1, bool(options["priors"])) if newer else None
    return random_genotype(search_space(**options), seed, backbones=backbones), backbones


@given(options=OF_SPACE, seed=SEEDS, data=st.data())
def test_every_genotype_of_a_space_is_in_it_whatever_is_held(options, seed, data):
    spaces = search_space(**options)
    genotype, backbones = drawn(options, seed)
    held = data.draw(st.lists(st.sampled_from(list(spaces)), unique=True))
    fixed = {name: genotype.present[name] for name in held}
    check_in_space(genotype, spaces | {name: space_of(fixed[name], name) for name in held}, fixed, "a", backbones)


@given(one=OF_SPACE, other=OF_SPACE, seed=SEEDS)
def test_a_branch_departs_from_a_space_exactly_if_the_space_could_not_have_drawn_it(one, other, seed):
    space = search_space(**one)["upsample"]
    branch = drawn(other, seed)[0].branches.upsample
    drawn_from = branch.width == space.width and space.is_legal(branch.path)
    drawn_from &= set(branch.operations.values()) <= set(space.operations)
    assert (departure_from(space, branch) == "") == drawn_from


@pytest.mark.parametrize("has", START_RATES)
@pytest.mark.parametrize("wanted", START_RATES)
def test_the_start_rate_belongs_to_a_space(has, wanted):
    branch = random_genotype(search_space(PRIORS, width=1, layers=1, fusion_layers=1), 0).present[has]
    said = departure_from(BranchSpace(wanted, branch.width, 1), branch)
    assert ("start rate" in said) == (START_RATES[has] != START_RATES[wanted])


SPACES = search_space(("heatmap",), width=2, layers=3, fusion_layers=2, operations=("skip", "conv_3x3"))
INSIDE = random_genotype(SPACES, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"priors": ()}, "a.json: lacks the branch heatmap, and the supernet has upsample, heatmap, fusion; give a"),
        ({"priors": PRIORS}, "a.json: has the branch parsing, and the supernet has upsample, heatmap, fusion; give a"),
        ({"width": 4}, "a.json: its upsample branch has the width 4, and the supernet's has 2; give a genotype"),
        (
            {"layers": 4, "any_end": True},
            "a.json: its upsample branch has the number of layers 4, and the supernet's has 3; give",
        ),
        ({"layers": 2}, "a.json: its upsample branch has the number of layers 2, and the supernet's has 3"),
        ({"fusion_layers": 3}, "a.json: its fusion branch has the number of layers 3, and the supernet's has 2"),
        (
            {"operations": ("conv_7x7",)},
            "a.json: its upsample branch has conv_7x7 on the edge s0 -> n0, and the supernet's has only skip, conv_3x3",
        ),
    ],
)
def test_what_does_not_fit_is_named(refused, options, said):
    same = {
        "priors": ("heatmap",),
        "width": 2,
        "layers": 3,
        "fusion_layers": 2,
        "operations": SPACES["fusion"].operations,
    }
    genotype = random_genotype(search_space(**{**same, **options}), 0)
    with refused(said.replace("(", r"\(")):
        check_in_space(genotype, SPACES, {}, "a.json")


FREE, RISING = (BranchSpace("upsample", 1, 3, monotone=monotone) for monotone in (False, True))


@pytest.mark.parametrize("path", FREE.paths())
def test_a_space_that_only_rises_refuses_every_other_path(path):
    drawn = random_genotype({"upsample": FREE}, 0).branches.upsample
    said = departure_from(RISING, drawn.model_copy(update={"path": list(path)}))
    assert (said == "") == (sorted(path) == list(path))
    assert not said or "never moves down" in said


@pytest.mark.parametrize("name", SPACES)
def test_a_branch_that_was_held_must_be_the_one(refused, name):
    fixed = {name: INSIDE.present[name]}
    check_in_space(INSIDE, SPACES, fixed, "a.json")
    data = json.loads(INSIDE.to_json())
    edge = data["branches"][name]["cell"][0]
    before, edge["op"] = edge["op"], "conv_3x3" if edge["op"] == "skip" else "skip"
    other = parse_genotype(json.dumps(data), "b")
    check_in_space(other, SPACES, {}, "b")
    what = f"{name}: edge {edge['from']} -> n0: {before} -> {edge['op']}"
    with refused(rf"b.json: its {name} branch is not the one at which the search held it \({what}\); give a genotype"):
        check_in_space(other, SPACES, fixed, "b.json")


WIDE_SPACES, BACKBONES = wide_spaces(("heatmap",)), backbone_space(2, True)


@pytest.mark.parametrize("seed", range(8))
def test_the_fusion_branch_has_the_share_of_its_space_that_the_backbone_says(seed):
    genotype = wide_genotype(("heatmap",), seed, blocks=2)
    check_in_space(genotype, WIDE_SPACES, {}, "a", BACKBONES)
    for share in (0.25, 0.5, 0.75, 1.0):
        said = departure_from(WIDE_SPACES["fusion"], genotype.present["fusion"], share)
        assert ("width" in said) == (share_of(WIDE_SPACES["fusion"].width, share) != genotype.present["fusion"].width)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"encoder_blocks": 3},
            "a.json: its backbone has encoder_blocks 3, and the supernet's is one of 0, 1, 2; give",
        ),
        ({"refine_blocks": 9}, "a.json: its backbone has refine_blocks 9, and the supernet's is one of 0, 1, 2; give"),
        (None, "a.json: lacks a backbone, and the genotypes of the supernet have one; give a genotype"),
    ],
)
def test_a_backbone_outside_of_its_space_is_named(refused, change, said):
    genotype = wide_genotype(("heatmap",), 1, blocks=2)
    assert isinstance(genotype.backbone, Backbone)
    backbone = None if change is None else genotype.backbone.model_copy(update=change)
    with refused(said):
        check_in_space(genotype.model_copy(update={"backbone": backbone}), WIDE_SPACES, {}, "a.json", BACKBONES)


def test_a_space_without_a_choice_of_backbones_has_none(refused):
    with refused("a.json: has a backbone, and the genotypes of the supernet have none; give a genotype of the space"):
        check_in_space(wide_genotype(("heatmap",)), WIDE_SPACES, {}, "a.json")


def test_lengths_between_the_least_and_the_most_are_in_a_space(refused):
    branch = wide_genotype(seed=1, layers=5).branches.upsample
    length = branch.layers
    for least in range(1, 6):
        said = departure_from(BranchSpace("upsample", 2, 5, operations=OPERATIONS, least_layers=least), branch)
        of_space = f"{least} to 5" if least < 5 else "5"
        wrong = f"has the number of layers {length}, and the supernet's has {of_space}"
        assert said == ("" if least <= length else wrong)
