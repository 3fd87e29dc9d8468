import re
from itertools import pairwise

from mfps.genotypes.drawing.palette import BRANCH_COLOURS
from mfps.genotypes.formats.published_arrays import PUBLISHED_OPERATIONS
from mfps.genotypes.operations import STROKES


def grey(colour):
    red, green, blue = bytes.fromhex(colour[1:])
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_the_published_operations_come_first_and_in_their_order():
    assert tuple(STROKES)[: len(PUBLISHED_OPERATIONS)] == PUBLISHED_OPERATIONS
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in STROKES)


def test_no_two_operations_are_drawn_alike_in_colour_or_in_grey_and_none_like_a_branch():
    colours = [stroke.colour for stroke in STROKES.values()]
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in colours)
    assert len({*colours, *BRANCH_COLOURS.values()}) == len(colours) + len(BRANCH_COLOURS)
    assert all(lighter - darker >= 5 for darker, lighter in pairwise(sorted(map(grey, colours))))
    assert all(0.5 <= stroke.width <= 4 for stroke in STROKES.values())
