import pytest
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.nas.ranking.stand_alone import read_stand_alone

GENOTYPES = {f"g{seed}": random_genotype(search_space(width=1, layers=2), seed) for seed in range(4)}
FIRST = dict(list(GENOTYPES.items())[:3])


@pytest.fixture
def evaluations(tmp_path, evaluated):
    """Those of the first three, not in their order."""
    return [evaluated(tmp_path / name, GENOTYPES[name], 20.0 + int(name[1])) for name in ("g2", "g0", "g1")]


def test_each_genotype_gets_the_evaluation_of_its_architecture(evaluations, tmp_path):
    for against in (evaluations, [place / "evaluation.json" for place in evaluations], [tmp_path]):
        found = read_stand_alone(FIRST, against)
        assert found.psnr == [20, 21, 22]
        assert [file.parent.name for file in found.files] == ["g0", "g1", "g2"]
        assert found.convention["faces"] == 2
        assert found.unlike == {}


def test_networks_that_were_trained_otherwise_are_told(evaluations, evaluated, tmp_path):
    evaluated(tmp_path / "g1", GENOTYPES["g1"], 21.0, provenance={"step": 99, "solver": "sgd", "seed": 7})
    assert read_stand_alone(FIRST, evaluations).unlike == {"solver": ["'adam'", "'sgd'"]}
    evaluated(tmp_path / "g1", GENOTYPES["g1"], 21.0, provenance={"solver": "adam", "size": 16})
    assert read_stand_alone(FIRST, evaluations).unlike == {"size": ["None", "16"]}


def test_genotypes_and_evaluations_belong_to_each_other_one_by_one(evaluations, evaluated, tmp_path, refused):
    with refused(r"g3: none of the evaluations in `against` is of its network; train and evaluate it, or leave it out"):
        read_stand_alone(GENOTYPES, evaluations)
    with refused(r"g1 \[and 1 more\]: none of the evaluations"):
        read_stand_alone(GENOTYPES, evaluations[:2])
    stranger = evaluated(tmp_path / "g3", GENOTYPES["g3"], 20.0)
    with refused(
        rf"g3/evaluation.json: of an architecture \({GENOTYPES['g3'].hash[:8]}\) that is none of the genotypes"
    ):
        read_stand_alone(FIRST, [*evaluations, stranger])
    wide = evaluated(tmp_path / "wide", GENOTYPES["g0"].with_width(2), 20.0)
    with refused("wide/evaluation.json: .* at another width is another one"):
        read_stand_alone(FIRST, [*evaluations, wide])
    again = evaluated(tmp_path / "again", GENOTYPES["g1"], 20.0)
    with refused("again/evaluation.json: of g1, like .*g1/evaluation.json; give one evaluation for each genotype"):
        read_stand_alone(FIRST, [*evaluations, again])


def test_an_architecture_counts_once(evaluations, refused):
    with refused("again: the same architecture as g0, and would count twice; leave one out"):
        read_stand_alone({**FIRST, "again": GENOTYPES["g0"]}, evaluations)


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_have_no_order(evaluations, refused, count):
    with refused(f"{count} genotypes have no order to compare with `against`: give at least 3"):
        read_stand_alone(dict(list(GENOTYPES.items())[:count]), evaluations)


def test_all_must_have_judged_the_same(evaluations, evaluated, tmp_path, refused):
    evaluated(tmp_path / "g1", GENOTYPES["g1"], 21.0, convention={"size": 32, "degradation_seed": 0})
    with refused("g1/evaluation.json: cannot be compared, since it judged with `size` 32, not 16"):
        read_stand_alone(FIRST, evaluations)


def test_a_place_without_evaluations_is_refused(tmp_path, refused):
    with refused("evaluation.json: there is no such report; give the evaluation.json of"):
        read_stand_alone(FIRST, [tmp_path])
