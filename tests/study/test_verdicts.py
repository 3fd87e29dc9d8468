import pytest
from mfps.study.estimates import Estimate
from mfps.study.verdicts import NO, OPEN, YES, decibels, judged


@pytest.mark.parametrize(
    ("interval", "complete", "answer"),
    [
        ((0.1, 0.3), True, YES),
        ((-0.3, -0.1), True, NO),
        ((-0.1, 0.3), True, OPEN),
        ((0.0, 0.0), True, OPEN),
        ((4e-15, 4e-15), True, OPEN),
        ((0.1, 0.3), False, OPEN),
        (None, False, OPEN),
    ],
)
def test_a_verdict_claims_no_more_than_its_interval(interval, complete, answer):
    assert judged(Estimate(0.2, interval, complete)) == answer
    moved = None if interval is None else (interval[0] - 5, interval[1] - 5)
    assert judged(Estimate(-4.8, moved, complete), -5.0) == answer


def test_differences_have_a_unit():
    assert decibels(Estimate(0.1, (-0.05, 0.25), True)) == "+0.100 dB [-0.050, 0.250]"
    assert decibels(Estimate(0.1, None, False)) == "+0.100 dB"
