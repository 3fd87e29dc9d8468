"""Time and peak memory of one search step: input mixing against output mixing, float32 against bfloat16.

    python benchmarks/search_step.py --width 8 --size 128 --batch-size 2 --rounds 3

A step is one architecture update and one weight update, as `mfps search` does them, on random faces. Every measurement
runs in its own process, so that it has its own peak memory; the variants take turns, so that ratios hold on a noisy
machine.
"""

import argparse
import time

from turns import resident_mb, run

VARIANTS = ("input float32", "output float32", "input bfloat16", "output bfloat16")
"""Mixing and precision."""


def measure(variant: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds of the second step (the first one warms up), and peak MB beyond those of the libraries."""
    import torch
    from mfps.engine.device import make_fabric
    from mfps.engine.update import apply_update
    from mfps.genotypes.space import search_space
    from mfps.nas.search_network import SearchNetwork
    from mfps.nas.supernet import Supernet
    from mfps.networks.losses import restoration_loss
    from mfps.networks.restorer import NetworkConfig, Restorer

    torch.manual_seed(0)
    mixing, precision = variant.split()
    loaded = resident_mb()
    fabric = make_fabric("auto", precision)
    space = search_space((), width=arguments.width, layers=arguments.layers)
    network = Restorer(NetworkConfig(iterations=1), space, lambda branch: Supernet(branch, mixing))
    network.to(fabric.device, memory_format=torch.channels_last)
    searched = SearchNetwork(network, space, {})
    architecture, weights = searched.architecture(), searched.weights()
    levels = [
        (torch.optim.Adam(architecture.values(), 1e-3), architecture, weights),
        (torch.optim.SGD(weights.values(), 0.025, 0.9), weights, architecture),
    ]
    shape = (arguments.batch_size, 3, arguments.size, arguments.size)
    degraded, clean = (torch.rand(shape, device=fabric.device).to(memory_format=torch.channels_last) for _ in range(2))
    seconds = 0.0
    for step in range(2):
        began = time.perf_counter()
        for optimizer, learning, frozen in levels:
            for parameters, needs in ((learning, True), (frozen, False)):
                for parameter in parameters.values():
                    parameter.requires_grad_(needs)
            optimizer.zero_grad()
            with fabric.autocast():
                outputs = network(degraded)
            (loss,) = restoration_loss([output.float() for output in outputs], clean, "smooth_l1").values()
            loss.backward()
            apply_update(fabric, optimizer, learning, step, ())
        if fabric.device.type == "cuda":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - began
    cuda = fabric.device.type == "cuda"
    return {
        "seconds": seconds,
        "peak_mb": torch.cuda.max_memory_allocated() / 2**20 if cuda else resident_mb() - loaded,
    }


def main() -> None:
    """Measure every variant in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("width", 8), ("layers", 6), ("size", 128), ("batch-size", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    run(parser, VARIANTS, "step", measure)


if __name__ == "__main__":
    main()
