"""What a study has come to so far: read from the folders of its jobs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import MfpsError
from ..files.atomic_file import write_atomically
from ..files.history import read_history
from ..files.json_text import read_strict
from ..files.regular_file import is_file, read_text
from ..genotypes.genotype import Genotype
from ..inference.exported_network import ExportedNetwork
from ..inference.open_runnable import open_runnable
from ..networks.cost import network_cost
from .job_folder import MAX_BYTES, JobFolder
from .jobs import JOBS, Job, Jobs, Network
from .outcome import Failure, Outcome, Spent
from .timing import measured_ms, timings_of

JUDGED = "judged.json"
"""In a network's folder, what is known of it once it was judged."""


class Collected(NamedTuple):
    """What a study has come to."""

    outcomes: tuple[Outcome, ...]
    failures: tuple[Failure, ...]
    ledger: tuple[Spent, ...]
    unfinished: tuple[str, ...]
    """Jobs that have not ended, and have not failed either."""


def collect(study: Path, jobs: Jobs) -> Collected:
    """Read what the jobs of a study have come to, in the order of the plan.

    Args:
        study: the study's folder.
        jobs: of its plan.

    Raises:
        MfpsError: a file was damaged, or two networks were not judged on the same pictures.
    """
    folders = {name: JobFolder(study / JOBS / name, job) for name, job in jobs.jobs.items()}
    done = {name for name, folder in folders.items() if folder.done}
    scores = _supernet_scores(study, folders, done)
    judged = [network for network in jobs.networks if network.judging in done]
    facts = [_judged(study, network, folders) for network in judged]
    known = {network.name: found for network, found in zip(judged, facts, strict=True)}
    check_judged_alike(known)
    timings = timings_of(jobs, {name: found["architecture"] for name, found in known.items()}, done)
    ms = {architecture: measured_ms(folders[job]) for architecture, job in timings.chosen.items() if job in done}
    left = {name: folder for name, folder in folders.items() if name not in done | timings.spare}
    failed = {name: error for name, folder in left.items() if (error := folder.error) is not None}
    return Collected(
        tuple(_outcome(network, known[network.name], folders, scores, ms) for network in judged),
        tuple(Failure(name, folders[name].job.arm, folders[name].job.seed, error) for name, error in failed.items()),
        tuple(_ledger(study, folders.values())),
        tuple(name for name in left if name not in failed),
    )


def best_training(folders: Sequence[JobFolder]) -> tuple[JobFolder, float]:
    """Of a network's finished trainings the one that counts, and its validation PSNR: the highest one's.

    Raises:
        MfpsError: a training has no history of an epoch whose weights were kept.
    """
    reached = [(folder, _kept_psnr(folder.run)) for folder in folders]
    return max(reached, key=lambda one: one[1])


def _kept_psnr(run: Path) -> float:
    kept = [record["psnr"]["iterations"][-1] for record in read_history(run) if record.get("best")]
    if not kept:
        raise MfpsError(f"{run}: its history has no epoch whose weights were kept; remove the job's folder")
    return float(kept[-1])


