import numpy as np
import pytest
import torch
from mfps.genotypes.space import BRANCHES, EDGES, NODES, BranchSpace
from mfps.nas.choices import Choice, branch_choices, entropies, mixture_of, probabilities_of

SPACES = [BranchSpace(branch, 1, 3) for branch in BRANCHES]
SPACES += [BranchSpace("upsample", 1, 6, monotone=True), BranchSpace("parsing", 1, 2, operations=("conv_3x3", "skip"))]


def logits_of(space, scale=1.0):
    """Random alphas, betas and gammas of a space where every kind is chosen."""
    contested = sum(len(space.incoming(t.layer, t.target)) > 1 for t in space.transitions)
    shapes = (len(EDGES), len(space.operations)), (contested,), (len(space.ends),)
    return [scale * torch.randn(shape) for shape in shapes]


def named(space):
    return f"{space.name}-{space.layers}"


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_every_logit_is_of_one_choice(space):
    choices = branch_choices(space, *logits_of(space))
    assert [choice.edge for choice in choices if choice.kind == "operations"] == list(EDGES)
    assert [t for choice in choices if choice.kind == "transitions" for t in choice.options] == list(space.transitions)
    for choice in choices:
        assert (choice.logits is None) == (len(choice.options) == 1)
        assert choice.logits is None or choice.logits.shape == (len(choice.options),)
    for kind, parameter in zip(("operations", "transitions", "ends"), logits_of(space), strict=True):
        of_kind = [choice.logits for choice in choices if choice.kind == kind and choice.logits is not None]
        assert sum(len(logits) for logits in of_kind) == parameter.numel()


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_weights_are_softmaxes(space):
    alphas, betas, gammas = logits_of(space)
    mixture = mixture_of(branch_choices(space, alphas, betas, gammas))
    found = torch.tensor([list(mixture.operations[edge].values()) for edge in EDGES])
    assert torch.equal(found, alphas.softmax(1))
    assert list(mixture.transitions) == list(space.transitions)
    for layer, rates in enumerate(space.rates):
        for rate in rates:
            weights = [mixture.transitions[t] for t in space.incoming(layer, rate)]
            assert sum(map(float, weights)) == pytest.approx(1, abs=1e-6)
    assert torch.equal(torch.stack(list(mixture.ends.values())), gammas.softmax(0))
    assert list(mixture.ends) == list(space.ends)


def test_a_choice_of_one_has_weight_one():
    gammas = torch.zeros(2)
    choices = branch_choices(BranchSpace("upsample", 1, 1, operations=("skip",)), None, None, gammas)
    mixture = mixture_of(choices)
    assert all(weights == {"skip": 1.0} for weights in mixture.operations.values())
    assert set(mixture.transitions.values()) == {1.0}
    assert set(entropies(choices)) == {"ends"}


@pytest.mark.parametrize("space", SPACES[:3], ids=named)
def test_probabilities_are_the_mixture_in_numbers(space):
    choices = branch_choices(space, *(parameter.requires_grad_() for parameter in logits_of(space)))
    mixture, found = mixture_of(choices), probabilities_of(choices)
    assert found.operations.dtype == np.float64
    assert found.operations.tolist() == [[w.item() for w in mixture.operations[edge].values()] for edge in EDGES]
    assert found.transitions == {t: float(torch.as_tensor(w).detach()) for t, w in mixture.transitions.items()}
    assert found.ends == {rate: weight.item() for rate, weight in mixture.ends.items()}


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_entropies_lie_between_a_decision_and_even_odds(space):
    kinds = {"operations", "transitions", "ends"}
    assert entropies(branch_choices(space, *logits_of(space, 0))) == {kind: pytest.approx(1) for kind in kinds}
    decided = entropies(branch_choices(space, *logits_of(space, 1e8)))
    assert decided == {kind: pytest.approx(0, abs=1e-3) for kind in kinds}
    between = entropies(branch_choices(space, *logits_of(space)))
    assert set(between) == kinds
    assert all(0 < share < 1 for share in between.values())


def test_an_entropy_is_the_mean_of_its_kind():
    even, decided = torch.zeros(2), torch.tensor([1e4, 0.0])
    choices = [Choice("ends", (1, 2), even), Choice("ends", (1, 2), decided), Choice("transitions", (1,), None)]
    assert entropies(choices) == {"ends": pytest.approx(0.5)}


@pytest.mark.parametrize("space", SPACES[:3], ids=named)
def test_scaled_edges_sum_to_what_decoding_keeps(space):
    """Two edges into each node of weight 1; their operations keep their ratios."""
    choices = branch_choices(space, *logits_of(space))
    plain, scaled = mixture_of(choices), mixture_of(choices, scale_edges=True)
    for node in NODES:
        into = [edge for edge in EDGES if edge.target == node]
        assert sum(float(w) for edge in into for w in scaled.operations[edge].values()) == pytest.approx(2, abs=1e-5)
        for edge in into:
            for name, weight in scaled.operations[edge].items():
                assert float(weight) == pytest.approx(float(plain.operations[edge][name]) * 2 / len(into), abs=1e-6)
    assert scaled.transitions.keys() == plain.transitions.keys()
