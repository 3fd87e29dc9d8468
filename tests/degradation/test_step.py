import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.degradation.stages import STAGES
from mfps.degradation.step import Step, name_of, read_step, written
from mfps.errors import MfpsError


@st.composite
def steps(draw):
    """Any stage with numbers that it takes."""
    name = draw(st.sampled_from(list(STAGES)))
    bounds = []
    for limits in STAGES[name].ranges:
        numbers = st.integers if limits.whole else st.floats
        bounds.append(tuple(sorted(draw(numbers(limits.least, limits.most)) for _ in range(2))))
    return Step(name, tuple(bounds))


@given(steps())
def test_a_step_is_read_as_it_is_written(step):
    text = str(step)
    assert read_step(text, STAGES) == step
    assert name_of(text) == step.stage


@given(steps(), st.data())
def test_spaces_do_not_matter(step, data):
    words = re.findall(r"[(),]|[^(),]+", str(step))
    blanks = data.draw(st.lists(st.sampled_from(["", " ", "\t"]), min_size=len(words) + 1, max_size=len(words) + 1))
    assert read_step("".join(map("".join, zip(blanks, [*words, ""], strict=True))), STAGES) == step


@pytest.mark.parametrize("name", STAGES)
def test_without_brackets_a_stage_takes_the_published_ranges(name):
    step = read_step(name, STAGES)
    assert step.bounds == tuple(limits.published for limits in STAGES[name].ranges)
    for limits in STAGES[name].ranges:
        assert limits.least <= limits.published[0] <= limits.published[1] <= limits.most


@given(st.sampled_from(list(STAGES)), st.text("0123456789.,+-e ()x", max_size=20))
def test_whatever_is_in_the_brackets_is_read_or_refused_in_one_line(name, inside):
    try:
        step, message = read_step(f"{name}({inside})", STAGES), ""
    except MfpsError as error:
        step, message = None, str(error)
    assert "\n" not in message
    assert step is None or read_step(str(step), STAGES) == step


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_so_that_it_reads_back(value):
    assert float(written(value)) == value


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "blur(6)",
            r"blur takes 2 numbers, the lowest and the highest sigma \(pixels .*, 0.1 to 32\), as in blur\(3,8\)",
        ),
        ("blur()", "blur takes 2 numbers"),
        ("grey(1,2)", "grey takes no numbers, as in grey"),
        ("blind(1,2)", r"blind takes 8 numbers, .* sigma .*; shrink .*; noise .*; quality .*as in blind\(0.1,10,"),
        ("blur(12,6)", "blur: sigma from 12 to 6 is reversed"),
        ("blur(6,99)", "sigma '99': it must be a number from 0.1 to 32"),
        ("blur(0,6)", "sigma '0': it must be a number from 0.1"),
        ("blur(-6,6)", "sigma '-6'"),
        ("blur(6,nan)", "sigma 'nan'"),
        ("blur(6,1e999)", "sigma '1e999'"),
        ("blur(6,1_0)", "sigma '1_0'"),
        ("blur(6,)", "sigma ''"),
        ("jpeg(30.5,60)", "quality '30.5': it must be a whole number from 1 to 100"),
        ("blur(6,12)x", r"'blur\(6,12\)x' is not a stage with its numbers in brackets"),
        ("blur(6,(12))", "is not a stage with its numbers in brackets"),
    ],
)
def test_what_does_not_fit_a_stage(text, rule):
    with pytest.raises(MfpsError, match=rule):
        read_step(text, STAGES)
