"""An evaluation of made-up numbers."""

from pathlib import Path

import numpy as np
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import CompiledNetwork, compile_genotype
from mfps.inference.evaluation_report import EvaluatedFace, evaluation_report
from mfps.networks.network_config import NetworkConfig

DEGRADATIONS = ("noise", "blur")


def evaluated(count=3):
    numbers = np.random.default_rng(0).uniform(10, 30, (len(DEGRADATIONS), count, 3))
    images = [np.zeros((16, 16, 3), np.uint8)] * 4
    return [
        EvaluatedFace(f"{n}.png", degradation, f"{n:064d}", [{"psnr": x, "ssim": x / 100} for x in own[n]], images)
        for degradation, own in zip(DEGRADATIONS, numbers, strict=True)
        for n in range(count)
    ]


def report_of(oracle, groups=None, faces=None):
    """The report of a tiny network with two iterations."""
    genotype = random_genotype(search_space(["heatmap"], width=1, layers=1, fusion_layers=1), 0)
    network = compile_genotype(genotype, NetworkConfig(iterations=2, blocks=1, prior_channels={"heatmap": 68}))
    compiled = CompiledNetwork(genotype, network.config, {"kind": "retrain"}, network)
    convention = {"priors": "heatmap: words", "oracle_priors": ["heatmap"] * oracle, "found": {"heatmap": {"by": 1}}}
    return evaluation_report(compiled, Path("weights"), Path("data"), convention, groups or {}, faces or evaluated())
