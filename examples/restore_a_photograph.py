"""Restore one aligned face with a trained network.

python examples/restore_a_photograph.py runs/retrain old.png restored.png
"""

import argparse
from pathlib import Path

import mfps
from PIL import Image


def main() -> None:
    """Load the network, restore the photograph, save the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="run folder of a training, or a weights file")
    parser.add_argument("photograph", type=Path, help="an aligned face")
    parser.add_argument("out", type=Path, help="picture to write")
    given = parser.parse_args()

    net = mfps.load(given.weights)
    restored = net(given.photograph)
    Image.fromarray(restored).save(given.out)
    print(f"{net!r}\n{given.out}: {restored.shape[1]} x {restored.shape[0]} pixels")


if __name__ == "__main__":
    main()
