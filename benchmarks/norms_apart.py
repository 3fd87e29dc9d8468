"""Batch norms that all iterations share, against norms of each iteration's own: equal steps, seed by seed.

    python benchmarks/norms_apart.py --config benchmarks/norms_apart.yaml --data hq128/images --list train.txt \
        --val-list val.txt --seeds 0 1 --out norms_apart

In the published network all iterations share all layers: the upsample branch's norms see the degraded face in iteration
0 and a restored one after it, and take one set of statistics for both. Here that branch has, in every second training,
norms of its own in every iteration, and still shares the convolutions. The other branches run after iteration 0 alone.
The network is the published FRSNet: MFPSNet's upsample branch.
"""

import argparse
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from mfps.files.atomic_file import write_atomically
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import read_genotype
from mfps.networks.restorer import Restorer
from mfps.retrain import train
from mfps.retrain.config import RetrainConfig
from mfps.retrain.start import network_to_train
from torch import Tensor, nn


class PathOfEachIteration(nn.Module):
    """A path that takes turns: its convolutions are one set, its norms are those of the iteration.

    Args:
        path: of iteration 0, with the convolutions that all share.
        iterations: in which it runs, one after the other.
    """

    def __init__(self, path: nn.Module, iterations: int) -> None:
        super().__init__()
        shared = {id(p): p for m in path.modules() if not isinstance(m, nn.BatchNorm2d) for p in m.parameters(False)}
        self.passes = nn.ModuleList([path, *(deepcopy(path, dict(shared)) for _ in range(iterations - 1))])
        self.runs = 0

    def forward(self, x: Tensor, mixture: None = None) -> Tensor:
        """As the path of the iteration whose turn it is."""
        self.runs += 1
        return self.passes[(self.runs - 1) % len(self.passes)](x, mixture)


def apart(make: Callable[..., Restorer]) -> Callable[..., Restorer]:
    """The function that makes a training's network, but for its norms, which are apart."""

    def made(*arguments: Any) -> Restorer:
        network = make(*arguments)
        network.paths["upsample"] = PathOfEachIteration(network.paths["upsample"], network.config.iterations)
        return network

    return made


def trained(config: RetrainConfig, own_norms: bool) -> list[float]:
    """Train, and return the validation PSNR of each iteration after the last epoch."""
    if not (config.out / "finished").exists():
        with patch.object(train, "network_to_train", apart(network_to_train) if own_norms else network_to_train):
            train.retrain(config)
        write_atomically(config.out / "finished", "")
    last = (config.out / "history.jsonl").read_text(encoding="utf-8").splitlines()[-1]
    return json.loads(last)["psnr"]["iterations"]


def main() -> None:
    """Train seed by seed with both, print what each reaches, and write it to `norms_apart.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True, help="options of mfps retrain")
    for name in ("data", "list", "val-list", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    arguments = parser.parse_args()
    options = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
    published = read_genotype("mfpsnet").branches.upsample
    genotype = arguments.out / "frsnet.json"
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_atomically(genotype, Genotype.of({"upsample": published}, None, "frsnet").to_json())
    found: dict[str, dict[int, list[float]]] = {"shared": {}, "apart": {}}
    for seed in arguments.seeds:
        for name, reached in found.items():
            config = RetrainConfig(
                **options,
                genotype=genotype,
                data=arguments.data,
                list=arguments.list,
                val_list=arguments.val_list,
                out=arguments.out / f"{name}-{seed}",
                seed=seed,
                resume=True,
            )
            reached[seed] = trained(config, name == "apart")
            shown = " > ".join(f"{value:.3f}" for value in reached[seed])
            print(f"{name:6}  seed {seed}  {shown} dB", flush=True)
    write_atomically(arguments.out / "norms_apart.json", json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
