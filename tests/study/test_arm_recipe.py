"""The recipes of arms that differ from their study's."""

import pytest
from mfps.errors import MfpsError
from mfps.study.arm_recipe import PICTURES, arm_recipes
from mfps.study.plan import read_plan
from mfps.study.recipe import read_recipe

ARMS = {
    "plain": "kind: cheapest",
    "sgd": "kind: cheapest, recipe: {solver: sgd, lr: 0.1}",
    "rates": "kind: cheapest, recipe: {rates: [0.1, 0.2]}",
    "once": "kind: again, networks_of: sgd, judge: {shown: 1}",
}


def recipes_of(file):
    plan = read_plan(file)
    base = read_recipe(plan, file)
    return base, arm_recipes(plan, base, file)


def test_an_arm_without_changes_has_the_study_s_recipe_and_others_differ_in_what_they_name(plan_file):
    base, recipes = recipes_of(plan_file(ARMS))
    assert recipes["plain"] is base
    assert (recipes["sgd"].retrain.solver, recipes["sgd"].rates) == ("sgd", (0.1,))
    assert recipes["rates"].rates == (0.1, 0.2)
    assert (recipes["once"].retrain.solver, recipes["once"].judge.shown) == ("sgd", 1)
    for recipe in recipes.values():
        assert recipe.content["data"] == base.content["data"]
        differing = {name for name, value in recipe.content["recipe"].items() if base.content["recipe"][name] != value}
        assert differing <= {"solver", "rates"}
    assert len({recipe.sha256 for recipe in recipes.values()}) == 3  # how many faces are shown changes no number


@pytest.mark.parametrize(
    ("section", "option"), [(section, option) for section, options in PICTURES.items() for option in options]
)
def test_no_arm_is_judged_on_other_pictures(plan_file, section, option):
    arms = {"plain": "kind: cheapest", "other": f"kind: cheapest, {section}: {{{option.replace('_', '-')}: x}}"}
    with pytest.raises(
        MfpsError, match=rf"arms\.other\.{section}: `{option}` says which pictures are judged, .*leave it"
    ):
        recipes_of(plan_file(arms))


def test_a_change_that_cannot_be_used_is_named_with_its_arm(plan_file):
    file = plan_file({"bad": "kind: cheapest, recipe: {solver: best}"})
    with pytest.raises(MfpsError, match=rf"^{file}: arms\.bad: recipe: .*solver") as refused:
        recipes_of(file)
    assert "\n" not in str(refused.value)


def test_an_arm_of_the_space_is_alike_with_the_search_and_a_given_network_may_differ(plan_file):
    changed = "recipe: {iterations: 2}"
    given = plan_file({"plain": "kind: cheapest", "given": f"kind: genotype, genotype: published, {changed}"})
    assert recipes_of(given)[1]["given"].retrain.passes == 2
    with pytest.raises(MfpsError, match=r"arms\.dear: `iterations` is 1 in `search` and 2 in `recipe`"):
        recipes_of(plan_file({"plain": "kind: cheapest", "dear": f"kind: dearest, {changed}"}))
