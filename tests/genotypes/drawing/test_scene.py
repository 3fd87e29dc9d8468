import math

import pytest
from mfps.genotypes.drawing.palette import tint
from mfps.genotypes.drawing.scene import Curve, Point, Text, bow, line, swing, towards

START, END = Point(10, 20), Point(40, 60)


def curve(points):
    return Curve("a", "b", points, "#000000", 1)


@pytest.mark.parametrize("points", [line(START, END), bow(START, END, 5), swing(START, END)])
def test_curves_run_from_start_to_end(points):
    assert curve(points).at(0) == pytest.approx(START)
    assert curve(points).at(1) == pytest.approx(END)


@pytest.mark.parametrize("bulge", [-7.0, 12.0])
def test_a_bow_is_off_the_line_by_its_bulge_to_the_left(bulge):
    middle, straight = curve(bow(START, END, bulge)).at(0.5), curve(line(START, END)).at(0.5)
    assert math.dist(middle, straight) == pytest.approx(abs(bulge))
    assert (middle.x < straight.x) == (bulge > 0)


def test_towards_goes_a_distance():
    assert towards(START, END, 25) == pytest.approx((25, 40))


def test_longer_and_bold_text_takes_more_room():
    short, long, bold = (Text(START, text, 7, bold=b) for text, b in (("ab", False), ("abc", False), ("abc", True)))
    assert short.width < long.width < bold.width


def test_tint_mixes_with_paper():
    assert [tint("#0072b2", strength) for strength in (-1, 0, 0.5, 1, 2)] == [
        "#ffffff",
        "#ffffff",
        "#80b8d8",
        "#0072b2",
        "#0072b2",
    ]
