"""The names of hand-made networks."""

import pytest
from mfps.errors import MfpsError
from mfps.genotypes.hand_made import HandMade


@pytest.mark.parametrize("text", ["nafnet:24x6", "residual:1x64", "nafnet:512x1"])
def test_what_is_read_is_written(text):
    made = HandMade.parse(text)
    assert str(made) == made.name == text
    assert made.priors == ()


@pytest.mark.parametrize(
    "text", ["", "nafnet", "unet:8x2", "nafnet:0x2", "nafnet:8x", "nafnet:8x65", "nafnet:513x1", "nafnet:٣x2"]
)
def test_what_is_none_is_refused(text):
    with pytest.raises(MfpsError, match=r"nafnet:24x6|at most 512 channels"):
        HandMade.parse(text)


def test_different_networks_have_different_hashes():
    texts = ["nafnet:8x2", "residual:8x2", "nafnet:2x8", "nafnet:82x1"]
    assert len({HandMade.parse(text).hash for text in texts}) == len(texts)
