"""A small world for the commands: drawn faces, and one tiny search and one tiny training on them."""

import contextlib
import io
import os
import shutil
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from mfps.cli.main import main
from mfps.drawn.faces import write_drawn_faces

from ..processes import Ended, Started, run_process, started

# Everything that the tests rely on is set here, so that the preset may change.
TINY = "--preset tiny --size 16 --batch-size 1 --epochs 1 --max-steps 1 --device cpu --layout channels-last"
SELECT = "--population 2 --generations 1 --select-paths 2 --select-random 1"
SEARCH = (
    f"search --data faces {TINY} --width 1 --layers 1 --fusion-layers 1 --warmup-epochs 0 --norm-batches 1 {SELECT}"
)
RETRAIN = f"retrain --data faces {TINY} --width 1"


MFPS = Path(sysconfig.get_path("scripts")) / "mfps"
"""The installed command."""

Start = Callable[[str, Path], Started]


def run_command(command: str | list[str]) -> Ended:
    """Run `mfps` in this process, as the installed command would; a text is split at its spaces."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr("sys.argv", ["mfps", *(command.split() if isinstance(command, str) else command)])
        patch.setenv("COLUMNS", "200")
        try:
            main()
        except SystemExit as end:
            return Ended(
                end.code if isinstance(end.code, int) else int(end.code is not None), out.getvalue(), err.getvalue()
            )
    return Ended(0, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def installed(command: str, folder: Path, **environment: str) -> Ended:
    """Run the installed `mfps` in a folder, its output going to files."""
    return run_process(MFPS, *command.split(), folder=folder, **environment)


def succeeded(command: str, folder: Path, again: bool = False) -> str:
    """The output of a command that must succeed without warnings.

    Args:
        command: without `mfps`.
        folder: where it runs.
        again: it has been run for real before: run it in this process, which saves loading torch.
    """
    if again:
        with inside(folder):
            ended = run_command(command)
    else:
        ended = installed(command, folder)
    assert (ended.status, ended.err) == (0, "")
    # Not a terminal, so no colours, bars and cursor movements.
    assert "\x1b" not in ended.out
    assert "\r" not in ended.out
    return ended.out


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="session")
def mfps() -> Callable[[str], Ended]:
    """`mfps("search --data ...")`, in this process."""
    return run_command


@pytest.fixture
def start() -> Iterator[Start]:
    """`start("search --data ...", folder)` starts the installed `mfps`, and kills it when the test is over."""
    with contextlib.ExitStack() as stack:
        yield lambda command, folder: stack.enter_context(started(MFPS, *command.split(), folder=folder))


@pytest.fixture(scope="session")
def trained_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn `faces`, a search `searched`, and the training `trained` of its genotype. Do not change it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("world")
    write_drawn_faces(folder / "faces", 8, 32, seed=0, val=2)
    with inside(folder):
        for command in (f"{SEARCH} --out searched", f"{RETRAIN} --genotype searched --out trained"):
            ended = run_command(command)
            assert ended.status == 0, ended.err
    torch.set_num_threads(threads)
    return folder


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the picture of a front and the report where a command runs in this process: they take longer than it.

    They have their own tests, and test_search_commands.py has them made by the installed command.
    """
    monkeypatch.setattr("mfps.genotypes.drawing.front_figure.draw_front", lambda *given: given[-1].write_text("drawn"))
    monkeypatch.setattr("mfps.nas.selection.stage.write_report", lambda run: (run / "report.html").write_text("told"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small run faster so."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def world(trained_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the world to change; the test runs in it."""
    folder = tmp_path / "world"
    shutil.copytree(trained_world, folder)
    monkeypatch.chdir(folder)
    return folder
