"""Evaluating a fixed network: PSNR, SSIM and other metrics of the degraded input and of every iteration, by image.

A report covers every requested degradation, and every list of names as a separate group. It states the convention
that its numbers follow.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console

from ..data.batch import FaceBatch
from ..data.dataset import FaceFolder, Tolerance, WantedPriors
from ..data.given_pairs import GivenPairs, degraded_by
from ..data.loader import make_loader
from ..degradation.fields import GIVEN_PAIRS
from ..engine.device import choose_device
from ..engine.progress import track
from ..engine.terminal import say
from ..errors import MfpsError
from ..files.atomic_file import write_atomically
from ..files.atomic_folder import atomic_folder, check_free
from ..images.fit_note import fit_note
from ..images.image import write_image
from ..images.lists import read_list, result_names
from ..images.tensors import to_uint8
from ..metrics.choice import choose_metrics
from ..metrics.face_sets import FaceSets, few_faces, open_face_sets
from ..metrics.metric import Metric, MetricSources, measured
from ..priors.extractor import ExternalSources, PriorExtractor
from ..priors.face_priors import stored_prior
from ..priors.provenance import describe_priors, oracle_priors, read_provenance
from .config import EvaluateConfig
from .earlier_evaluation import EarlierEvaluation
from .evaluation_report import EvaluatedFace, evaluation_report, inputs_digest
from .evaluation_tables import table_markdown, write_comparison
from .exported_network import ExportedNetwork
from .faces_csv import faces_csv
from .network_facts import NetworkFacts
from .open_runnable import computed, make_ready, open_runnable
from .prior_runs import prior_extractor, run_with_priors
from .running import Asked


def evaluate(config: EvaluateConfig, console: Console | None = None) -> dict[str, Any]:
    """Evaluate a network; write `evaluation.json`, `evaluation.md`, `faces.csv` and `comparison.png` to a new folder.

    Args:
        config: the network, the faces, and how they are evaluated.
        console: where progress is shown; by default nowhere.

    Returns:
        The report, as written.

    Raises:
        MfpsError: an input cannot be used; nothing is written then.
    """
    console = console or Console(quiet=True)
    check_free(config.out)
    device = choose_device(config.device)
    opened = open_runnable(config.weights, config.genotype, config.runtime)
    if isinstance(opened, ExportedNetwork):
        opened.check_size(config.size)
    groups = {path.stem: set(read_list(path, config.data, config.follow_links)) for path in config.list}
    priors = _priors(config, opened, device, console)
    convention = _convention(config, opened, priors)
    folders = _folders(config, opened, groups, priors.stored)
    first = next(iter(folders.values()))
    names = first.names
    if isinstance(first.degradation, GivenPairs):
        convention["pairs"] = {"degradation": GIVEN_PAIRS, **first.degradation.described(first.partners)}
    earlier = EarlierEvaluation(config.against) if config.against is not None else None
    if earlier is not None:
        earlier.check_same_faces(names, config.degradation, first.size, config.seed)
    sources = MetricSources(first.size, config.weights_dir, config.lpips_backbone, config.st_lpips, config.inception)
    metrics, described = _metrics(config, sources, console)
    convention |= described
    sets = open_face_sets(config.metrics or (), sources)
    if sets is not None:
        convention |= _described_sets(sets, groups or {str(config.data): set(names)}, console)
    if note := fit_note(first.extents.elements(), first.size):
        say(console, f"note      {note}")
    png_of = dict(zip(names, result_names(names, config.data), strict=True)) if config.save_images else {}
    steps = sum(map(len, folders.values()))
    # The same report every time, unless the fastest number format is asked for: nothing else is chosen by timing.
    faces = steps if config.precision == "auto" else None
    asked = Asked(config.layout, config.precision, config.compile)
    model = make_ready(opened, config.device, asked, faces, console, priors.passes)

    def restored(batch: FaceBatch) -> list[np.ndarray]:
        moved = batch.to(device)
        outputs = run_with_priors(
            model, moved.degraded, moved.priors, config.priors_from, priors.extract, priors.passes
        )
        return [to_uint8(output.float().cpu().numpy()) for output in outputs]

    evaluated: list[EvaluatedFace] = []
    with atomic_folder(config.out) as unfinished, track("evaluate", steps, console) as tick, torch.no_grad():
        for degradation, folder in folders.items():
            for number, (name, pictures) in enumerate(_pictures(config, folder, restored)):
                *stages, clean = pictures
                scores = measured(metrics, stages, clean)
                images = pictures if number < config.shown else None
                digest = inputs_digest(stages[0], clean)
                if earlier is not None:
                    earlier.check_same_input(name, degradation, digest)
                features = None if sets is None else sets.features_of(pictures)
                evaluated.append(EvaluatedFace(name, degradation, digest, scores, images, features))
                if config.save_images:
                    file = unfinished / "restored" / folder_name(degradation) / png_of[name]
                    file.parent.mkdir(parents=True, exist_ok=True)
                    write_image(file, stages[-1])
                if (number + 1) % config.batch_size == 0 or number + 1 == len(folder):
                    tick(at=len(evaluated))
        convention |= computed(opened, model)
        report = evaluation_report(opened, config.weights, config.data, convention, groups, evaluated, metrics, sets)
        if earlier is not None:
            report["against"] = earlier.compare(groups, evaluated)
        shown_faces = [face for face in evaluated if face.images is not None]
        write_comparison(shown_faces, unfinished / "comparison.png", convention)
        write_atomically(unfinished / "evaluation.md", table_markdown(report))
        write_atomically(unfinished / "faces.csv", faces_csv(report))
        write_atomically(unfinished / "evaluation.json", json.dumps(report, indent=1) + "\n")
    return report


class _Priors(NamedTuple):
    """Where a network's priors come from."""

    stored: tuple[str, ...]
    """The priors that are read from files."""
    extract: PriorExtractor | None
    """Finds all priors on the fly."""
    passes: int | None
    """Iterations to run; None for the network's own number."""


