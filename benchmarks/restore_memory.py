"""Memory and time of `mfps restore` for more and more faces: each number in a process of its own.

    python benchmarks/restore_memory.py WEIGHTS FACE --faces 10 100 1000 10000

FACE is one photograph, whose copies are restored. Prints the most memory that each process had at a time, and its CPU
time. WEIGHTS may be an exported file; other arguments are passed on.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

HEAD = "| faces | most memory (MB) | CPU (s) |\n|---|---|---|"


def main() -> None:
    """Restore each number of copies, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("face", type=Path)
    parser.add_argument("--faces", type=int, nargs="+", default=[10, 100, 1000, 10000])
    parser.add_argument("--restoring", type=int, default=0, help=argparse.SUPPRESS)
    given, passed = parser.parse_known_args()
    if given.restoring:
        restore(given, passed)
        return
    print(HEAD, flush=True)
    for count in given.faces:
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--restoring", str(count)], check=True)


def restore(given: argparse.Namespace, passed: list[str]) -> None:
    """Restore copies of the face in this process, and print a row."""
    from mfps.cli.main import main as mfps

    with tempfile.TemporaryDirectory() as scratch:
        copies = Path(scratch, "faces")
        copies.mkdir()
        for number in range(given.restoring):
            (copies / f"{number:06}{given.face.suffix}").symlink_to(given.face.absolute())
        sys.argv = ["mfps", "restore", str(given.weights), str(copies), "--out", f"{scratch}/out", "--follow-links"]
        sys.argv += passed
        with Path(scratch, "said").open("w") as said, redirect_stdout(said), redirect_stderr(said):
            try:
                mfps()
            except SystemExit as ended:
                if ended.code:
                    raise
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"| {given.restoring:,} | {used.ru_maxrss / 1000:.0f} | {used.ru_utime + used.ru_stime:.0f} |", flush=True)


if __name__ == "__main__":
    main()
