"""The recipe of a study."""

import os
import re
import shutil

import pytest
from mfps.errors import MfpsError
from mfps.study.plan import read_plan
from mfps.study.recipe import NOT_IN, check_same_recipe, read_recipe
from mfps.study.timed_way import LISTS

ARMS = {"cheapest": "kind: cheapest"}
NAME = "name: tiny"
SEVERAL = dict.fromkeys(LISTS, "[8, 16]") | {
    "runtimes": "[torch, onnxruntime]",
    "layouts": "[auto, contiguous]",
    "precisions": "[auto, float32]",
}
"""Two values for each option of a timing that takes several."""


def recipe_of(file):
    return read_recipe(read_plan(file), file)


def test_a_recipe_is_the_same_wherever_its_data_are_and_whatever_it_runs_on(plan_file, study_faces, tmp_path):
    before = recipe_of(plan_file(ARMS))
    moved = shutil.copytree(study_faces, tmp_path / "moved")
    file = moved / "plan.yaml"
    file.write_text(plan_file(ARMS, {"perceptual: 0": "perceptual: 0, workers: 1, checkpoint_minutes: 3"}).read_text())
    (moved / "train.txt").rename(moved / "learn.txt")
    file.write_text(file.read_text().replace("train.txt", "learn.txt"))
    assert recipe_of(file).sha256 == before.sha256
    assert recipe_of(file).content == before.content
    relative = tmp_path / "moved"
    here = os.getcwd()  # noqa: PTH109
    os.chdir(relative)
    try:
        assert recipe_of(file.relative_to(relative)).retrain.data.is_absolute()
    finally:
        os.chdir(here)


def test_networks_are_judged_by_psnr_and_ssim_unless_the_plan_names_more(plan_file):
    """So that numbers and time do not depend on which packages and weights a machine has."""
    before = recipe_of(plan_file(ARMS))
    assert before.judge.metrics == ("psnr", "ssim")
    more = recipe_of(plan_file(ARMS, {"degradation: [noise]": "degradation: [noise], metrics: [identity]"}))
    assert more.judge.metrics == ("identity",)
    assert more.sha256 == before.sha256


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("epochs: 2", "epochs: 3", "`recipe.epochs` was 2 and is 3"),
        ("1.0e-6]", "1.0e-5]", "`recipe.rates` was [0.001, 1e-06] and is [0.001, 1e-05]"),
        ("degradation: [noise]", "degradation: [full]", "`judge.degradation`"),
        ("list: [test.txt]", "list: [sel.txt]", "`data.judged` was 2 photographs"),
        ("generations: 1", "generations: 2", "`search.generations` was 1 and is 2"),
        ("val_list: val.txt, select_list", "val_list: test.txt, select_list", "`search.data.val_list` was a list of 2"),
    ],
)
def test_any_other_recipe_is_refused_by_the_name_of_the_field(plan_file, old, new, field, tmp_path):
    before, after = recipe_of(plan_file(ARMS)), recipe_of(plan_file(ARMS, {old: new}))
    assert (before.sha256 == after.sha256) == field.startswith("`search.")
    check_same_recipe(before.content, before.content, tmp_path)
    with pytest.raises(MfpsError) as refused:
        check_same_recipe(before.content, after.content, tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}: {field}")


def test_a_search_may_be_added_to_a_recipe(plan_file, tmp_path):
    content = recipe_of(plan_file(ARMS)).content
    check_same_recipe({name: part for name, part in content.items() if name != "search"}, content, tmp_path)


def timed(options):
    return {NAME: f"{NAME}\ntiming: {{{options}}}"}


def test_timing_is_no_part_of_what_networks_are_judged_by_and_may_only_be_added(plan_file, tmp_path):
    without, one, two = (recipe_of(plan_file(ARMS, how)) for how in ((), timed("threads: 1"), timed("threads: 2")))
    assert without.sha256 == one.sha256 == two.sha256
    assert {name: part for name, part in one.content.items() if name != "timing"} == without.content
    check_same_recipe(without.content, one.content, tmp_path)
    for other, now in ((two, "is [2]"), (without, "is not given")):
        with pytest.raises(MfpsError, match=rf"`timing\.threads` was \[1\] and {re.escape(now)} in the plan"):
            check_same_recipe(one.content, other.content, tmp_path)


def test_the_runtime_of_timing_is_one_that_takes_all_networks(plan_file):
    arms = {**ARMS, "made": "kind: hand-made, network: nafnet, gflops: 0.1"}
    assert recipe_of(plan_file(ARMS, timed("runtimes: onnxruntime"))).timing.runtimes == ("onnxruntime",)
    with pytest.raises(MfpsError, match=r"timing: `runtimes` onnxruntime cannot run the network of arms\.made"):
        recipe_of(plan_file(arms, timed("runtimes: onnxruntime")))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        *(
            (NAME, f"{NAME}\ntiming: {{{field}: [a]}}", f"timing: `{field}` is not for this")
            for field in NOT_IN["timing"]
        ),
        *((NAME, f"{NAME}\ntiming: {{{field}: {of}}}", f"one value for `{field}`") for field, of in SEVERAL.items()),
        (NAME, f"{NAME}\ntiming: {{round: 3}}", "timing: unknown field 'round': did you mean rounds"),
        (NAME, f"{NAME}\ntiming: {{threads: 0}}", "timing: `threads"),
        ("perceptual: 0", "perceptual: 0, seed: 3", "recipe: `seed` is not for this section"),
        ("perceptual: 0", "perceptual: 0, width: 3", "recipe: `width` is not for this section"),
        ("generations: 1", "max_gflops: 1", "search: `max_gflops` is not for this section"),
        ("perceptual: 0", "perceptual: 0, epoch: 3", "recipe: unknown field 'epoch': did you mean"),
        ("perceptual: 0", "perceptual: 0, lr: 0.1", "recipe: `rates` stands in place of `lr`"),
        ("rates: [1.0e-3, 1.0e-6]", "rates: [1, 1]", "recipe.rates: must be different"),
        ("degradation: [noise]", "degradation: [noise, full]", "judge: a study judges on one `list` under one"),
        ("list: [test.txt]", "list: [val.txt]", "judge: 2 of its faces are also trained or validated on"),
        (
            "width: 2, layers: 1",
            "width: 2, layers: 1, iterations: 2",
            "`iterations` is 2 in `search` and 1 in `recipe`",
        ),
        (
            "list: train.txt, val_list: val.txt, size: 16",
            "list: train.txt, val_list: val.txt, size: 17",
            "recipe: `size`",
        ),
        ("list: [test.txt]", "list: [nothing.txt]", "nothing.txt"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_refused_in_one_line(plan_file, old, new, words):
    file = plan_file(ARMS, {old: new})
    with pytest.raises(MfpsError) as refused:
        recipe_of(file)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
