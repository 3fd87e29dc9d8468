import contextlib
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.genotypes.branch_genotype import space_of
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import parse_genotype
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import EDGES, OPERATIONS, PRIORS, RATES, BranchSpace, search_space

from .wide_genotypes import WIDE

PUBLISHED = {
    # branch: start level, base width, path (levels), cell ([edge, operation] pairs), as the published code counts.
    "upsample": (3, 8, "2 1 1 1 0 1", "0,0 1,0 2,2 3,0 7,1 8,3"),
    "parsing": (0, 8, "1 2 1 0 1 0", "0,1 1,1 3,1 4,3 5,3 7,0"),
    "heatmap": (0, 8, "0 0 0 1 0 1", "0,3 1,1 2,2 3,2 5,1 7,2"),
    "dictionary": (0, 8, "0 0 1 2 1 0", "0,0 1,1 2,3 4,0 6,1 7,0"),
    "fusion": (0, 48, "0 1 2 1 1 2", "0,0 1,0 2,2 4,2 7,2 8,3"),
}

spaces = st.builds(
    lambda priors, width, layers: search_space(priors, width=width, layers=layers, fusion_layers=layers + 2),
    st.sets(st.sampled_from(PRIORS)).map(sorted),
    st.integers(1, 64),
    st.integers(1, 8),
)
genotypes = st.builds(random_genotype, spaces, st.integers(0, 2**32))


def data_of(genotype: Genotype) -> dict:
    return json.loads(genotype.to_json())


@pytest.mark.parametrize("branch", PUBLISHED)
def test_the_published_mfpsnet_is_the_published_mfpsnet(mfpsnet, branch):
    start, width, path, cell = PUBLISHED[branch]
    rates = list(reversed(RATES))
    found = mfpsnet.present[branch]
    assert (found.start_rate, found.width) == (rates[start], width)
    assert found.path == [rates[int(level)] for level in path.split()]
    pairs = [tuple(map(int, pair.split(","))) for pair in cell.split()]
    assert found.operations == {EDGES[edge]: OPERATIONS[op] for edge, op in pairs}


@given(genotypes, st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_the_hash_ignores_form_name_and_provenance(genotype, rng: random.Random):
    def shuffled(value):
        if isinstance(value, dict):
            return {key: shuffled(value[key]) for key in rng.sample(list(value), len(value))}
        return value

    data = data_of(genotype) | {"name": "another", "provenance": {"kind": "other"}}
    for branch in data["branches"].values():
        rng.shuffle(branch["cell"])
    text = json.dumps(shuffled(data), indent=rng.choice([None, 1, 7]))
    assert parse_genotype(text, "test").hash == genotype.hash


def test_every_architectural_change_changes_the_hash(mfpsnet):
    def variants():
        for name, branch in data_of(mfpsnet)["branches"].items():
            for layer in range(6):
                for rate in RATES:
                    yield lambda b, n=name, i=layer, r=rate: b[n]["path"].__setitem__(i, r)
            for i in range(6):
                for op in OPERATIONS:
                    yield lambda b, n=name, i=i, op=op: b[n]["cell"][i].update(op=op)
                yield lambda b, n=name, i=i: b[n]["cell"][i].update({"from": "s1"})
            yield lambda b, n=name, last=branch["path"][-1]: b[n]["path"].append(last)
            yield lambda b, n=name: b[n]["path"].pop()

    hash_of = {json.dumps(g.architecture): g.hash for g in (mfpsnet, mfpsnet.with_width(16))}
    for change in variants():
        data = data_of(mfpsnet)
        change(data["branches"])
        with contextlib.suppress(MfpsError):  # some changes are illegal; every legal one is another architecture
            changed = parse_genotype(json.dumps(data), "changed")
            hash_of[json.dumps(changed.architecture)] = changed.hash
    assert len(set(hash_of.values())) == len(hash_of) > 140


def test_with_width_widens_every_branch_and_keeps_the_rest(mfpsnet):
    wide = mfpsnet.with_width(32)
    assert {name: branch.width for name, branch in wide.present.items()} == {
        **dict.fromkeys(("upsample", *PUBLISHED_PRIORS), 32),
        "fusion": 192,
    }
    assert wide.provenance["widened_from"] == mfpsnet.hash
    assert wide.with_width(8).hash == mfpsnet.hash


def test_the_space_of_a_branch_holds_the_branch(mfpsnet):
    for name, branch in mfpsnet.present.items():
        assert space_of(branch, name) == BranchSpace(name, branch.width, 6)
        assert space_of(branch, name).is_legal(branch.path)


@pytest.mark.parametrize("width", [0, -4, 3.5, 4097, True, "8"], ids=str)
def test_an_impossible_width_is_refused(mfpsnet, width, refused):
    with refused("`width` is .*: it must be a whole number from 1 to 4096"):
        mfpsnet.with_width(width)


def test_a_genotype_is_saved_loaded_and_drawn(mfpsnet, tmp_path, refused):
    file = mfpsnet.with_width(2).save(str(tmp_path / "mine.json"))
    assert Genotype.load(str(file)).hash == mfpsnet.with_width(2).hash
    assert Genotype.load(file).draw(str(tmp_path / "mine.gv"), title="mine").read_text().startswith("digraph")
    with refused("already exists"):
        mfpsnet.save(file)


def test_a_genotype_is_compiled(mfpsnet, refused):
    network = mfpsnet.with_width(1).compile(iterations=1, blocks=1, prior_channels=dict.fromkeys(mfpsnet.priors, 4))
    assert network.config.prior_channels == dict.fromkeys(mfpsnet.priors, 4)
    assert network.priors == mfpsnet.priors
    with refused("`blocks`: must be greater than or equal to 1"):
        mfpsnet.compile(blocks=0)


def test_the_published_hash_stays():
    assert Genotype.load("mfpsnet").hash == "1a508847b265a52add009a0359d1d555df78ffcca52be097337640d67da4b15d"


@given(WIDE, st.integers(1, 64))
@settings(max_examples=20)
def test_a_wide_genotype_keeps_its_backbone_at_another_width(genotype, width):
    wider = genotype.with_width(width)
    assert wider.backbone == genotype.backbone
    assert parse_genotype(wider.to_json(), "a") == wider
    assert wider.with_width(genotype.branches.upsample.width).hash == genotype.hash
