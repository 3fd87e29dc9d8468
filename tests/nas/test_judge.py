"""A judge's score is what the compiled network has, with batch norms estimated on the same batches."""

import pytest
import torch
from mfps.engine.execution import Execution
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import compile_genotype, slice_supernet
from mfps.nas.judge import SupernetJudge
from mfps.nas.search_network import SearchNetwork
from mfps.nas.supernet import Supernet
from mfps.networks.network_config import NetworkConfig
from mfps.networks.restorer import Restorer
from mfps.training.norm_statistics import estimate_norms
from mfps.training.validation import validation_psnr

from ..training.test_norm_statistics import faces


@pytest.fixture
def searched(randomised):
    space = search_space(width=1, layers=2)
    return SearchNetwork(randomised(Restorer(NetworkConfig(iterations=2, blocks=1), space, Supernet)), space, {})


def judge(searched, held_out, estimated, weights="0"):
    return SupernetJudge(searched, torch.device("cpu"), Execution(), held_out, estimated, weights)


@torch.no_grad()
def test_a_score_is_that_of_the_compiled_network_whatever_was_scored_before(searched):
    held_out, estimated = faces(2), faces(2)
    found = judge(searched, held_out, estimated)
    genotypes = [random_genotype(searched.spaces, seed) for seed in range(3)]
    scores = [found.psnr(genotype) for genotype in genotypes]
    assert [found.psnr(genotype) for genotype in reversed(genotypes)] == scores[::-1]
    for genotype, score in zip(genotypes, scores, strict=True):
        compiled = compile_genotype(genotype, searched.restorer.config)
        slice_supernet(compiled, searched.restorer.state_dict(), "supernet")
        estimate_norms(compiled, lambda batch, network=compiled: network(batch.degraded), estimated)
        alone = validation_psnr(lambda batch, network=compiled: network(batch.degraded), held_out).iterations[-1]
        assert score == pytest.approx(alone, abs=1e-3)
