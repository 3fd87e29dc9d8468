"""The networks of a study as its statistics see them: an architecture of an arm, with all seeds of its training.

Legend: K seeds, F faces.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..errors import printable
from .outcome import Outcome

MOST_DB = 100.0
"""PSNR that stands for an infinite one, of a picture that is restored to the bit."""

METRICS = ("psnr", "ssim")


class Network(NamedTuple):
    """An architecture as an arm had it trained."""

    name: str
    """The arm, and what tells it apart from the arm's other networks."""
    arm: str
    kind: str
    architecture: str
    search_seed: int | None
    budget: str | None
    parameters: int
    flops: int
    ms: float | None
    seeds: tuple[int, ...]
    """Of its trainings."""
    psnr: np.ndarray
    """(K, F), in dB."""
    ssim: np.ndarray
    """(K, F)."""
    val_psnr: float
    """Mean over the seeds, in dB."""
    supernet_psnr: Mapping[str, float]
    way: str = ""
    """What its training differs in from the study's recipe; empty if it follows it."""
    iterations: tuple[tuple[float, float], ...] = ()
    """PSNR in dB and SSIM of each iteration, means over faces and seeds."""
    curves: tuple[tuple[float, ...], ...] = ()
    """Of each seed, the validation PSNR after each epoch, in dB."""


class Trained(NamedTuple):
    """All that was trained and can be compared."""

    networks: tuple[Network, ...]
    """In one order, whatever that of the outcomes."""
    outcomes: tuple[Outcome, ...]
    """Those that the networks were made of, in the same order at every call."""
    faces: tuple[str, ...]
    """Names of the faces, each once."""
    input_psnr: float | None
    """Mean over the faces, in dB; None without outcomes."""
    input_ssim: float | None
    """Mean over the faces; None without outcomes, or where these are of an earlier version."""
    problems: tuple[str, ...]
    """Why outcomes were left out or changed, one line each."""


def trained_networks(outcomes: Sequence[Outcome]) -> Trained:
    """Sort what was trained into networks.

    Outcomes are compared face by face, so all must have judged the same faces: those that judged others than most are
    left out, and so is one with scores that are no numbers, or the repetition of a training. A face that was judged
    several times, under several degradations, counts as one, with the mean of its scores. All of this is said in
    `problems`.

    Args:
        outcomes: in any order.
    """
    usable, problems = _usable(sorted(outcomes, key=_order))
    named = _names(usable)
    groups: dict[tuple, list[Outcome]] = {}
    for outcome in usable:
        groups.setdefault(_network_key(outcome), []).append(outcome)
    faces = tuple(sorted(set(usable[0].faces))) if usable else ()
    networks = tuple(_network(named[key], members) for key, members in groups.items())
    entering = float(_by_face(usable[0].faces, usable[0].input_psnr).mean()) if usable else None
    known = [one for one in usable if one.input_ssim][:1]
    similar = float(_by_face(known[0].faces, known[0].input_ssim).mean()) if known else None
    return Trained(networks, tuple(usable), faces, entering, similar, tuple(problems))


def _usable(ordered: Sequence[Outcome]) -> tuple[list[Outcome], list[str]]:
    problems: list[str] = []
    lists = Counter(tuple(sorted(outcome.faces)) for outcome in ordered)
    judged = max(lists, key=lambda faces: (lists[faces], faces), default=())
    usable: dict[tuple, Outcome] = {}
    for outcome in ordered:
        job, training = printable(outcome.job), (*_network_key(outcome), outcome.seed)
        scores = (*outcome.psnr, *outcome.ssim, *outcome.input_psnr, outcome.val_psnr)
        lengths = {len(outcome.faces), *(len(each) for each in (outcome.psnr, outcome.ssim, outcome.input_psnr))}
        if tuple(sorted(outcome.faces)) != judged:
            problems.append(f"{job} is left out: it judged other faces than most")
        elif len(lengths) > 1 or not judged:
            problems.append(f"{job} is left out: it has no score for each of its faces")
        elif np.isnan(scores).any() or np.isneginf(scores).any():
            problems.append(f"{job} is left out: a score is not a number")
        elif training in usable:
            problems.append(f"{job} is left out: it is the same training as {printable(usable[training].job)}")
        else:
            if whole := int(np.isinf(outcome.psnr).sum()):
                problems.append(f"{job}: {whole} faces are restored to the bit, which counts as {MOST_DB:.0f} dB")
            usable[training] = outcome
    return list(usable.values()), problems


def _order(outcome: Outcome) -> tuple:
    found = -1 if outcome.search_seed is None else outcome.search_seed
    place = (outcome.arm, outcome.budget or "", found, outcome.flops, outcome.kind, outcome.architecture)
    return (*place, outcome.seed, outcome.job)


def _network_key(outcome: Outcome) -> tuple:
    return (outcome.arm, outcome.kind, outcome.budget, outcome.search_seed, outcome.architecture)


def _names(outcomes: Sequence[Outcome]) -> dict[tuple, str]:
    """A short name for each network that no other one has: its arm, then as much as it takes."""
    keys = list(dict.fromkeys(_network_key(outcome) for outcome in outcomes))
    steps = (_name(keys, 0), _name(keys, 1), _name(keys, 2), _name(keys, 3))
    chosen: dict[tuple, str] = {}
    for key in keys:
        alike = [other for other in keys if other[0] == key[0]]
        enough = [step for step in steps[:-1] if len({step[other] for other in alike}) == len(alike)]
        chosen[key] = (enough or [steps[-1]])[0][key]
    return chosen


def _name(keys: Sequence[tuple], detail: int) -> dict[tuple, str]:
    named = {}
    for key in keys:
        arm, kind, budget, search_seed, architecture = key
        parts = [arm, budget or "", "" if search_seed is None else f"search {search_seed}"]
        hashed = kind != "hand-made"
        parts += {0: [], 1: [architecture[:8] if hashed else architecture], 2: [architecture]}.get(
            detail, [kind, architecture]
        )
        named[key] = printable(" ".join(part for part in parts if part))
    return named


def _network(name: str, members: Sequence[Outcome]) -> Network:
    first = members[0]
    times = [member.ms for member in members if member.ms is not None]
    psnr, ssim = (np.stack([_by_face(one.faces, getattr(one, metric)) for one in members]) for metric in METRICS)
    return Network(
        name, first.arm, first.kind, first.architecture, first.search_seed, first.budget, first.parameters,
        first.flops, float(np.median(times)) if times else None, tuple(member.seed for member in members), psnr, ssim,
        float(np.mean([min(member.val_psnr, MOST_DB) for member in members])),
        {search: score for search, score in sorted(first.supernet_psnr.items()) if np.isfinite(score)},
        first.way, _mean_iterations(members), tuple(member.curve for member in members),
    )  # fmt: skip


def _mean_iterations(members: Sequence[Outcome]) -> tuple[tuple[float, float], ...]:
    if len({len(member.iterations) for member in members}) > 1:
        return ()
    means = np.minimum(np.array([member.iterations for member in members], float), MOST_DB).mean(0)
    return tuple((float(psnr), float(ssim)) for psnr, ssim in means)


def _by_face(faces: Sequence[str], scores: Sequence[float]) -> np.ndarray:
    """The mean score of each face (F), in the order of their names."""
    names, index = np.unique(np.array(faces), return_inverse=True)
    kept = np.minimum(np.array(scores, float), MOST_DB)
    return np.bincount(index, weights=kept, minlength=len(names)) / np.bincount(index)
