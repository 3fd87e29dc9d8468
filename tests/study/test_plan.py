"""The plan of a study."""

from pathlib import Path

import pytest
from mfps.bench.config import BenchConfig
from mfps.engine.configuration import resolve
from mfps.errors import MfpsError
from mfps.files.config_model import fill
from mfps.inference.config import EvaluateConfig
from mfps.nas.config import SearchConfig
from mfps.retrain.config import RetrainConfig
from mfps.study.arms import ARMS, GenotypeArm
from mfps.study.plan import read_plan

PLAN = """
name: test
recipe: {data: faces, epochs: 2}
judge: {list: [test.txt], degradation: [noise]}
search: {preset: tiny}
seeds: [0, 1]
arms:
  searched: {kind: search, budgets: [{max_gflops: 0.1}, {max_parameters: 3e4}], search_seeds: [0, 1]}
  random: {kind: random, bins: 3, per_bin: 2}
  cheapest: {kind: cheapest}
  dearest: {kind: dearest, seeds: [0, 1, 2]}
  known: {kind: genotype, genotype: mfpsnet, width: 4}
  nafnet: {kind: hand-made, network: nafnet, like: cheapest}
  again: {kind: again, networks_of: known, judge: {priors-from: coarse}}
"""


BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize("file", sorted(BENCHMARKS.glob("study_*.yaml")), ids=lambda file: file.stem)
def test_the_plans_of_the_results_fit_the_options_and_their_genotypes_are_there(file):
    plan = read_plan(file)
    for name, arm in plan.arms.items():
        changes = plan.changes(name)
        for model, given in ((RetrainConfig, changes.get("recipe", {})), (EvaluateConfig, changes.get("judge", {}))):
            assert given.keys() <= {*model.model_fields, "rates"}, name
        if isinstance(arm, GenotypeArm) and arm.genotype.endswith(".json"):
            assert (BENCHMARKS / arm.genotype).is_file(), name
    assert plan.recipe.keys() <= {*RetrainConfig.model_fields, "preset", "rates", "iterations"}


def test_a_plan_with_every_kind_of_arm_is_read(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN)
    plan = read_plan(file)
    assert {arm.kind for arm in plan.arms.values()} == set(ARMS)
    assert [budget.text for budget in plan.arms["searched"].budgets] == ["0.1 GFLOPs", "3e4 parameters"]


def test_a_budget_may_be_one_of_time_where_there_is_a_table(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN.replace("{max_gflops: 0.1}", "{max_ms: 40}").replace("tiny}", "tiny, latency: table.json}"))
    assert read_plan(file).arms["searched"].budgets[0].text == "40 ms"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kind: cheapest", "kind: best", ["arms.cheapest", "kind", "best", "search, random"]),
        ("bins: 3", "bins: 0", ["arms.random", "bins", "greater than or equal to 1"]),
        ("bins: 3", "bin: 3", ["arms.random", "bin"]),
        ("like: cheapest", "like: random", ["arms.nafnet.like", "cheapest, dearest, known"]),
        ("like: cheapest", "like: cheapest, gflops: 1", ["arms.nafnet", "gflops", "like"]),
        ("networks_of: known", "networks_of: random", ["arms.again.networks_of", "cheapest, dearest, known, nafnet"]),
        ("judge: {priors-from: coarse}", "seeds: [1], judge: {a: 1}", ["arms.again", "`seeds`", "leave it out"]),
        ("judge: {priors-from: coarse}", "recipe: {a: 1}, judge: {a: 1}", ["arms.again", "`recipe`", "leave it out"]),
        (", judge: {priors-from: coarse}", "", ["arms.again", "`judge` is missing"]),
        ("name: test", "name: test\ncompared_with: random", ["compared_with", "'random'", "cheapest, dearest, known"]),
        ("network: nafnet", "network: unet", ["arms.nafnet", "network", "residual"]),
        ("search: {preset: tiny}", "", ["arms.searched", "`search`", "add it"]),
        ("seeds: [0, 1]", "seeds: [0, 0]", ["seeds", "twice"]),
        ("  cheapest:", "  Cheapest one:", ["Cheapest one", "a to z"]),
        ("name: test", "nam: test", ["name"]),
        ("{max_gflops: 0.1}", "{max_ms: 40}", ["arms.searched.budgets.0", "max_ms", "`latency` in `search`"]),
        ("{max_gflops: 0.1}", "{max_gflops: -1}", ["arms.searched", "max_gflops", "above 0"]),
        ("recipe: {data: faces, epochs: 2}", "recipe: [1]", ["recipe", "dictionary"]),
    ],
)
def test_a_bad_plan_is_refused_in_one_line_that_names_the_place(old, new, words, tmp_path):
    file = tmp_path / "plan.yaml"
    assert old in PLAN
    file.write_text(PLAN.replace(old, new, 1))
    with pytest.raises(MfpsError) as refused:
        read_plan(file)
    message = str(refused.value)
    assert "\n" not in message
    assert message.startswith(str(file))
    assert all(word in message for word in words), message


def test_the_example_is_a_plan_whose_sections_are_options():
    """Its faces are nobody's, so that no more can be checked."""
    file = Path(__file__).parents[2] / "examples" / "study.yaml"
    plan = read_plan(file)
    recipe = dict(plan.recipe)
    preset = recipe.pop("preset")
    resolve(RetrainConfig, preset, None, {**recipe, "genotype": "mfpsnet", "out": "run"})
    search = dict(plan.search)
    resolve(SearchConfig, search.pop("preset"), None, {**search, "out": "run"})
    fill(BenchConfig, {**plan.timing, "network": "run"})
    fill(EvaluateConfig, {**plan.judge, "data": "faces", "weights": "run", "out": "judged"})


def test_an_arm_that_judges_again_has_the_seeds_and_the_changes_of_the_other(tmp_path):
    file = tmp_path / "plan.yaml"
    changed = "width: 4, seeds: [5], recipe: {solver: sgd}, judge: {layout: contiguous, priors_from: clean}"
    file.write_text(PLAN.replace("width: 4", changed))
    plan = read_plan(file)
    assert plan.seeds_of("again") == plan.seeds_of("known") == (5,)
    assert plan.seeds_of("cheapest") == plan.seeds == (0, 1)
    assert plan.changes("cheapest") == {}
    assert plan.changes("known")["judge"]["priors_from"] == "clean"
    assert plan.changes("again") == {
        "recipe": {"solver": "sgd"},
        "judge": {"layout": "contiguous", "priors_from": "coarse"},
    }