def _priors(config: EvaluateConfig, compiled: NetworkFacts, device: torch.device, console: Console) -> _Priors:
    compiled.check_dropped(config.drop_prior)
    takes = compiled.priors
    if isinstance(compiled, ExportedNetwork):
        compiled.check_maps(config.priors_from)
    if config.priors_from != "clean" and takes:
        sources = ExternalSources(config.weights_dir, config.parser, config.dictionary, config.landmarks_by)
        return _Priors((), prior_extractor(compiled, sources, device, config.drop_prior), None)
    if takes and not any(stored_prior(config.data, prior) for prior in takes):
        if not compiled.gives_pass(1):
            raise MfpsError(
                f"{config.weights}: gives no picture of iteration 0, and the others need the priors "
                f"{', '.join(takes)}, which are not in {config.data}; make them with `mfps prepare`"
            )
        # As in restoring: iteration 0 needs no prior.
        note = f"note      without priors ({', '.join(takes)}): stopped after iteration 0"
        say(console, note)
        return _Priors((), None, 1)
    return _Priors(takes, None, None)


def _metrics(
    config: EvaluateConfig, sources: MetricSources, console: Console
) -> tuple[tuple[Metric, ...], dict[str, Any]]:
    """The metrics of faces to measure, and what the convention says of them."""
    metrics, left_out = choose_metrics(config.metrics, sources)
    described: dict[str, Any] = {metric.name: metric.convention for metric in metrics if metric.convention}
    if left_out:
        say(console, f"note      not measured: {'; '.join(f'{name}: {why}' for name, why in left_out.items())}")
        described["not_measured"] = left_out
    return metrics, described


def _described_sets(sets: FaceSets, groups: Mapping[str, set[str]], console: Console) -> dict[str, Any]:
    """What the convention says of metrics of sets; a set that is too small is refused, a small one is noted."""
    for group, names in groups.items():
        sets.check_count(len(names), group)
    described = {name: dict(convention) for name, convention in sets.convention.items()}
    least = min(map(len, groups.values()))
    if "fid" in sets.metrics and (few := few_faces(least)):
        say(console, f"note      {few}")
        described["fid"]["few_faces"] = few
    return described


def _convention(config: EvaluateConfig, compiled: NetworkFacts, priors: _Priors) -> dict[str, Any]:
    """The conditions under which the numbers hold."""
    recorded = read_provenance(config.data, config.follow_links)
    what = (compiled.priors, config.priors_from, recorded, config.drop_prior)
    convention: dict[str, Any] = {
        "size": config.size or compiled.size,
        "degradation_seed": config.seed,
        "priors": "none: stopped after iteration 0" if priors.passes else describe_priors(*what),
        "oracle_priors": [] if priors.passes else list(oracle_priors(*what)),
    }
    if priors.extract is not None:
        convention["priors_found_by"] = priors.extract.provenance()
    return convention


def _folders(
    config: EvaluateConfig, compiled: NetworkFacts, groups: Mapping[str, set[str]], priors: tuple[str, ...]
) -> dict[str, FaceFolder]:
    """The faces under each degradation."""
    channels = compiled.config.prior_channels
    zeros: dict[str, int | None] = {prior: channels[prior] for prior in config.drop_prior}
    names, size = sorted(set().union(*groups.values())) if groups else None, config.size or compiled.size
    folders: dict[str, FaceFolder] = {}
    links = Tolerance(follow_links=config.follow_links)
    for degradation in config.degradation:
        wanted = WantedPriors(priors, compiled.heatmap_rgb, zeros)
        source = degraded_by(degradation, config.pairs, config.follow_links)
        folder = FaceFolder(config.data, size, source, names, wanted, config.seed, tolerance=links)
        compiled.check_priors(folder.prior_channels, config.data)
        folders[degradation] = folder
    return folders


def _pictures(
    config: EvaluateConfig, folder: FaceFolder, restored: Callable[[FaceBatch], list[np.ndarray]]
) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Each face's name and its pictures, uint8 (H, W, 3): degraded, each iteration, clean."""
    for batch in make_loader(folder, None, config.batch_size, config.seed, shuffle=False, workers=config.workers):
        series = [to_uint8(batch.degraded.numpy()), *restored(batch), to_uint8(batch.clean.numpy())]
        for i, name in enumerate(batch.names):
            yield name, [images[i] for images in series]


def folder_name(degradation: str) -> str:
    """The folder below `restored/` for a degradation's text: letters, digits and `_ . + -`, different for every text.

    Presets and mixes of them are named as they are written, without colons: `full0.5_blur0.5`; given pairs are
    `given-pairs`. The name of a chain of
    stages begins with their text and ends with the first eight digits of its SHA-256: `blur-6-12-jpeg-30-60-10031f2b`.
    """
    plain = degradation.replace(":", "").replace(",", "_").replace(" ", "-")
    if len(plain) <= 100 and re.fullmatch(r"[\w.+-]+", plain, re.ASCII):
        return plain
    words = re.sub(r"[^a-z0-9.]+", "-", degradation).strip("-")
    return f"{words[:60].rstrip('-.')}-{hashlib.sha256(degradation.encode()).hexdigest()[:8]}"
