"""CPU time and peak memory of one search step, by strategy, mixing and precision.

    python benchmarks/search_step.py --width 8 --size 64 --batch-size 2 --rounds 3
    python benchmarks/search_step.py --five --width 4 --size 32 --batch-size 2 --rounds 3

A step is what `mfps search` does: an update of the architecture, if the strategy has one, and one of the weights, on
random faces. Every measurement runs in its own process, so that it has its own peak memory; the variants take turns,
so that ratios hold on a noisy machine. What is drawn differs from step to step, so sampled strategies are measured
over several.
"""

import argparse
import time
from typing import Any

from turns import resident_mb, run

FRSNET = (
    "mixed input",
    "mixed output",
    "single-path",
    "single-path, 4 draws",
    "gumbel",
    "mixed input bfloat16",
    "mixed output bfloat16",
)
FIVE = ("mixed output, heatmap branch alone", "single-path, five branches", "gumbel, five branches")
CHANNELS = {"parsing": 19, "heatmap": 68, "dictionary": 256}


def measure(variant: str, arguments: argparse.Namespace) -> dict[str, float]:
    """CPU seconds of a step after one to warm up, and peak MB beyond those of the libraries."""
    import torch
    from mfps.engine.device import make_fabric

    torch.manual_seed(0)
    torch.set_num_threads(1)
    loaded = resident_mb()
    fabric = make_fabric("auto")
    step = Step(variant, arguments, fabric)
    step.make(0)
    count = 1 if step.strategy_name == "mixed" else 8
    began = time.process_time()
    for number in range(1, 1 + count):
        step.make(number)
    cuda = fabric.device.type == "cuda"
    if cuda:
        torch.cuda.synchronize()
    return {
        "seconds": (time.process_time() - began) / count,
        "peak_mb": torch.cuda.max_memory_allocated() / 2**20 if cuda else resident_mb() - loaded,
    }


class Step:
    """A network under search with its optimizers, and what a step does with them."""

    def __init__(self, variant: str, arguments: argparse.Namespace, fabric: Any) -> None:
        import torch
        from mfps.genotypes.sampling import random_genotype
        from mfps.genotypes.space import search_space
        from mfps.nas.config import SearchConfig
        from mfps.nas.optimizers import search_optimizers
        from mfps.nas.search_network import SearchNetwork
        from mfps.nas.strategies import STRATEGIES
        from mfps.nas.supernet import Supernet
        from mfps.networks.network_config import NetworkConfig
        from mfps.networks.path import FixedPath
        from mfps.networks.restorer import Restorer

        words = variant.replace(",", "").split()
        self.strategy_name = words[0]
        self.draws = int(words[1]) if "draws" in words else 1
        self.strategy, self.fabric, self.bfloat16 = STRATEGIES[words[0]], fabric, "bfloat16" in words
        priors = ("heatmap",) if "heatmap" in words else tuple(CHANNELS) if "five" in words else ()
        mixing = "output" if "output" in words else "input"
        space = search_space(priors, width=arguments.width, layers=arguments.layers)
        held = random_genotype(space, 0).present if "alone" in words else {}
        held = {name: branch for name, branch in held.items() if name != "heatmap"}
        config = NetworkConfig(iterations=2 if priors else 1, prior_channels={name: CHANNELS[name] for name in priors})

        def make_path(branch: Any) -> torch.nn.Module:
            return FixedPath(held[branch.name]) if branch.name in held else Supernet(branch, mixing)

        network = Restorer(config, space, make_path).to(fabric.device, memory_format=torch.channels_last)
        self.searched = SearchNetwork(network, space, held)
        self.levels = {"architecture": self.searched.architecture(), "weights": self.searched.weights()}
        options = {"solver": "adam", "weight_lr": 1e-4} if self.strategy.samples else {}
        self.optimizers = search_optimizers(
            SearchConfig(data="-", out="-", strategy=self.strategy_name, **options), self.levels
        )
        shape = (arguments.batch_size, 3, arguments.size, arguments.size)

        def picture(channels: int) -> torch.Tensor:
            made = torch.rand(shape[0], channels, *shape[2:], device=fabric.device)
            return made.to(memory_format=torch.channels_last)

        self.degraded, self.clean = picture(3), picture(3)
        self.priors = {name: picture(CHANNELS[name]) for name in priors}

    def make(self, number: int) -> None:
        """Make one step."""
        import torch
        from mfps.engine.update import apply_update
        from mfps.nas.strategies.strategy import Draw
        from mfps.networks.losses import restoration_loss

        for level in ("architecture", "weights") if self.strategy.decides else ("weights",):
            for name, parameters in self.levels.items():
                for parameter in parameters.values():
                    parameter.requires_grad_(name == level)
            self.optimizers[level].zero_grad()
            for i in range(self.draws):
                draw = Draw(0, level, number * self.draws + i, 1.0)
                if hasattr(self.strategy, "active"):
                    running = self.strategy.active(self.searched, draw)._asdict()
                else:  # an earlier commit, which `since_commit.py` measures
                    running = {"mixtures": self.strategy.mixtures(self.searched, draw)}
                with torch.autocast(self.fabric.device.type, torch.bfloat16, enabled=self.bfloat16):
                    outputs = self.searched.restorer(self.degraded, self.priors, **running)
                (loss,) = restoration_loss([output.float() for output in outputs], self.clean, "smooth_l1").values()
                (loss / self.draws).backward()
            apply_update(self.fabric, self.optimizers[level], self.levels[level], number, [])
            self.optimizers[level].zero_grad()


def main() -> None:
    """Measure every variant in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("width", 8), ("layers", 6), ("size", 128), ("batch-size", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--five", action="store_true", help="five branches drawn, against one prior branch mixed")
    given, _ = parser.parse_known_args()
    run(parser, FIVE if given.five else FRSNET, "step", measure)


if __name__ == "__main__":
    main()
