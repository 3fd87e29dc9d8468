import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.images.comparison import CELL_PX, comparison_sheet


def test_pictures_stand_on_white_and_unchanged():
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    rows = [[np.full((size, size, 3), colour, np.uint8) for colour in colours] for size in (16, 128, 256)]
    sheet = np.asarray(comparison_sheet(rows, ["input", "output", "clean"], [["24.31 dB  0.713"] * 3] * 3))
    assert (sheet[0] == 255).all()
    for colour in colours:
        area = (sheet == colour).all(-1).sum()
        assert area == CELL_PX**2 + 256**2 + 256**2


def test_each_row_has_its_label_above_it_and_nothing_else_moves():
    picture = np.full((192, 192, 3), 200, np.uint8)
    rows, captions = [[picture, picture]] * 3, [["a", "b"]] * 3
    plain = np.asarray(comparison_sheet(rows, ["", ""], captions))
    labelled = np.asarray(comparison_sheet(rows, ["", ""], captions, ["one.png, full", "", "three.png, blur"]))
    assert labelled.shape[1] == plain.shape[1]
    added = (labelled.shape[0] - plain.shape[0]) // 3
    assert added * 3 == labelled.shape[0] - plain.shape[0]
    below = 24
    for is_written in (True, False, True):
        space = labelled[below : below + added]
        assert (space < 128).any() == is_written
        assert (space[[0, -1]] == 255).all()
        assert (labelled[below + added] == 200).any()
        below += added + (plain.shape[0] - 2 * 24 + 14) // 3
    assert ((labelled == 200).all(-1)).sum() == 6 * 192**2


def test_a_long_label_is_shortened_at_its_beginning():
    picture = np.full((192, 192, 3), 200, np.uint8)
    sheets = [
        np.asarray(comparison_sheet([[picture]], [""], labels=[f"{'folder/' * folders}ann.png, blur"]))
        for folders in (10, 30)
    ]
    assert np.array_equal(*sheets)
    assert (sheets[0][:, :24] == 255).all()
    assert (sheets[0][:, -24:] == 255).all()
    assert (sheets[0] < 128).any()


def test_counts_must_match():
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(MfpsError, match="at least one row"):
        comparison_sheet([], ["input"])
    with pytest.raises(MfpsError, match="row 1: 1 pictures under 2 titles"):
        comparison_sheet([[picture]], ["input", "clean"])
    with pytest.raises(MfpsError, match="a caption for every picture"):
        comparison_sheet([[picture]], ["input"], [["a", "b"]])
    with pytest.raises(MfpsError, match="a label for every row"):
        comparison_sheet([[picture]], ["input"], labels=["a", "b"])
