import json
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
from mfps.genotypes.space import End, Transition, cell_width
from mfps.nas.search_network import build_search_network


def steps(branch):
    return {Transition(i, *step) for i, step in enumerate(pairwise((branch.start_rate, *branch.path)))}


@pytest.fixture
def decided():
    """`decided(supernet, branch)` gives a supernet logits so large that every softmax is one-hot at a genotype.

    Edges that the genotype drops keep a softmax of their own; they get their first operation.
    """

    @torch.no_grad()
    def decide(supernet, branch):
        space = supernet.space
        for choice in supernet.choices():
            if choice.kind == "operations":
                wanted = {branch.operations.get(choice.edge, space.operations[0])}
            else:
                wanted = steps(branch) if choice.kind == "transitions" else {End(branch.layers - 1, branch.path[-1])}
            if choice.logits is not None:
                choice.logits.copy_(1e4 * torch.tensor([option in wanted for option in choice.options]))
        return supernet

    return decide


@pytest.fixture
def entry():
    """`entry(space)`: a random input of a branch for pictures of 16 x 24 pixels."""

    def make(space, batch=1):
        side = [extent * space.start_rate // 8 for extent in (16, 24)]
        return torch.randn(batch, cell_width(space.width, space.start_rate), *side)

    return make


@pytest.fixture
def undecided():
    """`undecided(supernet)` gives a supernet architecture parameters of some size."""

    @torch.no_grad()
    def draw(supernet):
        for parameter in supernet.architecture_parameters():
            parameter.normal_(0, 2)
        return supernet

    return draw


@pytest.fixture
def evaluated():
    """`evaluated(folder, genotype, psnr)`: writes the evaluation of a genotype's network on two faces."""

    def write(folder, genotype, psnr, **changed):
        scores = [{"name": f"{i}.png", "psnr": psnr + 2 * i - 1} for i in range(2)]
        faces = [
            {"name": face["name"], "degradation": "full", "inputs_sha256": face["name"], "input": {},
             "iterations": [{"psnr": 0.0, "ssim": 0.0}, {"psnr": face["psnr"], "ssim": 0.5}]}
            for face in scores
        ]  # fmt: skip
        report = {
            "schema": "mfps.evaluation/1",
            "name": "a network",
            "genotype": genotype.hash,
            "weights": "net",
            "convention": {"size": 16, "degradation_seed": 0, "priors": "none"},
            "faces": faces,
            "provenance": {"step": 10, "solver": "adam"},
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "evaluation.json").write_text(json.dumps({**report, **changed}))
        return folder

    return write


@pytest.fixture
def opened(monkeypatch):
    """`opened(config, score)`: every supernet that `rank` opens is an untrained one of `config`, with these scores."""

    def stand_in(config, score):
        searched = build_search_network(config, {})
        judge = SimpleNamespace(psnr=score, digest="0123")
        found = SimpleNamespace(config=config, searched=searched, judge=judge)
        monkeypatch.setattr("mfps.nas.ranking.rank.open_search", lambda *_: found)

    return stand_in
