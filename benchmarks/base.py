"""What a base is worth: one small network trained from each, on the same faces, steps and seeds.

    python benchmarks/base.py --data FACES --out bases --degradations full noise --seeds 0 1

Every training is a run folder of `mfps retrain` below --out; a finished one is not run again. Prints a table of the
validation PSNR after the last step. With `random start` the last convolution is initialised as it is without a base.
"""

import argparse
import io
import json
from pathlib import Path
from unittest import mock

import torch
from mfps.data.dataset import FaceFolder
from mfps.data.loader import make_loader
from mfps.engine.configuration import resolve
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import write_genotype
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.images.metrics import psnr
from mfps.images.tensors import to_uint8
from mfps.networks.base import first_base
from mfps.networks.network_config import NetworkConfig
from mfps.networks.restorer import Restorer
from mfps.retrain import start, train
from mfps.retrain.config import RetrainConfig
from mfps.training.training_data import VALIDATION_SEED
from rich.console import Console

ARMS = {
    "none": {"base": "none"},
    "input": {"base": "input"},
    "lowpass 2": {"base": "lowpass", "base_window": 2},
    "lowpass 4": {"base": "lowpass", "base_window": 4},
    "lowpass 8": {"base": "lowpass", "base_window": 8},
}
RANDOM_START = " random start"
HEAD = "| degradation | base | iterations | width | rate | seed | input | base alone | each iteration (dB) |"

compile_genotype = start.compile_genotype


def main() -> None:
    """Train what is asked for and not there yet; print what all of them reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arms", nargs="+", default=list(ARMS), help=f"{', '.join(ARMS)}; or with '{RANDOM_START}'")
    parser.add_argument("--degradations", nargs="+", default=["full"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--width", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(1)
    genotype = given.out / "random1.json"
    if not genotype.is_file():
        given.out.mkdir(parents=True, exist_ok=True)
        write_genotype(random_genotype(search_space(width=2), 1), genotype)
    print(f"{HEAD}\n|{'---|' * (HEAD.count('|') - 1)}", flush=True)
    for degradation in given.degradations:
        for arm in given.arms:
            for seed in given.seeds:
                print(trained(given, genotype, degradation, arm, seed), flush=True)


def trained(given: argparse.Namespace, genotype: Path, degradation: str, arm: str, seed: int) -> str:
    """Train one network unless it is there, and give its row of the table."""
    name = f"{degradation}-{arm}-w{given.width}-i{given.iterations}-lr{given.lr:g}-seed{seed}".replace(" ", "_")
    out = given.out / name
    values = {
        "data": given.data,
        "list": given.data / "train.txt",
        "val_list": given.data / "val.txt",
        "out": out,
        "resume": True,
        "genotype": str(genotype),
        "degradation": degradation,
        "seed": seed,
        "lr": given.lr,
        "width": given.width,
        "iterations": given.iterations,
        "device": "cpu",
        **ARMS[arm.removesuffix(RANDOM_START)],
    }
    config = resolve(RetrainConfig, None, Path(__file__).with_suffix(".yaml"), values)
    history = out / "history.jsonl"
    if not history.exists() or len(history.read_text().splitlines()) < config.epochs:
        compiled = random_start if RANDOM_START in arm else compile_genotype
        with mock.patch.object(start, "compile_genotype", compiled):
            train.retrain(config, Console(file=io.StringIO()))
    reached = json.loads(history.read_text().splitlines()[-1])["psnr"]
    alone = base_alone(config)
    outputs = " > ".join(f"{value:.2f}" for value in reached["iterations"])
    cells = (degradation, arm, given.iterations, given.width, f"{given.lr:g}", seed, f"{reached['input']:.2f}")
    return f"| {' | '.join(map(str, (*cells, alone, outputs)))} |"


def base_alone(config: RetrainConfig) -> str:
    """The mean PSNR of the base itself on the validation faces, in dB: where the training starts."""
    if config.base == "none":
        return ""
    faces = FaceFolder(config.data, config.size, config.degradation, config.val_list, seed=VALIDATION_SEED)
    found = []
    for batch in make_loader(faces, range(min(len(faces), config.val_images)), 8, 0, shuffle=False, workers=0):
        bases = to_uint8(first_base(batch.degraded, config.base, config.base_window).numpy())
        found += map(psnr, bases, to_uint8(batch.clean.numpy()))
    return f"{sum(found) / len(found):.2f}"


def random_start(genotype: Genotype, config: NetworkConfig) -> Restorer:
    """Compile, and draw the last convolution as one without a base is drawn."""
    network = compile_genotype(genotype, config)
    network.conv_last.reset_parameters()
    return network


if __name__ == "__main__":
    main()
