import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.genotypes.decode import BranchProbabilities, decode_branch
from mfps.genotypes.space import BRANCHES, EDGES, BranchSpace, search_space
from mfps.nas.derive import (
    derive_genotype,
    margins,
    probabilities_from_json,
    probabilities_to_json,
    searched_epoch,
)

spaces = st.builds(BranchSpace, st.sampled_from(BRANCHES), st.just(1), st.integers(2, 6))


def beliefs(space, seed, sharpness=1.0):
    """Random softmaxes; 0 gives even odds, a large sharpness decisions."""
    rng = np.random.default_rng(seed)

    def softmax(*shape):
        logits = sharpness * rng.standard_normal(shape)
        weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return weights / weights.sum(axis=-1, keepdims=True)

    transitions = {}
    for layer, rates in enumerate(space.rates):
        for rate in rates:
            into = space.incoming(layer, rate)
            transitions |= dict(zip(into, softmax(len(into)).tolist(), strict=True))
    ends = dict(zip(space.ends, softmax(len(space.ends)).tolist(), strict=True))
    return BranchProbabilities(softmax(len(EDGES), len(space.operations)), transitions, ends)


@settings(max_examples=30)
@given(spaces, st.integers(0, 99))
def test_probabilities_survive_json(space, seed):
    given = beliefs(space, seed)
    found = probabilities_from_json(json.loads(json.dumps(probabilities_to_json(given))))
    assert np.allclose(found.operations, given.operations, atol=1e-6)
    assert list(found.transitions) == list(given.transitions)
    assert list(found.transitions.values()) == pytest.approx(list(given.transitions.values()), abs=1e-6)
    assert dict(found.ends) == pytest.approx(dict(given.ends), abs=1e-6)
    assert probabilities_to_json(found) == probabilities_to_json(given)


def test_a_genotype_is_every_branch_decoded_and_the_held_ones():
    space = search_space(("heatmap",), width=1, layers=3, fusion_layers=2)
    probabilities = {name: beliefs(branch, 4) for name, branch in space.items() if name != "heatmap"}
    held = decode_branch(space["heatmap"], beliefs(space["heatmap"], 9)).genotype
    genotype, decoded = derive_genotype(space, probabilities, {"heatmap": held}, "mine", {"kind": "search"})
    assert genotype.name == "mine"
    assert genotype.present["heatmap"] == held
    for name in ("upsample", "fusion"):
        assert genotype.present[name] == decode_branch(space[name], probabilities[name]).genotype
    assert genotype.provenance == {"kind": "search", "margins": margins(decoded)}
    for name, found in decoded.items():
        path, cell = genotype.provenance["margins"][name].values()
        assert (path, cell) == pytest.approx((found.path_margin, found.cell_margin), abs=1e-6)


def test_no_margin_where_there_was_no_choice():
    space = BranchSpace("parsing", 1, 1, operations=("skip",))
    decoded = decode_branch(space, beliefs(space, 0))
    found = margins({"parsing": decoded._replace(path_margin=math.inf, cell_margin=math.inf)})
    assert found == {"parsing": {"path": None, "cell": None}}


def write_history(folder, epochs):
    space = BranchSpace("upsample", 1, 3)
    records = []
    for epoch in range(1, epochs + 1):
        given = beliefs(space, epoch)
        genotype, _ = derive_genotype({"upsample": space}, {"upsample": given}, {}, "x", {})
        probabilities = {"upsample": probabilities_to_json(given)}
        records.append({"epoch": epoch, "genotype": genotype.architecture, "probabilities": probabilities})
    (folder / "history.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return records


def test_an_epoch_can_be_read_back(tmp_path):
    records = write_history(tmp_path, 3)
    for epoch in (1, 2, 3):
        genotype, probabilities = searched_epoch(tmp_path, epoch)
        assert genotype.architecture == records[epoch - 1]["genotype"]
        assert probabilities_to_json(probabilities["upsample"]) == records[epoch - 1]["probabilities"]["upsample"]


def test_epochs_that_are_not_there(tmp_path, refused):
    with refused("holds no history.jsonl"):
        searched_epoch(tmp_path, 1)
    (tmp_path / "history.jsonl").write_text('{"epoch": 1, "loss": 2}\n')
    with refused("has no searched epoch; give the folder of a search"):
        searched_epoch(tmp_path, 1)
    records = write_history(tmp_path, 2)
    with refused("has no searched epoch 3; it has 1, 2"):
        searched_epoch(tmp_path, 3)
    (tmp_path / "history.jsonl").write_text(json.dumps({**records[0], "probabilities": {"upsample": {}}}))
    with refused("epoch 1 is damaged"):
        searched_epoch(tmp_path, 1)
