"""Fixtures of all tests. Shapes in annotations are checked while tests run (see `addopts` in pyproject.toml)."""

import io
import os
from contextlib import contextmanager
from pathlib import Path

import mfps.engine.update
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings
from mfps.drawn.faces import write_drawn_faces
from mfps.errors import MfpsError
from mfps.genotypes.decode import BranchProbabilities
from mfps.genotypes.space import EDGES
from rich.console import Console

from .processes import hang_guard

torch.set_num_threads(1)  # the workers of pytest-xdist share the cores

# The same examples everywhere; `--hypothesis-profile default` draws new ones. Neither depends on the machine's load.
for profile in ("default", "mfps"):
    settings.register_profile(
        profile,
        derandomize=profile == "mfps",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
settings.load_profile("mfps")


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=3, help="How often test_resume kills commands; see `make torture`.")
    parser.addoption("--kill-seed", type=int, default=0, help="Seed of the moments of the kills and failures.")
    parser.addoption("--failures", type=int, default=40, help="How often test_faults makes a command fail.")


@pytest.hookimpl(wrapper=True)
def guarded(item):
    with hang_guard():
        return (yield)


pytest_runtest_setup = pytest_runtest_call = pytest_runtest_teardown = guarded


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def small_canvas():
    """Draw faces on a small canvas, which takes a tenth of the time; every law holds on it too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mfps.drawn.faces.CANVAS_PX", 64)
        yield


@pytest.fixture(scope="session")
def drawn_folder(tmp_path_factory):
    """Eight drawn faces of 16 pixels with landmarks and label maps, the last two in val.txt. Read only."""
    folder = tmp_path_factory.mktemp("faces") / "drawn"
    write_drawn_faces(folder, 8, 16, seed=0, val=2)
    return folder


@pytest.fixture(scope="session")
def annotated():
    """`annotated("menpo68/lenna.ljson")`: a file or folder of annotated photographs; the test is skipped without it.

    They are searched in the data folder that `MFPS_FACES` names, else in `shared/faces` beside the repository.
    """
    folder = Path(os.environ.get("MFPS_FACES") or Path(__file__).parents[2] / "shared" / "faces") / "annotated"

    def find(name):
        if not (folder / name).exists():
            pytest.skip(f"{name} is not in the data folder (MFPS_FACES, or shared/faces beside the repository)")
        return folder / name

    return find


@pytest.fixture(scope="session")
def wheel():
    """The wheel that `MFPS_STLPIPS_WHEEL` names."""
    file = os.environ.get("MFPS_STLPIPS_WHEEL")
    if not file:
        pytest.skip("ST-LPIPS's weights are not there: name the wheel of stlpips-pytorch as MFPS_STLPIPS_WHEEL")
    return Path(file)


@pytest.fixture
def console():
    """A console whose text can be read with `console.file.getvalue()`."""
    return Console(file=io.StringIO(), width=200)


@pytest.fixture(scope="session")
def randomised():
    """`randomised(network, seed)` draws the affine parameters and running statistics of every batch norm, and returns
    the network in eval mode.

    A fresh batch norm is the identity in eval mode and would hide errors in it.
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


@pytest.fixture
def dies_at(monkeypatch):
    """`with dies_at(step):` makes a training die before its update number `step`, and expects that."""

    @contextmanager
    def dying(step):
        real = mfps.engine.update.apply_update

        def update(fabric, optimizer, parameters, at, *rest):
            if at == step:
                raise KeyboardInterrupt
            return real(fabric, optimizer, parameters, at, *rest)

        with monkeypatch.context() as patch:
            patch.setattr(mfps.engine.update, "apply_update", update)
            with pytest.raises(KeyboardInterrupt):
                yield

    return dying


@pytest.fixture
def beliefs():
    """Random probabilities for a branch: `beliefs(space, seed)`."""

    def make(space, seed):
        rng = np.random.default_rng(seed)
        transitions = {}
        for layer, rates in enumerate(space.rates):
            for rate in rates:
                incoming = space.incoming(layer, rate)
                transitions |= dict(zip(incoming, rng.dirichlet(np.ones(len(incoming))).tolist(), strict=True))
        ends = dict(zip(space.ends, rng.dirichlet(np.ones(len(space.ends))).tolist(), strict=True))
        return BranchProbabilities(rng.dirichlet(np.ones(len(space.operations)), len(EDGES)), transitions, ends)

    return make
