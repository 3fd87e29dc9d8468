"""CPU time and peak memory of one step of retrain, by memory layout and number format, and what auto takes.

    python benchmarks/retrain_step.py --size 128 --batch-size 2 --rounds 3
    ONEDNN_MAX_CPU_ISA=AVX2 python benchmarks/retrain_step.py --float32   # as on a processor without AVX-512

A step is what `mfps retrain` does without a perceptual loss: every iteration's output is supervised, and Adam updates
the weights, on random faces and priors. Every measurement runs in its own process; the variants take turns, so that
ratios hold on a noisy machine.
"""

import argparse
import sys
import time
from typing import Any

from turns import resident_mb, run

VARIANTS = ("contiguous float32", "channels-last float32", "contiguous bfloat16", "channels-last bfloat16")
FLOAT32 = tuple(variant for variant in VARIANTS if variant.endswith("float32"))


def measure(variant: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds of a step after one to warm up, and peak MB beyond those of the libraries."""
    import torch
    from mfps.engine.device import choose_device
    from mfps.engine.execution import Execution

    torch.set_num_threads(1)
    loaded = resident_mb()
    device = choose_device("auto")
    step = Step(arguments, device)
    execution = Execution(*variant.split())
    step.lay_out(execution)
    step.make(execution)
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.synchronize()
    began = time.perf_counter() if cuda else time.process_time()
    for _ in range(arguments.steps):
        step.make(execution)
    if cuda:
        torch.cuda.synchronize()
    ended = time.perf_counter() if cuda else time.process_time()
    return {
        "seconds": (ended - began) / arguments.steps,
        "peak_mb": torch.cuda.max_memory_allocated() / 2**20 if cuda else resident_mb() - loaded,
    }


class Step:
    """A fixed network with its optimizer, and what a step does with them."""

    def __init__(self, arguments: argparse.Namespace, device: Any) -> None:
        import torch
        from mfps.genotypes.genotype_file import read_genotype
        from mfps.inference.compile import compile_genotype
        from mfps.networks.network_config import NetworkConfig

        torch.manual_seed(0)
        self.device = device
        genotype = read_genotype(arguments.genotype)
        known = {"parsing": 19, "heatmap": 71, "dictionary": 256}
        channels = {name: known[name] for name in genotype.present if name in known}
        config = NetworkConfig(iterations=2 if channels else 1, prior_channels=channels)
        self.network = compile_genotype(genotype, config).to(device).train()
        self.optimizer = torch.optim.Adam(self.network.parameters(), 1e-3, betas=(0.9, 0.99), weight_decay=1e-3)
        side = (arguments.size, arguments.size)
        self.degraded, self.clean = (torch.rand(arguments.batch_size, 3, *side, device=device) for _ in range(2))
        self.priors = {n: torch.rand(arguments.batch_size, c, *side, device=device) for n, c in channels.items()}

    def lay_out(self, execution: Any) -> None:
        """Bring the network into a layout."""
        self.network.to(memory_format=execution.memory_format)  # pyright: ignore[reportCallIssue]

    def run(self, execution: Any) -> list[Any]:
        """Run forward and backward, and return the outputs."""
        from mfps.networks.losses import restoration_loss

        degraded, clean = (t.to(memory_format=execution.memory_format) for t in (self.degraded, self.clean))
        priors = {name: prior.to(memory_format=execution.memory_format) for name, prior in self.priors.items()}
        self.optimizer.zero_grad()
        with execution.autocast(self.device):
            outputs = self.network(degraded, priors)
        outputs = [output.float() for output in outputs]
        (loss,) = restoration_loss(outputs, clean, "l1").values()
        loss.backward()
        return outputs

    def make(self, execution: Any) -> None:
        """Make one step."""
        self.run(execution)
        self.optimizer.step()


def chosen(arguments: argparse.Namespace) -> str:
    """What auto takes for this network here."""
    import torch
    from mfps.engine.device import choose_device
    from mfps.engine.execution import candidates
    from mfps.training.execution_choice import FORMATS, fastest

    torch.set_num_threads(1)
    device = choose_device("auto")
    step = Step(arguments, device)
    tried = candidates(device, precision="float32" if arguments.float32 else "auto", formats=FORMATS)
    return str(fastest(tried, step.network, step.run, device))


def main() -> None:
    """Measure every variant in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--genotype", default="mfpsnet")
    for name, default in (("size", 128), ("batch-size", 2), ("steps", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--float32", action="store_true", help="without bfloat16, which may be emulated")
    given, _ = parser.parse_known_args()
    run(parser, FLOAT32 if given.float32 else VARIANTS, "step", measure)
    if "--one" not in sys.argv:
        print(f"auto takes {chosen(given)}")


if __name__ == "__main__":
    main()
