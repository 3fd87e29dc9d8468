import numpy as np
import pytest
from mfps.drawn.faces import draw_face
from mfps.priors.dictionary.component_boxes import PARTS
from mfps.priors.dictionary.sheet import dictionary_sheet


@pytest.fixture(scope="module")
def face():
    drawn = draw_face(np.random.default_rng(0), 64)

    def numbered(number):
        """The same face, redder for each number."""
        image = drawn.image.copy()
        image[..., 0] = 80 * number
        return image, drawn.points, "ibug68"

    return numbered


def test_entries_are_rows_and_their_nearest_patches_columns(face):
    nearest = {part: np.tile([0, 1, 2], (8, 1)) for part in PARTS}
    few, many = (dictionary_sheet(nearest, face, rows).size for rows in (1, 3))
    assert few[0] == many[0] > 3 * 192
    assert few[1] > 4 * 192
    assert many[1] > 2.5 * few[1]
    assert dictionary_sheet(nearest, face, 100).size == dictionary_sheet(nearest, face, 8).size


def test_a_patch_is_its_part_of_the_face(face):
    sheet = np.asarray(dictionary_sheet({part: np.array([[2, 0, -1]]) for part in PARTS}, face))
    red = (sheet[..., 0] == 160).sum(), (sheet[..., 0] == 0).sum()
    assert min(red) > 4 * 192 * 190
    assert (sheet[:, -200:] == 255).mean() > 0.95
