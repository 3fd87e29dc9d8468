import numpy as np
import pytest
from mfps.priors.landmarks.alignment import five_points
from mfps.priors.landmarks.conversion import WFLW98_OF_IBUG68, convert_points
from mfps.priors.landmarks.schemes import SCHEMES, scheme_of_name


def random_points(scheme):
    return np.random.default_rng(0).random((scheme_of_name(scheme).count, 2)) * 100


@pytest.mark.parametrize("scheme", [*(scheme.name for scheme in SCHEMES), "points-5", "points-189"])
def test_a_scheme_to_itself_is_a_copy(scheme):
    points = random_points(scheme)
    converted = convert_points(points, scheme, scheme)
    assert np.array_equal(converted, points)
    assert not np.shares_memory(converted, points)


@pytest.mark.parametrize("scheme", ["ibug68", "lfpw29", "wflw98"])
def test_five_points_are_those_of_the_alignment(scheme):
    points = random_points(scheme)
    five = convert_points(points, scheme, "five")
    assert np.array_equal(five, five_points(points, scheme))
    assert np.array_equal(convert_points(five, "five", "five"), five)


def test_wflw_to_ibug_moves_points_and_invents_none():
    points = random_points("wflw98")
    converted = convert_points(points, "wflw98", "ibug68")
    there = np.isfinite(converted).all(1)
    assert there.sum() == 52
    assert {tuple(point) for point in converted[there]} <= {tuple(point) for point in points}
    nose_and_mouth = convert_points(points, "wflw98", "five")[2:]
    assert np.array_equal(convert_points(converted, "ibug68", "five")[2:], nose_and_mouth)


def test_wflw_to_ibug_and_a_flip_commute():
    # The tables of the two schemes were written down apart, so this checks both.
    wflw, ibug = (list(scheme_of_name(name).flip_order()) for name in ("wflw98", "ibug68"))
    points = random_points("wflw98")
    flipped_first = convert_points(points[wflw], "wflw98", "ibug68")
    assert np.array_equal(flipped_first, convert_points(points, "wflw98", "ibug68")[ibug], equal_nan=True)
    assert len(set(WFLW98_OF_IBUG68.values())) == len(WFLW98_OF_IBUG68)


@pytest.mark.parametrize(
    ("source", "target"), [("ibug68", "wflw98"), ("wflw98", "lfpw29"), ("points-5", "five"), ("five", "ibug68")]
)
def test_there_is_no_other_conversion(source, target, refused):
    points = np.zeros((5 if source == "five" else scheme_of_name(source).count, 2))
    with refused(f"{source} cannot be converted to {target} exactly; possible conversions: .*wflw98 to ibug68"):
        convert_points(points, source, target)


def test_points_have_the_shape_of_their_scheme(refused):
    with refused(r"has points of shape \(68, 2\), not \(29, 2\)"):
        convert_points(np.zeros((29, 2)), "ibug68", "five")
    with refused("'face' is not known"):
        convert_points(np.zeros((68, 2)), "ibug68", "face")
