import io

import pytest
from mfps.nas.ranking.figure import ranking_png
from PIL import Image

from .test_report import report_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("count", "scores"), [(3, None), (12, None), (4, [1, 1, 1, 1])])
def test_the_same_report_makes_the_same_picture_whatever_the_scores(count, scores):
    report = report_of(count, psnr=scores)
    made = ranking_png(report)
    assert made == ranking_png(report)
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.width > picture.height > 500
        assert len(picture.convert("RGB").getcolors(2**24)) > 20
