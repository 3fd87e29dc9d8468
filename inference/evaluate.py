"""Judging a fixed network: PSNR and SSIM of the degraded input and of every iteration, image by image.

A report covers every asked-for degradation, and every list of names as a group of its own. It carries the convention
its numbers follow.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from ..data.dataset import FaceFolder
from ..data.loader import make_loader
from ..engine.configuration import check_options
from ..engine.device import make_fabric
from ..engine.progress import track
from ..errors import MfpsError
from ..files.atomic_folder import atomic_folder, check_free
from ..files.durable_file import write_durably
from ..images.image import write_image
from ..images.lists import png_names, read_list
from ..images.metrics import psnr, ssim
from ..images.tensors import to_uint8
from ..priors.extractor import ExternalSources
from ..priors.face_priors import stored_prior
from ..priors.provenance import describe_priors, oracle_priors, read_provenance
from .compile import CompiledNetwork, load_network
from .evaluation_report import EvaluatedFace, evaluation_report, table_markdown, write_comparison
from .prior_runs import check_source, run_with_priors


def evaluate(
    weights: Path,
    data: Path,
    out: Path,
    console: Console,
    *,
    lists: Sequence[Path] = (),
    degradations: Sequence[str] = ("full",),
    size: int | None = None,
    seed: int = 0,
    batch_size: int = 8,
    workers: int = 0,
    device: str = "auto",
    precision: str = "float32",
    shown: int = 6,
    save_images: bool = False,
    priors_from: str = "clean",
    drop_prior: Sequence[str] = (),
    sources: ExternalSources | None = None,
) -> dict[str, Any]:
    """Evaluate a network and write `evaluation.json`, `evaluation.md` and `comparison.png` to a new folder.

    Args:
        weights: weights file or run folder.
        data: folder of clean faces, with the priors that the network takes; without any of them it stops after
            iteration 0, which needs none.
        out: folder to make.
        console: where progress is shown.
        lists: list files, each a group that is reported on its own; without any, all faces of `data`.
        degradations: presets or mixes, each reported on its own.
        size: side in pixels; by default the one the network was trained at.
        seed: seed of the degradations.
        batch_size: faces at a time.
        workers: processes that read and degrade.
        device: auto, cpu, cuda or cuda:N.
        precision: float32 or bfloat16.
        shown: faces of each degradation on the comparison picture.
        save_images: write every restored face to `restored/`.
        priors_from: `clean` reads them from files; `degraded` and `coarse` find them on the fly.
        drop_prior: priors that are zeroed, for an ablation.
        sources: where the networks that find priors come from.

    Returns:
        The report, as written.

    Raises:
        MfpsError: something given cannot be used.
    """
    check_options(seed=(seed, 0), batch_size=(batch_size, 1), workers=(workers, 0), shown=(shown, 1))
    if len(set(degradations)) < len(degradations):
        raise MfpsError(f"--degradation {max(degradations, key=degradations.count)!r} comes twice; name each once")
    check_free(out)
    fabric = make_fabric(device, precision)
    compiled = load_network(weights)
    size = compiled.size if size is None else size
    groups = {path.stem: set(read_list(path, data)) for path in lists}
    if len(groups) < len(lists):
        raise MfpsError(
            f"two lists have the same name: {', '.join(path.name for path in lists)}; "
            "a group is called by its list's name, so rename one"
        )
    listed = sorted(set().union(*groups.values())) if groups else None
    check_source(priors_from)
    compiled.check_dropped(drop_prior)
    extract = None
    if priors_from != "clean" and compiled.restorer.priors:
        extract = compiled.extractor(sources, fabric.device, drop_prior)
    stored, passes = () if extract else compiled.restorer.priors, None
    if stored and not any(stored_prior(data, prior) for prior in stored):
        # As in restoring: iteration 0 needs no prior.
        note = f"note      without priors ({', '.join(stored)}): stopped after iteration 0"
        console.print(note, highlight=False, markup=False, soft_wrap=True)
        stored, passes = (), 1
    recorded = read_provenance(data)
    folders = [
        _faces(compiled, data, degradation, listed, size, seed, stored, drop_prior) for degradation in degradations
    ]
    names = folders[0].names
    png_of = dict(zip(names, png_names(names, data), strict=True)) if save_images else {}

    model = fabric.setup(compiled.restorer)
    evaluated: list[EvaluatedFace] = []
    steps = sum(len(folder) for folder in folders)
    with atomic_folder(out) as unfinished, track("evaluate", steps, console) as tick, torch.no_grad():
        for degradation, folder in zip(degradations, folders, strict=True):
            kept = 0
            for batch in make_loader(folder, None, batch_size, seed, shuffle=False, workers=workers):
                moved = batch.to(fabric.device)
                outputs = run_with_priors(model, moved.degraded, moved.priors, priors_from, extract, passes)
                restored = [to_uint8(output.float().cpu().numpy()) for output in outputs]
                series = [to_uint8(batch.degraded.numpy()), *restored]
                for i, (name, clean) in enumerate(zip(batch.names, to_uint8(batch.clean.numpy()), strict=True)):
                    pictures = [images[i] for images in series]
                    scores = [{"psnr": psnr(picture, clean), "ssim": ssim(picture, clean)} for picture in pictures]
                    evaluated.append(
                        EvaluatedFace(name, degradation, scores, [*pictures, clean] if kept < shown else None)
                    )
                    kept += 1
                    if save_images:
                        file = unfinished / "restored" / _slug(degradation) / png_of[name]
                        file.parent.mkdir(parents=True, exist_ok=True)
                        write_image(file, pictures[-1])
                    tick()

        priors = (compiled.restorer.priors, priors_from, recorded, drop_prior)
        convention = {
            "size": size,
            "degradation_seed": seed,
            "priors": "none: stopped after iteration 0" if passes else describe_priors(*priors),
            "oracle_priors": [] if passes else list(oracle_priors(*priors)),
        }
        if extract is not None:
            convention["priors_found_by"] = extract.provenance()
        report = evaluation_report(compiled, weights, data, convention, groups, degradations, evaluated)
        shown_faces = [face for face in evaluated if face.images is not None]
        write_comparison(shown_faces, unfinished / "comparison.png", bool(convention["oracle_priors"]))
        write_durably(unfinished / "evaluation.md", table_markdown(report))
        write_durably(unfinished / "evaluation.json", json.dumps(report, indent=1) + "\n")
    return report


def _faces(
    compiled: CompiledNetwork,
    data: Path,
    degradation: str,
    names: list[str] | None,
    size: int,
    seed: int,
    priors: Sequence[str],
    dropped: Sequence[str],
) -> FaceFolder:
    zeros: dict[str, int | None] = {prior: compiled.restorer.config.prior_channels[prior] for prior in dropped}
    folder = FaceFolder(data, size, degradation, names, priors, seed, compiled.heatmap_rgb, dropped=zeros)
    compiled.check_priors(folder.prior_channels, data)
    return folder


def _slug(degradation: str) -> str:
    return degradation.replace(":", "").replace(",", "_")
