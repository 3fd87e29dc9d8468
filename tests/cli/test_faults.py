"""Commands that fail at a call to the system, or are killed there: what they leave, and what they do when given again.

After each failure: one line and status 1, or death by the signal; every file there was is unchanged; what is there is
whole or isn't there; nothing hidden is left that the next call does not clean up; and the same command ends as if
nothing had happened.
"""

import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from ..processes import run_process
from .fault_commands import COMMANDS

PORTION = 50
"""Failures of one process."""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that counts calls and fails them."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("the system is made to fail on Linux only, by a library that the C compiler `cc` builds")
    library = tmp_path_factory.mktemp("shim") / "fault_shim.so"
    source = Path(__file__).with_name("fault_shim.c")
    built = run_process(compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl", folder=library.parent)
    assert built.status == 0, built.err
    return library


def test_whatever_fails_the_same_command_then_ends_as_if_nothing_had_been(
    shim: Path, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    failures, seed = (int(request.config.getoption(option)) for option in ("--failures", "--kill-seed"))
    toll: Counter[str] = Counter()
    wrong: list[str] = []
    for number, start in enumerate(range(0, failures, PORTION)):
        left, everything = min(PORTION, failures - start), failures > PORTION
        names = [name for name, command in COMMANDS.items() if everything or not command.slow]
        if number:
            names.remove("demo")  # it takes as long as all others together
        rig = (sys.executable, "-m", "mfps.tests.cli.fault_rig", str(left), str(seed + number), *names)
        ended = run_process(*rig, folder=tmp_path, LD_PRELOAD=str(shim))
        assert ended.out, ended.err
        *found, counts = ended.out.splitlines()
        wrong += found
        toll.update(json.loads(counts))
    with capsys.disabled():
        print(f"\n{', '.join(f'{count} {what}' for what, count in sorted(toll.items()))}")  # noqa: T201
    assert not wrong, "\n".join(wrong)
    assert toll["failures"] == failures
