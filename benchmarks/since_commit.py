"""CPU time and memory of training, searching and running a network, now and at an earlier commit, in turns.

    python benchmarks/since_commit.py training ad0c6ee --rounds 3
    python benchmarks/since_commit.py search ad0c6ee --size 64
    python benchmarks/since_commit.py inference ad0c6ee --genotype upsample.json

`training` is a step of `mfps retrain` without a perceptual loss, `inference` one face, `search` a step of a mixed
search of FRSNet. The face's dictionary map is zero outside four boxes, as in use; everything else is random, as time
does not depend on it. One thread; every measurement in its own process.
"""

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

from turns import resident_mb, run

VARIANTS = {
    "training": ("before channels-last", "before contiguous", "now channels-last", "now contiguous"),
    "inference": ("before contiguous", "now float32", "now bfloat16"),
    "search": ("before channels-last", "now channels-last"),
}
PARTS = ((34, 42, 28), (66, 42, 28), (50, 58, 20), (50, 78, 30))
"""Centre and side of the boxes of eyes, nose and mouth, in hundredths of the face."""


def measure(variant: str, arguments: argparse.Namespace) -> dict[str, float]:
    """CPU seconds after one pass to warm up, and peak MB beyond those of the libraries."""
    tree, way = variant.split()
    if tree == "before":
        sys.path.insert(0, arguments.before)
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    import mfps.networks.restorer  # noqa: F401 - counts as a library

    loaded = resident_mb()
    step = {"training": training, "inference": inference, "search": search}[arguments.what](tree, way, arguments)
    step()
    began = time.process_time()
    for _ in range(arguments.steps):
        step()
    return {"seconds": (time.process_time() - began) / arguments.steps, "peak_mb": resident_mb() - loaded}


def training(tree: str, way: str, arguments: argparse.Namespace) -> Any:
    """A step of training: forward, losses of all iterations, backward, Adam."""
    import torch

    layout = torch.channels_last if way == "channels-last" else torch.contiguous_format
    network, image, priors = made(arguments, layout)
    network.train()
    clean = torch.rand_like(image)
    optimizer = torch.optim.Adam(network.parameters(), 1e-4, betas=(0.9, 0.99), fused=tree == "now")

    def step() -> None:
        optimizer.zero_grad()
        torch.stack([(output - clean).abs().mean() for output in network(image, priors)]).sum().backward()
        optimizer.step()

    return step


def inference(tree: str, way: str, arguments: argparse.Namespace) -> Any:
    """One face, as `mfps restore` runs it."""
    import torch

    network, image, priors = made(arguments, torch.contiguous_format)
    model: Any = network.eval()
    if tree == "now":
        from mfps.engine.execution import Execution
        from mfps.inference.running import RunningNetwork

        model = RunningNetwork(network, torch.device("cpu"), [Execution("channels-last", way)])

    def step() -> None:
        with torch.inference_mode():
            model(image, priors)

    return step


def search(tree: str, way: str, arguments: argparse.Namespace) -> Any:
    """A step of a mixed search: an update of the architecture, and one of the weights."""
    sys.path.insert(0, str(Path(__file__).parent))
    from mfps.engine.device import make_fabric
    from search_step import Step

    arguments.width, arguments.layers = 8, 6
    fabric: Any = make_fabric("cpu", *(["float32"] if tree == "before" else []))
    made_step, numbers = Step("mixed input", arguments, fabric), iter(range(1000))
    return lambda: made_step.make(next(numbers))


def made(arguments: argparse.Namespace, layout: Any) -> Any:
    """A network with random weights, faces, and their priors."""
    import torch
    from mfps.genotypes.genotype_file import read_genotype
    from mfps.inference.compile import compile_genotype
    from mfps.inference.cost_report import network_config

    genotype = read_genotype(arguments.genotype)
    config = network_config(genotype)
    network = compile_genotype(genotype, config).to(memory_format=layout)
    size = arguments.size

    def random(count: int) -> torch.Tensor:
        return torch.rand(arguments.batch_size, count, size, size).to(memory_format=layout)

    priors = {prior: random(count) for prior, count in config.prior_channels.items()}
    if "dictionary" in priors:
        parts = torch.zeros(size, size)
        for x, y, side in PARTS:
            (left, right), (top, bottom) = (((at - side / 2) / 100, (at + side / 2) / 100) for at in (x, y))
            parts[int(top * size) : int(bottom * size), int(left * size) : int(right * size)] = 1
        priors["dictionary"] *= parts
    return network, random(3), priors


def main() -> None:
    """Unpack the earlier commit, measure every variant in turn, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=VARIANTS)
    parser.add_argument("commit")
    parser.add_argument("--genotype", default="mfpsnet", help="file, run folder or published name")
    parser.add_argument("--before", help=argparse.SUPPRESS)
    for name, default in (("size", 128), ("batch-size", 1), ("steps", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given, _ = parser.parse_known_args()
    if given.before:
        run(parser, VARIANTS[given.what], "step", measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(__file__).parent.parent
        packed = subprocess.run(["git", "archive", given.commit], cwd=root, check=True, stdout=subprocess.PIPE).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(Path(folder, "mfps"), filter="data")
        sys.argv += ["--before", folder]
        run(parser, VARIANTS[given.what], "step", measure)


if __name__ == "__main__":
    main()