def check_judged_alike(judged: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise an MfpsError unless all networks were judged on the same pictures, to the byte.

    Args:
        judged: what is known of each network, by name.
    """
    pictures = {name: found["inputs_sha256"] for name, found in judged.items()}
    for name, digest in pictures.items():
        first, expected = next(iter(pictures.items()))
        if digest != expected:
            raise MfpsError(
                f"{name} was judged on other pictures than {first}: the data were changed between the two; restore "
                "them, and remove the folder of the one that was judged on the changed ones"
            )


def _judged(study: Path, network: Network, folders: Mapping[str, JobFolder]) -> dict[str, Any]:
    """What is known of a judged network; kept in its folder, as opening its weights takes time."""
    file = study / JOBS / network.name / JUDGED
    report_file = folders[network.judging].product
    if is_file(file) and file.stat().st_mtime_ns >= report_file.stat().st_mtime_ns:
        found = read_strict(read_text(file, "summary", MAX_BYTES), finite=False)
        if "iterations" in found:  # earlier versions did not keep them
            return found
    report = read_strict(read_text(report_file, "evaluation", MAX_BYTES), finite=False)
    training, reached = best_training([folders[name] for name in network.trainings])
    opened = open_runnable(training.run, None, "torch")
    assert not isinstance(opened, ExportedNetwork)
    cost = network_cost(opened.restorer, report["convention"]["size"])["total"]
    found = {
        "architecture": opened.genotype.hash if isinstance(opened.genotype, Genotype) else str(opened.genotype),
        "counted": training.job.name,
        **cost._asdict(),
        "val_psnr": reached,
        "inputs_sha256": report["inputs_sha256"],
        "faces": [face["name"] for face in report["faces"]],
        "psnr": [face["iterations"][-1]["psnr"] for face in report["faces"]],
        "ssim": [face["iterations"][-1]["ssim"] for face in report["faces"]],
        "input_psnr": [face["input"]["psnr"] for face in report["faces"]],
        "input_ssim": [face["input"]["ssim"] for face in report["faces"]],
        "iterations": [[row["psnr"], row["ssim"]] for row in report["iterations"]],
        "curve": [record["psnr"]["iterations"][-1] for record in read_history(training.run)],
    }
    write_atomically(file, json.dumps(found, indent=1) + "\n")
    return found


def _outcome(
    network: Network,
    found: Mapping[str, Any],
    folders: Mapping[str, JobFolder],
    scores: Mapping[str, Mapping[str, float]],
    ms: Mapping[str, float],
) -> Outcome:
    own = [sitting for name in (*network.trainings, network.judging) for sitting in folders[name].sittings()]
    return Outcome(
        job=network.name,
        arm=network.arm,
        kind=network.kind,
        architecture=found["architecture"],
        seed=network.seed,
        search_seed=network.search_seed,
        budget=network.budget,
        parameters=found["parameters"],
        flops=found["flops"],
        ms=ms.get(found["architecture"]),
        faces=tuple(found["faces"]),
        psnr=tuple(found["psnr"]),
        ssim=tuple(found["ssim"]),
        input_psnr=tuple(found["input_psnr"]),
        val_psnr=found["val_psnr"],
        supernet_psnr={
            search: by[found["architecture"]] for search, by in scores.items() if found["architecture"] in by
        },
        cpu_seconds=round(sum(sitting.cpu_seconds for sitting in own), 2),
        wall_seconds=round(sum(sitting.wall_seconds for sitting in own), 2),
        input_ssim=tuple(found["input_ssim"]),
        iterations=tuple(map(tuple, found["iterations"])),
        curve=tuple(found["curve"]),
        way=network.way,
    )


def _supernet_scores(study: Path, folders: Mapping[str, JobFolder], done: set[str]) -> dict[str, dict[str, float]]:
    """By search job, what each genotype scored on its supernet, by hash."""
    scores: dict[str, dict[str, float]] = {}
    for name in done:
        job = folders[name].job
        if job.what == "ranking":
            report = read_strict(read_text(folders[name].product, "ranking", MAX_BYTES), finite=False)
            search = str(job.options["supernet"]).split("/", 1)[1].rpartition("/")[0]
            scores[search] = {row["hash"]: row["supernet_psnr"] for row in report["genotypes"]}
    return {name: scores[name] for name in sorted(scores)}


def _ledger(study: Path, folders: Iterator[JobFolder] | Any) -> Iterator[Spent]:
    """What every job has cost that was begun; also those of rankings that a grown plan replaced."""
    known = {folder.path for folder in folders}
    for folder in (*folders, *_replaced(study, known)):
        if sittings := folder.sittings():
            yield Spent(
                folder.job.name,
                folder.job.arm,
                folder.job.what,
                round(sum(sitting.cpu_seconds for sitting in sittings), 2),
                round(sum(sitting.wall_seconds for sitting in sittings), 2),
            )


def _replaced(study: Path, known: set[Path]) -> Iterator[JobFolder]:
    rankings = study / JOBS / "rankings"
    for path in sorted(rankings.iterdir()) if rankings.is_dir() else ():
        if path not in known and path.is_dir():
            yield JobFolder(path, Job(f"rankings/{path.name}", "ranking", "", 0, "rank", {}))
