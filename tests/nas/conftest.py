from itertools import pairwise

import pytest
import torch
from mfps.genotypes.space import Transition, cell_width


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
                wanted = steps(branch) if choice.kind == "transitions" else {branch.path[-1]}
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
