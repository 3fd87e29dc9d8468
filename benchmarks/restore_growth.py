"""Time and peak memory of `mfps restore` as the number of faces grows.

    python benchmarks/restore_growth.py --counts 10 100 1000 10000 --size 32 --rounds 1

The faces are drawn ones, a few of them under many names; the network is the FRSNet of a random genotype of width 2
with random weights. Every count is restored in its own process, so that it has its own peak memory.
"""

import argparse
import tempfile
import time
from pathlib import Path

from turns import resident_mb, run

DRAWN = 10


def measure(variant: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds a face, and peak MB beyond those of the libraries."""
    import numpy as np
    from mfps.drawn.faces import draw_face
    from mfps.engine.weights import save_weights
    from mfps.genotypes.sampling import random_genotype
    from mfps.genotypes.space import search_space
    from mfps.images.image import write_image
    from mfps.inference.compile import compile_genotype, weights_header
    from mfps.inference.config import RestoreConfig
    from mfps.inference.cost_report import network_config
    from mfps.inference.restore import restore

    count = int(variant.split()[0])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        genotype = random_genotype(search_space((), width=2), 0)
        config = network_config(genotype, blocks=1)
        header = weights_header(genotype, config, {"size": arguments.size})
        save_weights(root / "w.safetensors", compile_genotype(genotype, config).state_dict(), **header)
        (root / "faces").mkdir()
        for number in range(DRAWN):
            write_image(
                root / "faces" / f"{number:05}.png", draw_face(np.random.default_rng(number), arguments.size).image
            )
        for number in range(DRAWN, count):
            (root / "faces" / f"{number:05}.png").hardlink_to(root / "faces" / f"{number % DRAWN:05}.png")
        restore(RestoreConfig(weights=root / "w.safetensors", source=root / "faces" / "00000.png", out=root / "first"))
        before, began = resident_mb(), time.perf_counter()
        restore(RestoreConfig(weights=root / "w.safetensors", source=root / "faces", out=root / "restored"))
        return {"seconds": (time.perf_counter() - began) / count, "peak_mb": max(resident_mb() - before, 0.1)}


def main() -> None:
    """Restore each number of faces in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    parser.add_argument("--size", type=int, default=32)
    given, _ = parser.parse_known_args()
    run(parser, [f"{count} faces" for count in given.counts], "face", measure)


if __name__ == "__main__":
    main()
