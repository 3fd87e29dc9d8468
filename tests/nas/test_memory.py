from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from mfps.genotypes.sampling import random_branch
from mfps.nas.config import SearchConfig
from mfps.nas.memory import CHECKPOINT_COPIES, amount, count_network, largest_features, search_memory
from mfps.nas.search_network import build_search_network
from mfps.nas.strategies import STRATEGIES
from mfps.nas.strategies.strategy import Draw
from mfps.nas.supernet import restriction
from mfps.networks.losses import restoration_loss

CHANNELS = {"heatmap": 4}


def config(**changed):
    given = {"width": 2, "layers": 2, "fusion_layers": 2, "blocks": 1, "size": 16, "batch_size": 4, **changed}
    return SearchConfig(data=Path("-"), out=Path("-"), **given)


def of(config):
    """The count and the estimate of a search."""
    count = count_network(config, {name: CHANNELS[name] for name in config.priors})
    return count, search_memory(config, count)


VARIANTS = [
    {"strategy": "mixed", "priors": "heatmap", "layers": 1}, {"strategy": "mixed", "mixing": "output"},
    {"strategy": "mixed", "scale_edges": True}, {"strategy": "single-path"}, {"strategy": "gumbel"},
]  # fmt: skip


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda options: "-".join(map(str, options.values())))
def variant(request):
    return config(**request.param)


def kept_of_a_step(config, level, mixtures, faces=1):
    """Bytes that autograd keeps of a real pass for a level, but for parameters, statistics and the batch."""
    searched = build_search_network(config, {name: CHANNELS[name] for name in config.priors})
    levels = {"architecture": searched.architecture(), "weights": searched.weights()}
    for name, parameters in levels.items():
        for parameter in parameters.values():
            parameter.requires_grad_(name == level)
    size, network = config.size, searched.restorer
    degraded, clean = torch.rand(faces, 3, size, size), torch.rand(faces, 3, size, size)
    priors = {name: torch.rand(faces, channels, size, size) for name, channels in network.config.prior_channels.items()}
    there = [degraded, clean, *priors.values(), *network.parameters(), *network.buffers()]
    own, kept = {tensor.untyped_storage().data_ptr() for tensor in there}, {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = network(degraded, priors, mixtures=mixtures(searched))
        sum(restoration_loss(outputs, clean, config.loss).values())
    return sum(tensor.untyped_storage().nbytes() for place, tensor in kept.items() if place not in own)


def test_parameters_are_those_of_the_network(variant):
    searched = build_search_network(variant, {name: CHANNELS[name] for name in variant.priors})
    count, estimate = of(variant)
    assert count.weights == sum(parameter.numel() for parameter in searched.weights().values())
    assert count.choices == sum(parameter.numel() for parameter in searched.architecture().values())
    assert estimate.parameters == sum(4 * parameter.numel() for parameter in searched.restorer.parameters())


def test_activations_are_what_autograd_keeps_of_a_step(variant):
    """The most that any pass keeps: nearly that of each level's where all paths run, no less than that of any drawn."""
    strategy, found = STRATEGIES[variant.strategy], sum(of(variant)[0].activations)
    levels = ("architecture", "weights") if strategy.decides else ("weights",)
    for level in levels:
        for number in range(3 if strategy.samples else 1):
            draw = Draw(0, level, number, 1.0)
            kept = kept_of_a_step(
                variant, level, partial(lambda draw, searched: strategy.active(searched, draw).mixtures, draw)
            )
            assert 0.98 * kept <= found, (level, number)
            assert strategy.samples or found <= 1.25 * kept, level


def test_a_drawn_network_with_the_largest_features_keeps_what_is_estimated():
    given = config(priors="heatmap", strategy="single-path", layers=1)

    def largest(searched):
        return {name: restriction(largest_features(space)) for name, space in searched.spaces.items()}

    kept = kept_of_a_step(given, "weights", largest)
    assert sum(of(given)[0].activations) == pytest.approx(kept, rel=0.02)


def test_no_drawn_network_has_more_weights():
    given = config(strategy="single-path")
    count = of(given)[0]
    searched = build_search_network(given, {})
    costs = searched.costs(given.size)
    for seed in range(20):
        branches = {name: random_branch(space, np.random.default_rng(seed)) for name, space in searched.spaces.items()}
        assert count.around < costs.of(branches).parameters <= count.used <= count.weights


def test_pieces_of_a_batch_have_a_part_of_the_activations():
    """Of those of the faces, that is; kernels that are computed are kept once, and more of them for larger features."""
    kept, whole = (found := of(config(layers=1)))[0].activations, found[1]
    for parts in ({"accumulate": 2}, {"batch_size": 2}, {"devices": 2}, {"num_nodes": 2}):
        half = of(config(layers=1, **parts))[1]
        assert half.activations - kept.of_a_pass == (whole.activations - kept.of_a_pass) / 2
        assert half[:3] == whole[:3]
    larger = of(config(layers=1, size=32))[0].activations
    assert larger.of_a_face == 4 * kept.of_a_face
    assert larger.of_a_pass >= kept.of_a_pass


def test_gradients_are_of_what_a_step_trains_and_states_of_what_all_do():
    given = config(layers=1)
    count, mixed = of(given)
    assert mixed.gradients == mixed.parameters
    assert mixed.optimizer == 4 * (count.weights + 2 * count.choices)
    assert search_memory(config(weight_momentum=0), count).optimizer == 8 * count.choices
    assert search_memory(config(solver="adam"), count).optimizer == 2 * mixed.parameters
    count = of(config(layers=1, strategy="single-path"))[0]
    drawn = [search_memory(config(strategy="single-path", draws=draws), count) for draws in (1, 2, 64)]
    assert drawn[0].gradients < drawn[1].gradients < drawn[2].gradients == mixed.gradients
    assert {estimate.optimizer for estimate in drawn} == {mixed.optimizer}
    assert mixed.checkpoint == CHECKPOINT_COPIES * (mixed.parameters + mixed.optimizer)


def test_data_are_the_batches_of_a_step_and_those_read_ahead():
    count = of(config(layers=1))[0]._replace(channels=10)
    face = 4 * 10 * 16**2
    assert search_memory(config(), count).data == (2 * 4 + 4) * face
    assert search_memory(config(strategy="single-path"), count).data == (4 + 4) * face
    assert search_memory(config(workers=3, accumulate=2), count).data == (2 * (4 + 2 * 3 * 2) + 2) * face


@pytest.mark.parametrize(("number", "text"), [
    (0, "0 MB"), (999_999, "1 MB"), (350_000_000, "350 MB"), (1_250_000_000, "1.25 GB"), (32_700_000_000, "32.7 GB"),
])  # fmt: skip
def test_amounts_are_said_in_words(number, text):
    assert amount(number) == text
