"""What of a plan may change before a study goes on."""

import pytest
from mfps.errors import MfpsError
from mfps.study.begun import BEGUN, begin, check_begun
from mfps.study.plan import Plan

CONTENT = {"recipe": {"epochs": 2}, "judge": {}, "data": {}}
ARMS = {
    "searched": {"kind": "search", "budgets": [{"max_gflops": 0.1}], "search_seeds": [0, 1]},
    "random": {"kind": "random", "bins": 3, "per_bin": 2},
    "dearest": {"kind": "dearest", "seeds": [0, 1]},
}


def plan(changed=(), seeds=(0,), name="test"):
    arms = {arm: {**values, **dict(changed).get(arm, {})} for arm, values in ARMS.items()}
    return Plan(name=name, recipe={}, judge={}, search={}, seeds=seeds, arms=arms)


@pytest.fixture
def folder(tmp_path):
    begin(tmp_path, plan(), CONTENT)
    return tmp_path


@pytest.mark.parametrize(
    "grown",
    [
        plan(),
        plan(seeds=(3, 0)),
        plan({"searched": {"budgets": [{"max_gflops": 0.2}, {"max_gflops": 0.1}]}}),
        plan({"searched": {"search_seeds": [0, 1, 2]}, "random": {"per_bin": 3}, "dearest": {"seeds": [0, 1, 4]}}),
    ],
)
def test_a_study_may_grow(folder, grown):
    before = (folder / BEGUN).read_bytes()
    check_begun(folder, grown, CONTENT)
    assert (folder / BEGUN).read_bytes() == before
    begin(folder, grown, CONTENT)
    check_begun(folder, grown, CONTENT)


def test_an_arm_may_be_added_and_none_be_dropped(folder):
    more = plan().model_copy(update={"arms": {**plan().arms, "cheapest": plan().arms["dearest"]}})
    check_begun(folder, more, CONTENT)
    begin(folder, more, CONTENT)
    with pytest.raises(MfpsError, match=r"`arms\.cheapest` is no longer in the plan"):
        check_begun(folder, plan(), CONTENT)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        (plan(name="else"), "`name` was test and is else"),
        (plan({"random": {"bins": 4}}), "`arms.random.bins` was 3 and is 4"),
        (plan({"random": {"per_bin": 1}}), "`arms.random.per_bin` was 2 and is 1"),
        (plan({"random": {"draw_seed": 1}}), "`arms.random.draw_seed` was 0 and is 1"),
        (plan(seeds=(1,)), "`arms.searched.seeds` was [0] and is [1]"),
        (plan({"dearest": {"kind": "cheapest"}}), "`arms.dearest.kind` was dearest and is cheapest"),
        (plan({"searched": {"search_seeds": [0]}}), "`arms.searched.search_seeds` was [0, 1] and is [0]"),
        (plan({"searched": {"budgets": [{"max_gflops": 0.3}]}}), "`arms.searched.budgets` was "),
    ],
)
def test_any_other_change_is_refused_by_the_name_of_the_field(folder, other, field):
    with pytest.raises(MfpsError) as refused:
        check_begun(folder, other, CONTENT)
    assert field in str(refused.value)
    assert str(folder) in str(refused.value)


@pytest.mark.parametrize("text", ["{}", "[]", '{"plan": 1, "recipe": {}}', "{"])
def test_a_damaged_record_is_refused(folder, text):
    (folder / BEGUN).write_text(text)
    with pytest.raises(MfpsError):
        check_begun(folder, plan(), CONTENT)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    check_begun(tmp_path / "new", plan(), CONTENT)
    (tmp_path / "note.txt").touch()
    with pytest.raises(MfpsError, match="holds other files than a study"):
        check_begun(tmp_path, plan(), CONTENT)
