"""Judging a fixed network: PSNR and SSIM of the degraded input and of every iteration, image by image.

A report covers every asked-for degradation, and every list of names as a group of its own. It carries the convention
its numbers follow.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from .. import __version__
from ..engine.configuration import check_options
from ..engine.device import make_fabric
from ..engine.progress import track
from ..engine.run_folder import check_free, replace_text, whole_folder
from ..errors import MfpsError
from ..faces.comparison import comparison_sheet
from ..faces.dataset import FaceFolder, make_loader
from ..faces.image import write_image
from ..faces.lists import png_names, read_list
from ..faces.metrics import CONVENTION, psnr, ssim, to_uint8
from .compile import CompiledNetwork, load_network

SCHEMA = "mfps.evaluation/1"

ORACLE = ", read from files beside the photographs, made from the clean faces: oracle priors"
"""What a report says of its priors."""


@dataclass(frozen=True)
class EvaluatedFace:
    """One face under one degradation.

    Attributes:
        name: the photograph.
        degradation: preset or mix.
        scores: `psnr` (dB) and `ssim` of the input, then of each iteration.
        images: uint8 (H, W, 3): input, each iteration, clean. Kept for the first faces only.
    """

    name: str
    degradation: str
    scores: list[dict[str, float]]
    images: list[np.ndarray] | None


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
) -> dict[str, Any]:
    """Evaluate a network and write `evaluation.json`, `evaluation.md` and `comparison.png` to a new folder.

    Args:
        weights: weights file or run folder.
        data: folder of clean faces, with the priors that the network takes.
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
    folders = [_faces(compiled, data, degradation, listed, size, seed) for degradation in degradations]
    names = folders[0].names
    png_of = dict(zip(names, png_names(names, data), strict=True)) if save_images else {}

    model = fabric.setup(compiled.restorer)
    evaluated: list[EvaluatedFace] = []
    steps = sum(len(folder) for folder in folders)
    with whole_folder(out) as unfinished, track("evaluate", steps, console) as tick, torch.no_grad():
        for degradation, folder in zip(degradations, folders, strict=True):
            kept = 0
            for batch in make_loader(folder, None, batch_size, seed, shuffle=False, workers=workers):
                moved = batch.to(fabric.device)
                restored = [to_uint8(output.float().cpu().numpy()) for output in model(moved.degraded, moved.priors)]
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

        report = _report(compiled, weights, data, size, seed, groups, degradations, evaluated)
        _comparison([face for face in evaluated if face.images is not None], unfinished / "comparison.png")
        replace_text(unfinished / "evaluation.md", table_markdown(report))
        replace_text(unfinished / "evaluation.json", json.dumps(report, indent=1) + "\n")
    return report


def table_rows(report: dict[str, Any]) -> list[tuple[str, ...]]:
    """The report as rows of text: degradation, list, faces, what, PSNR, SSIM, and the gain over the input."""
    rows: list[tuple[str, ...]] = []
    for result in report["results"]:
        before = result["input"]
        stages = [("input", before)]
        stages += [(f"iteration {i}", scores) for i, scores in enumerate(result["iterations"])]
        for stage, scores in stages:
            gain = (
                ""
                if scores is before
                else f"{scores['psnr'] - before['psnr']:+.2f}, {scores['ssim'] - before['ssim']:+.3f}"
            )
            numbers = (f"{scores['psnr']:.2f}", f"{scores['ssim']:.4f}", gain)
            rows.append((result["degradation"], result["list"], str(result["faces"]), stage, *numbers))
    return rows


TABLE_COLUMNS = ("degradation", "list", "faces", "", "PSNR (dB)", "SSIM", "gain of both")
"""Titles of `table_rows`."""


def table_markdown(report: dict[str, Any]) -> str:
    """The report as a Markdown page: the table, and the convention below it."""
    lines = [
        f"# Evaluation of {report['name']}",
        "",
        f"| {' | '.join(TABLE_COLUMNS)} |",
        f"|{'---|' * len(TABLE_COLUMNS)}",
    ]
    lines += [f"| {' | '.join(row)} |" for row in table_rows(report)]
    lines += ["", *(f"- {key}: {value}" for key, value in report["convention"].items()), ""]
    return "\n".join(lines)


def _faces(
    compiled: CompiledNetwork, data: Path, degradation: str, names: list[str] | None, size: int, seed: int
) -> FaceFolder:
    folder = FaceFolder(data, size, degradation, names, compiled.restorer.priors, seed, compiled.heatmap_rgb)
    compiled.check_priors(folder.prior_channels, data)
    return folder


def _report(
    compiled: CompiledNetwork,
    weights: Path,
    data: Path,
    size: int,
    seed: int,
    groups: dict[str, set[str]],
    degradations: Sequence[str],
    evaluated: list[EvaluatedFace],
) -> dict[str, Any]:
    results = [
        {
            "degradation": degradation,
            "list": group,
            **_means(
                [
                    face
                    for face in evaluated
                    if face.degradation == degradation and (members is None or face.name in members)
                ]
            ),
        }
        for degradation in degradations
        for group, members in (groups or {"all": None}).items()
    ]
    overall = _means(evaluated)
    faces = [
        {
            "name": face.name,
            "degradation": face.degradation,
            "lists": [group for group, members in groups.items() if face.name in members],
            "input": face.scores[0],
            "iterations": face.scores[1:],
        }
        for face in evaluated
    ]
    return {
        "schema": SCHEMA,
        "mfps": __version__,
        "name": compiled.genotype.name,
        "genotype": compiled.genotype.hash,
        "weights": weights.name,
        "data": data.name,
        "convention": {
            **CONVENTION,
            "size": size,
            "degradation_seed": seed,
            "means": "over images; the top-level ones over all degradations too",
            "priors": ", ".join(compiled.restorer.priors) + ORACLE if compiled.restorer.priors else "none",
        },
        "input": overall["input"],
        "iterations": overall["iterations"],
        "results": results,
        "faces": faces,
        "provenance": compiled.provenance,
    }


def _means(faces: Sequence[EvaluatedFace]) -> dict[str, Any]:
    stages = list(zip(*(face.scores for face in faces), strict=True))
    means = [{key: float(np.mean([scores[key] for scores in stage])) for key in ("psnr", "ssim")} for stage in stages]
    return {"faces": len(faces), "input": means[0], "iterations": means[1:]}


def _comparison(faces: Sequence[EvaluatedFace], file: Path) -> None:
    rows, captions = [], []
    for face in faces:
        if face.images is not None:
            rows.append([face.images[0], *face.images[1:-1], face.images[-1]])
            captions.append([*(f"{scores['psnr']:.2f} dB  {scores['ssim']:.3f}" for scores in face.scores), ""])
    iterations = len(rows[0]) - 2
    outputs = ["output"] if iterations == 1 else [f"iteration {i}" for i in range(iterations)]
    sheet = comparison_sheet(rows, ["input", *outputs, "clean"], captions)
    write_image(file, np.asarray(sheet))


def _slug(degradation: str) -> str:
    return degradation.replace(":", "").replace(",", "_")
