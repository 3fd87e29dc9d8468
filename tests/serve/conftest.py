import pytest
from mfps.files.config_model import fill
from mfps.inference.open_runnable import open_runnable
from mfps.inference.reuse import Reuse
from mfps.serve.config import ServeConfig
from mfps.serve.networks import Network
from mfps.serve.restoring import Restoring

from ..inference.conftest import drawn_genotype, write_weights
from ..inference.whole.conftest import album, detector, drawn

__all__ = ["album", "detector", "drawn", "drawn_genotype", "write_weights"]


@pytest.fixture
def weights(tmp_path, write_weights):
    file = tmp_path / "net.safetensors"
    write_weights(file, size=16)
    return file


@pytest.fixture
def restoring(weights, detector, monkeypatch):
    """`restoring(**options)`: what restores, with a stand-in for the detector."""
    monkeypatch.setattr("mfps.serve.restoring.open_detector", lambda *_: detector)
    monkeypatch.setattr("mfps.serve.restoring.is_at_hand", lambda _: True)
    return lambda **options: Restoring(fill(ServeConfig, {"runs": [weights], "device": "cpu", **options}))


@pytest.fixture
def network(weights):
    return Network("net", weights, Reuse(open_runnable(weights, None, "auto"), most_faces=8))
