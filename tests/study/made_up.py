"""Outcomes of studies that were never run, with effects that are known."""

import numpy as np
from mfps.study.outcome import Failure, Outcome, Spent

LEAST, MOST = 2.5e7, 3e8
"""FLOPs of the made-up space."""


def trend(flops):
    """What a network of this cost reaches on average, in dB."""
    doublings = np.log2(flops / LEAST)
    return 23 + 0.55 * doublings - 0.05 * doublings**2


def outcome(arm="a", kind="random", architecture="0" * 64, seed=0, flops=1e8, psnr=(20.0, 21.0), **more):
    """A training; `psnr` is that of each face."""
    psnr = tuple(map(float, psnr))
    fields = {
        "job": f"{arm}_{architecture[:4]}_{more.get('search_seed')}_{more.get('budget')}_{seed}",
        "search_seed": None,
        "budget": None,
        "parameters": int(flops / 1e3),
        "ms": None,
        "faces": tuple(f"{number}.png" for number in range(len(psnr))),
        "ssim": tuple(each / 40 for each in psnr),
        "input_psnr": (19.0,) * len(psnr),
        "val_psnr": float(np.minimum(psnr, 1e3).mean()),
        "supernet_psnr": {},
        "cpu_seconds": 3600.0,
        "wall_seconds": 1800.0,
    }
    named = {"arm": arm, "kind": kind, "architecture": architecture, "seed": seed, "flops": int(flops), "psnr": psnr}
    return Outcome(**{**fields, **named, **more})


def study(
    rng,
    *,
    gain=0.1,
    seed_noise=0.02,
    scatter=0.05,
    faces=8,
    randoms=20,
    searches=3,
    budgets=(0.1, 0.2),
    seeds=(0, 1, 2),
):
    """All kinds of arms. Searched networks are `gain` dB above the trend, and scatter less than the random ones."""
    hard = rng.normal(0, 1.5, faces)
    made = []

    def train(arm, kind, architecture, flops, level, seeds=(0,), **more):
        shown = level + hard + rng.normal(0, 0.05, faces)
        for seed in seeds:
            psnr = shown + rng.normal(0, seed_noise)
            made.append(outcome(arm, kind, architecture, seed, flops, psnr, ms=flops / 4e6, **more))

    def scores(level):
        return {f"search_{number}": float(level - 3 + rng.normal(0, 0.2)) for number in range(searches)}

    for number in range(randoms):
        flops = np.exp(rng.uniform(np.log(LEAST), np.log(MOST)))
        level = trend(flops) + rng.normal(0, scatter)
        train("random", "random", f"{number:064x}", flops, level, supernet_psnr=scores(level))
    train("cheapest", "cheapest", "c" * 64, LEAST, trend(LEAST), seeds, supernet_psnr=scores(trend(LEAST)))
    train("dearest", "dearest", "d" * 64, MOST, trend(MOST), seeds, supernet_psnr=scores(trend(MOST)))
    train("published", "genotype", "e" * 64, 2.2e8, trend(2.2e8))
    train("nafnet", "hand-made", "nafnet:16x4", 1e8, trend(1e8) - 0.05)
    for search in range(searches):
        for number, budget in enumerate(budgets):
            flops = budget * 1e9 * rng.uniform(0.93, 1)
            level = trend(flops) + gain + rng.normal(0, 0.02)
            found = {"search_seed": search, "budget": f"{budget} GFLOPs", "supernet_psnr": scores(level)}
            train("searched", "search", f"f{search}{number}f" * 16, flops, level, **found)
    return made


def ledger(outcomes, searches=3):
    """What the jobs of a study took: an hour a training, five a search."""
    spent = [Spent(one.job, one.arm, "training", one.cpu_seconds, one.wall_seconds) for one in outcomes]
    return spent + [Spent(f"search_{number}", "searched", "search", 18000.0, 9000.0) for number in range(searches)]


FAILURE = Failure("random_24_0", "random", 0, "no such face")
