import numpy as np
import pytest
from mfps.drawn.faces import draw_face
from mfps.files.external_weights import at_hand


@pytest.fixture(scope="session")
def faces():
    """`faces(size)`: a drawn face, uint8 (size, size, 3), and versions of it that are farther and farther from it."""

    def make(size):
        clean = draw_face(np.random.default_rng(3), size).image
        noise = np.random.default_rng(4).normal(0, 1, clean.shape)
        return clean, [np.clip(clean + sigma * noise, 0, 255).astype(np.uint8) for sigma in (0, 5, 20, 60)]

    return make


@pytest.fixture(scope="session")
def dlib_weights():
    """Skips a test where dlib or its networks are not installed."""
    pytest.importorskip("dlib", reason="dlib is not installed: pip install 'mfps[faces]'")
    if not (at_hand("dlib landmarks") and at_hand("dlib identity")):
        pytest.skip("dlib's networks are not installed: pip install 'mfps[faces]'")
