"""What safety costs: the share of a small training's time that is spent on checkpoints and on the lock.

    python benchmarks/checkpoint_cost.py FACES OUT [--epochs 2] [--epoch-steps 40]

Trains the published FRSNet paths with the preset `small` on a folder of faces, with a checkpoint after each epoch.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch


def main() -> None:
    """Train, and print where the time went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--epoch-steps", type=int, default=40)
    given = parser.parse_args()

    from mfps.engine import run
    from mfps.engine.configuration import resolve
    from mfps.engine.run_lock import run_lock
    from mfps.genotypes.genotype import Branches
    from mfps.genotypes.genotype_file import read_genotype, write_genotype
    from mfps.retrain.config import RetrainConfig
    from mfps.retrain.train import retrain
    from rich.console import Console

    given.out.mkdir()
    published = read_genotype("mfpsnet")
    write_genotype(
        published.model_copy(update={"branches": Branches(upsample=published.branches.upsample)}),
        given.out / "frs.json",
    )
    options = {
        "data": given.faces,
        "out": given.out / "run",
        "genotype": str(given.out / "frs.json"),
        "epochs": given.epochs,
        "epoch_steps": given.epoch_steps,
        "val_images": 8,
    }
    spent: list[float] = []

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            began = time.perf_counter()
            result = function(*arguments)
            spent.append(time.perf_counter() - began)
            return result

        return call

    began = time.perf_counter()
    with patch.object(run.Run, "save", timed(run.Run.save)):
        retrain(resolve(RetrainConfig, "small", None, options), Console())
    total = time.perf_counter() - began

    (given.out / "locked").mkdir()
    began = time.perf_counter()
    for _ in range(100):
        with run_lock(given.out / "locked"):
            pass
    lock = (time.perf_counter() - began) / 100
    largest = max(file.stat().st_size for file in (given.out / "run" / "checkpoints").iterdir())
    print(f"{total:.1f} s, {len(spent)} checkpoints of up to {largest / 1e6:.1f} MB")
    print(f"checkpoints  {sum(spent):.3f} s, {100 * sum(spent) / total:.2f} % of the run")
    print(f"lock         {1e3 * lock:.2f} ms, {100 * lock / total:.4f} % of the run")


if __name__ == "__main__":
    main()
