"""What all tests share. Shapes in annotations are checked while they run (see `addopts` in pyproject.toml)."""

import io
from contextlib import contextmanager

import pytest
import torch
from mfps.errors import MfpsError
from mfps.faces.drawn import write_drawn_faces
from rich.console import Console

torch.set_num_threads(1)  # the workers of pytest-xdist share the cores


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def drawn_folder(tmp_path_factory):
    """Eight drawn faces of 16 pixels with landmarks and label maps, the last two in val.txt. Read only."""
    folder = tmp_path_factory.mktemp("faces") / "drawn"
    write_drawn_faces(folder, 8, 16, seed=0, val=2)
    return folder


@pytest.fixture
def console():
    """A console whose text can be read with `console.file.getvalue()`."""
    return Console(file=io.StringIO(), width=200)


@pytest.fixture(scope="session")
def randomised():
    """`randomised(network, seed)` draws the affine and the running statistics of every batch norm, and gives it in
    eval mode.

    A fresh batch norm is the identity in eval mode and would hide a wrong one.
    """

    def randomise(network, seed=0):
        generator = torch.Generator().manual_seed(seed)
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                with torch.no_grad():
                    module.weight.uniform_(0.5, 1.5, generator=generator)
                    module.bias.normal_(0, 0.3, generator=generator)
                    module.running_mean.normal_(0, 0.3, generator=generator)
                    module.running_var.uniform_(0.5, 1.5, generator=generator)
        return network.eval()

    return randomise


@pytest.fixture(scope="session")
def difference():
    """`difference(a, b)`: greatest absolute difference over the greatest absolute value of `b`."""

    def relative(a, b):
        assert a.shape == b.shape
        return float((a - b).abs().max() / b.abs().max())

    return relative


@pytest.fixture(scope="session")
def refused():
    """`with refused("pattern"):` expects an MfpsError of one line that matches."""

    @contextmanager
    def expect(pattern):
        with pytest.raises(MfpsError, match=pattern) as raised:
            yield
        assert "\n" not in str(raised.value)

    return expect
