"""A run folder as a search and a selection leave it, made without either."""

import json

import numpy as np
from mfps.engine.configuration import resolve, write_config
from mfps.engine.run_folder import environment
from mfps.genotypes.decode import BranchProbabilities
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import EDGES, search_space
from mfps.nas.config import SearchConfig
from mfps.nas.derive import derive_genotype, probabilities_to_json
from mfps.nas.health import health
from mfps.nas.ledger import StageCost


def beliefs(space, rng, sharpness):
    """Probabilities of a branch; the sharper, the more decided."""

    def softmax(options):
        weights = np.exp(
            sharpness * np.random.default_rng(options).normal(size=options) + 0.1 * rng.normal(size=options)
        )
        return weights / weights.sum()

    transitions = {}
    for layer, rates in enumerate(space.rates):
        for rate in rates:
            into = space.incoming(layer, rate)
            transitions |= dict(zip(into, softmax(len(into)).tolist(), strict=True))
    ends = dict(zip(space.ends, softmax(len(space.ends)).tolist(), strict=True))
    return BranchProbabilities(np.array([softmax(len(space.operations)) for _ in EDGES]), transitions, ends)


def entropy(rows):
    shares = [float(-(np.array(row) * np.log(row)).sum() / np.log(len(row))) for row in rows if len(row) > 1]
    return float(np.mean(shares))


def epoch_record(epoch, epochs, before, spaces, rng, name="faces"):
    """An epoch's record of the strategy `mixed`, with everything that a record may have."""
    share = epoch / epochs
    probabilities = {branch: beliefs(space, rng, 3 * share) for branch, space in spaces.items()}
    genotype, _ = derive_genotype(spaces, probabilities, {}, name, {})
    mixed = 21 + 1.5 * share + 0.05 * float(rng.normal())
    psnr = {"stored": mixed - 3, "reestimated": mixed - 1.2 * share, "batch": mixed - 0.2}
    record = {
        "epoch": epoch,
        "step": 40 * epoch,
        "loss": {"architecture": 0.01 / epoch, "weights": 0.012 / epoch},
        "lr": 0.02,
        "psnr": {"input": 20.5, "mixed": [mixed - 0.3, mixed], **{kind: [v - 0.3, v] for kind, v in psnr.items()}},
        "gap": {kind: mixed - value for kind, value in psnr.items()},
        "entropy": {
            branch: {"operations": entropy(belief.operations), "ends": entropy([list(belief.ends.values())])}
            for branch, belief in probabilities.items()
        },
        "hash": genotype.hash,
        "genotype": genotype.architecture,
        "probabilities": {branch: probabilities_to_json(belief) for branch, belief in probabilities.items()},
        "expected_gflops": 2.5,
        "coverage": {
            branch: {
                "cells": {"l0_r1": 9 * epoch, "l0_r2": epoch},
                "operations": {op: 30 * epoch + i for i, op in enumerate(space.operations)},
                "least_cell": epoch,
                "least_operation": 30 * epoch,
            }
            for branch, space in spaces.items()
        },
        "worth": {branch: 0.01 + i * 0.1 * share for i, branch in enumerate(spaces)},
    }
    return genotype, record | health(record, before, decides=True, epochs=epochs, warmup_epochs=1)


def write_search(folder, epochs=4, *, priors=(), layers=3, members=4, data="faces/hq", seed=0):
    """Make the folder of a search of `epochs` epochs; with `members`, of its selection too.

    Returns:
        The records of its history.
    """
    folder.mkdir()
    spaces, rng = search_space(priors, width=2, layers=layers, fusion_layers=layers), np.random.default_rng(seed)
    given = {
        "data": data,
        "out": folder,
        "priors": list(priors),
        "layers": layers,
        "epochs": epochs,
        "warmup_epochs": min(1, epochs - 1),
    }
    write_config(resolve(SearchConfig, "tiny", None, given), folder / "config.yaml")
    (folder / "environment.json").write_text(json.dumps(environment()))
    records, genotype = [], None
    for epoch in range(1, epochs + 1):
        genotype, record = epoch_record(epoch, epochs, records[-1] if records else None, spaces, rng)
        records.append(record)
    (folder / "history.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    stages = [StageCost(stage="search", seconds=4000.4, steps=40 * epochs, forward_passes=12_345, peak_mb=1234.5)]
    if members:
        stages.append(StageCost(stage="selection", seconds=61, steps=30, forward_passes=300, peak_mb=900))
        genotype = write_front(folder, spaces, members)
    (folder / "ledger.json").write_text(json.dumps([stage.model_dump() for stage in stages]))
    (folder / "genotype.json").write_text(genotype.to_json())
    return records


def write_front(folder, spaces, members):
    """Make the files of a selection; returns the genotype that it chose."""
    (folder / "front").mkdir()
    genotypes = [random_genotype(spaces, seed) for seed in range(members)]
    entries = [
        {"number": i, "file": f"front/{i:02}.json", "hash": genotype.hash, "psnr": 21 + 0.2 * i**0.5,
         "gflops": 2 + 0.5 * i, "parameters": 1_500_000 + 300_000 * i, "origin": "crossover of 1 and 2"}
        for i, genotype in enumerate(genotypes)
    ]  # fmt: skip
    for entry, genotype in zip(entries, genotypes, strict=True):
        (folder / entry["file"]).write_text(genotype.to_json())
    baselines = [
        {"name": name, "psnr": 20.9, "gflops": 2.5 + i, "parameters": 2_000_000}
        for i, name in enumerate(("published", "cheapest", "random"))
    ]
    baselines.append({"name": "too dear", "gflops": 9.0, "parameters": 9_000_000})
    front = {
        "cost": "flops",
        "supernet": "0" * 64,
        "budget": {"max_gflops": 5.0},
        "members": entries,
        "baselines": baselines,
    }
    (folder / "front.json").write_text(json.dumps(front))
    rng = np.random.default_rng(0)
    lines = [
        {
            "hash": f"{i:064x}",
            "psnr": 20 + float(rng.random()),
            "flops": 2e9 + 3e9 * float(rng.random()),
            "parameters": 1_900_000,
            "supernet": "0" * 64,
        }
        for i in range(5 * members)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "evaluations.jsonl").write_text(text + text[:30])  # the last line is cut off
    return genotypes[-2]
