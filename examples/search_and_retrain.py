"""Search an architecture on a folder of faces, train its network, and evaluate it.

python examples/search_and_retrain.py photos/ --out runs/first --preset small
"""

import argparse
from pathlib import Path

import mfps


def main() -> None:
    """All of mfps in three calls; each leaves a run folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of clean, aligned faces")
    parser.add_argument("--out", type=Path, default=Path("runs/first"))
    parser.add_argument("--preset", default="tiny", help="tiny, small or published")
    parser.add_argument("--size", type=int, default=48, help="side of the faces in pixels")
    parser.add_argument("--max-steps", type=int, help="stop each stage after this many steps")
    given = parser.parse_args()
    shared = {"data": given.data, "size": given.size, "max_steps": given.max_steps}

    genotype = mfps.search(mfps.SearchConfig.from_preset(given.preset, out=given.out / "search", **shared))
    print(f"found {genotype.hash[:12]}: {given.out / 'search' / 'genotype.svg'}")

    mfps.retrain(
        mfps.RetrainConfig.from_preset(given.preset, out=given.out / "retrain", genotype=given.out / "search", **shared)
    )
    report = mfps.evaluate(
        mfps.EvaluateConfig(weights=given.out / "retrain", data=given.data, out=given.out / "evaluation")
    )
    print(f"input {report['input']['psnr']:.2f} dB, restored {report['iterations'][-1]['psnr']:.2f} dB")


if __name__ == "__main__":
    main()
