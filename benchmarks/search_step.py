"""Time and peak memory of one search step: mixing input against output, float32 against bfloat16.

    python benchmarks/search_step.py --width 8 --size 128 --batch-size 2 --rounds 3

A step is one architecture update and one weight update, as `mfps search` does them, on random faces. Every measurement
is a process of its own, for a peak memory of its own; the variants take turns, so that ratios hold on a noisy machine.
"""

import argparse
import json
import platform
import resource
import time

from turns import table, take_turns

VARIANTS = ("input float32", "output float32", "input bfloat16", "output bfloat16")
"""Mixing and precision."""


def measure(variant: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds of the second step (the first one warms up), and MB at the peak beyond the libraries', here."""
    import torch
    from mfps.engine.device import make_fabric
    from mfps.genotypes.space import search_space
    from mfps.nas.supernet import Supernet
    from mfps.networks.losses import restoration_loss
    from mfps.networks.restorer import NetworkConfig, Restorer

    torch.manual_seed(0)
    mixing, precision = variant.split()
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fabric = make_fabric("auto", precision)
    space = search_space((), width=arguments.width, layers=arguments.layers)
    network = Restorer(NetworkConfig(iterations=1), space, lambda branch: Supernet(branch, mixing))
    network.to(memory_format=torch.channels_last)
    choices = network.paths["upsample"].architecture_parameters()
    ids = {id(parameter) for parameter in choices}
    weights = [parameter for parameter in network.parameters() if id(parameter) not in ids]
    levels = [
        (torch.optim.Adam(choices, 1e-3), choices, weights),
        (torch.optim.SGD(weights, 0.025, 0.9), weights, choices),
    ]
    model, *optimizers = fabric.setup(network, *(optimizer for optimizer, _, _ in levels))
    shape = (arguments.batch_size, 3, arguments.size, arguments.size)
    degraded, clean = (torch.rand(shape, device=fabric.device).to(memory_format=torch.channels_last) for _ in range(2))
    for _ in range(2):
        began = time.perf_counter()
        for optimizer, (_, learning, frozen) in zip(optimizers, levels, strict=True):
            for parameters, needs in ((learning, True), (frozen, False)):
                for parameter in parameters:
                    parameter.requires_grad_(needs)
            (loss,) = restoration_loss(model(degraded), clean, "smooth_l1").values()
            optimizer.zero_grad()
            fabric.backward(loss)
            optimizer.step()
        if fabric.device.type == "cuda":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - began
    cuda = fabric.device.type == "cuda"
    resident = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - loaded) / 1024
    peak = torch.cuda.max_memory_allocated() / 2**20 if cuda else resident
    return {"seconds": seconds, "peak_mb": peak}


def main() -> None:
    """Measure every variant in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("width", 8), ("layers", 6), ("size", 128), ("batch-size", 2), ("rounds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--one", metavar="VARIANT", help="measure one variant in this process")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments)))
        return
    print(f"FRSNet supernet, {vars(arguments)}, {platform.machine()}, Python {platform.python_version()}")
    print(table(take_turns(VARIANTS, arguments.rounds), "step"))


if __name__ == "__main__":
    main()
