import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.faces.comparison import CELL_PX, comparison_sheet


def test_pictures_stand_on_white_and_unchanged():
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    rows = [[np.full((size, size, 3), colour, np.uint8) for colour in colours] for size in (16, 128, 256)]
    sheet = np.asarray(comparison_sheet(rows, ["input", "output", "clean"], [["24.31 dB  0.713"] * 3] * 3))
    assert (sheet[0] == 255).all()
    for colour in colours:
        area = (sheet == colour).all(-1).sum()
        assert area == CELL_PX**2 + 256**2 + 256**2


def test_counts_must_match():
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(MfpsError, match="at least one row"):
        comparison_sheet([], ["input"])
    with pytest.raises(MfpsError, match="row 1: 1 pictures under 2 titles"):
        comparison_sheet([[picture]], ["input", "clean"])
    with pytest.raises(MfpsError, match="a caption for every picture"):
        comparison_sheet([[picture]], ["input"], [["a", "b"]])
