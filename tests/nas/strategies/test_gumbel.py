"""Draws from the softmaxes: as often as these say, one-hot in the forward pass, and with the relaxation's gradient."""

from collections import Counter

import numpy as np
import pytest
import torch
from mfps.genotypes.sampling import random_branch
from mfps.genotypes.space import EDGES, NODES, BranchSpace, End
from mfps.nas.strategies import gumbel
from mfps.nas.strategies.gumbel import drawn_mixture
from mfps.nas.strategies.strategy import Draw
from mfps.nas.supernet import Supernet, restriction

TINY = BranchSpace("upsample", 1, 2, operations=("skip", "conv_3x3"))


def draw(number, temperature=1.0):
    return Draw(0, "architecture", number, temperature)


def weights_of(mixture):
    yield from (weight for operations in mixture.operations.values() for weight in operations.values())
    yield from (*mixture.transitions.values(), *mixture.ends.values())


def test_a_draw_is_an_architecture(undecided):
    supernet = undecided(Supernet(TINY))
    for number in range(50):
        mixture = drawn_mixture(supernet, draw(number))
        path = [transition.target for transition in sorted(mixture.transitions)]
        assert TINY.is_legal(path)
        assert list(mixture.ends) == [End(len(path) - 1, path[-1])]
        for node in NODES:
            assert sum(edge.target == node for edge in mixture.operations) == 2
        assert all(len(operations) == 1 for operations in mixture.operations.values())
        assert all(torch.as_tensor(weight).detach() == 1 for weight in weights_of(mixture))


@torch.no_grad()
def test_options_are_drawn_as_often_as_the_softmaxes_say(undecided):
    supernet = undecided(Supernet(TINY))
    believed = supernet.mixture()
    mixtures = [drawn_mixture(supernet, draw(number)) for number in range(1000)]
    ends = Counter(rate for mixture in mixtures for rate in mixture.ends)
    # The edges into the first node are always kept.
    chosen = {edge: Counter(name for mixture in mixtures for name in mixture.operations[edge]) for edge in EDGES[:2]}
    pairs = [(ends, believed.ends), *((counts, believed.operations[edge]) for edge, counts in chosen.items())]
    for counts, weights in pairs:
        for option, weight in weights.items():
            assert abs(counts[option] / 1000 - float(weight)) < 0.06


def test_a_decided_supernet_draws_what_decoding_keeps(decided):
    branch = random_branch(TINY, np.random.default_rng(3))
    supernet = decided(Supernet(TINY), branch)
    for number in range(20):
        drawn, expected = drawn_mixture(supernet, draw(number)), restriction(branch)
        assert set(drawn.transitions) == set(expected.transitions)
        for edge in set(drawn.operations) & set(expected.operations):
            assert list(drawn.operations[edge]) == list(expected.operations[edge])


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_the_straight_through_gradient_is_that_of_its_expectation(undecided, entry, monkeypatch, temperature):
    """The mean gradient over some draws, against finite differences of their mean loss.

    In the latter, what is drawn stays, and its weight moves as much as its relaxation does.
    """
    supernet = undecided(Supernet(TINY)).double().eval()
    x = entry(TINY).double()
    probe = torch.randn_like(supernet(x))

    def expected_loss():
        mixtures = [drawn_mixture(supernet, draw(number, temperature)) for number in range(24)]
        return torch.stack([(supernet(x, mixture) * probe).sum().square() for mixture in mixtures]).mean()

    parameters = supernet.architecture_parameters()
    gradients = torch.autograd.grad(expected_loss(), parameters)
    start = {
        key_of(choice): choice.logits.detach().clone() for choice in supernet.choices() if choice.logits is not None
    }

    def moved(known, temperature, rng):
        choice = known.choice
        if choice.logits is None:
            return choice.options[0], 1.0
        noise, before = torch.from_numpy(rng.gumbel(size=len(choice.options))), start[key_of(choice)]
        index = int((before + noise).argmax())
        relaxed = [((logits + noise) / temperature).softmax(0)[index] for logits in (choice.logits, before)]
        return choice.options[index], 1.0 + relaxed[0] - relaxed[1]

    strength = gumbel._strength
    monkeypatch.setattr(gumbel, "_drawn", moved)
    monkeypatch.setattr(
        gumbel, "_strength", lambda known: strength(known._replace(logits=start.get(key_of(known.choice))))
    )
    for parameter, gradient in zip(parameters, gradients, strict=True):
        direction, step = torch.randn_like(parameter), 1e-5
        with torch.no_grad():
            parameter.add_(step * direction)
            above = expected_loss()
            parameter.sub_(2 * step * direction)
            below = expected_loss()
            parameter.add_(step * direction)
        expected = float((above - below) / (2 * step))
        assert float((gradient * direction).sum()) == pytest.approx(expected, rel=1e-4, abs=1e-9 * float(above))


def key_of(choice):
    return choice.kind, choice.edge, choice.options
