"""Compare the cost of an architecture at several widths, and draw it.

python examples/compare_architectures.py mfpsnet --out figures
"""

import argparse
from pathlib import Path

import mfps
import torch


def main() -> None:
    """Widen a genotype step by step; print the number of parameters and the shape of the output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genotype", help="genotype file, run folder or published name")
    parser.add_argument("--widths", type=int, nargs="+", default=[2, 4, 8])
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder for the drawing")
    given = parser.parse_args()

    genotype = mfps.Genotype.load(given.genotype)
    print(f"{genotype.name}: branches {', '.join(genotype.present)}, hash {genotype.hash[:12]}")
    for width in given.widths:
        network = genotype.with_width(width).compile(iterations=1).eval()
        with torch.no_grad():
            (output,) = network(torch.rand(1, 3, 64, 64))
        parameters = sum(parameter.numel() for parameter in network.parameters())
        print(f"width {width}: {parameters:,} parameters, output {tuple(output.shape)}")
    given.out.mkdir(parents=True, exist_ok=True)
    print(genotype.draw(given.out / "genotype.svg"))


if __name__ == "__main__":
    main()
