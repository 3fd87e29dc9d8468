"""Latency and peak memory of a compiled network for one face: eager float32, channels-last, bfloat16.

    python benchmarks/latency.py mfpsnet --size 128 --rounds 3

Weights are random, as time does not depend on them. Every measurement runs in its own process, so that it has its
own peak memory; the variants take turns, so that ratios hold on a noisy machine.
"""

import argparse
import statistics
import time

from turns import resident_mb, run

VARIANTS = ("float32", "float32 channels-last", "bfloat16", "bfloat16 channels-last")
PRIOR_CHANNELS = {"parsing": 19, "heatmap": 71, "dictionary": 256}


def measure(variant: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Median seconds of a pass after a warm-up pass, and peak MB beyond those of the libraries, in this process."""
    import torch
    from mfps.engine.device import make_fabric
    from mfps.genotypes.genotype_file import read_genotype
    from mfps.inference.compile import compile_genotype
    from mfps.networks.restorer import NetworkConfig

    torch.manual_seed(0)
    loaded = resident_mb()
    fabric = make_fabric("auto", variant.split()[0])
    cuda = fabric.device.type == "cuda"
    layout = torch.channels_last if "channels-last" in variant else torch.contiguous_format
    genotype = read_genotype(arguments.genotype)
    channels = {prior: PRIOR_CHANNELS[prior] for prior in genotype.priors}
    config = NetworkConfig(iterations=2 if channels else 1, prior_channels=channels)
    model = fabric.setup(compile_genotype(genotype, config).eval().to(memory_format=layout))

    def tensor(count: int) -> torch.Tensor:
        return torch.rand(1, count, arguments.size, arguments.size).to(fabric.device, memory_format=layout)

    image, priors = tensor(3), {prior: tensor(count) for prior, count in channels.items()}
    seconds = []
    with torch.inference_mode():
        for _ in range(arguments.passes + 1):
            began = time.perf_counter()
            model(image, priors)
            if cuda:
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - began)
    peak = torch.cuda.max_memory_allocated() / 2**20 if cuda else resident_mb() - loaded
    return {"seconds": statistics.median(seconds[1:]), "peak_mb": peak}


def main() -> None:
    """Measure every variant in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genotype", nargs="?", default="mfpsnet", help="file, run folder or published name")
    for name, default in (("size", 128), ("passes", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    run(parser, VARIANTS, "face", measure)


if __name__ == "__main__":
    main()
