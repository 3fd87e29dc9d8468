"""Exporting a network: the files are written, compared with the network on faces, and kept only if they agree."""

import json
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from .. import __version__
from ..engine.progress import track
from ..engine.terminal import say
from ..errors import MfpsError, shortened
from ..files.atomic_file import write_atomically
from ..files.atomic_folder import atomic_folder, check_free
from ..inference.parity_file import PARITY_FILE
from ..networks.folded_norm import fold_norms
from .config import ExportConfig
from .face_graph import FaceGraph
from .folded_priors import FoldedPriors
from .formats import FORMATS
from .job import ExportJob
from .neighbours import NEIGHBOURS
from .parity import Parity, by_file, by_network, compare
from .plan import Plan, plan_export
from .quantized import QuantizationLoss, loss_of, quantize_onnx
from .readme import readme
from .torch_files import make_program


class Exported(NamedTuple):
    """What `export` did."""

    files: tuple[Parity, ...]
    """The files, with their comparison."""
    note: str
    """Why they were not compared on the run's own faces; empty if they were."""
    loss: QuantizationLoss | None
    """What 8 bits cost."""
    added: tuple[str, ...]
    """Files for other programs."""


def export(config: ExportConfig, console: Console | None = None) -> Exported:
    """Export a network to a new folder, with `parity.json` and a README.

    Args:
        config: the network, the formats, and what is inside the files.
        console: where progress is shown; by default nowhere.

    Returns:
        The files, and how they compare with the network.

    Raises:
        MfpsError: an input cannot be used, something is not installed, or a file differs too much from the network;
            nothing is left then.
    """
    console = console or Console(quiet=True)
    check_free(config.out)
    plan = plan_export(config)
    rows = [FORMATS[kind] for kind in config.format]
    traced = any(row.load is None for row in rows)
    with atomic_folder(config.out) as unfinished, track("export", len(rows) + traced, console) as tick:
        job = _job(config, plan, traced)
        if traced:
            tick("program")
        found: list[Parity] = []
        loss, added = None, list[str]()
        for kind, row in zip(config.format, rows, strict=True):
            spec = plan.spec.without_priors() if row.pictures_only else plan.spec
            network = by_network(plan.compiled.restorer, spec)
            if row.compiles:
                say(console, f"{kind}: compiling for this processor takes minutes")
            for file in (unfinished / f"{plan.name}{ending}" for ending in row.endings):
                precision = _write(plan, job, kind, file)
                run = by_file(file, kind, spec)
                found.append(compare(file, kind, precision, run, plan.faces, network))
                if precision == "int8" and plan.ranges is not None:
                    loss = loss_of(network, run, plan.ranges.held_out, plan.spec)
                if kind == "onnx":
                    added += [name for one in config.neighbours for name in NEIGHBOURS[one](file, config.licence or "")]
            tick(kind)
        done = Exported(tuple(found), plan.note, loss, tuple(added))
        write_atomically(unfinished / PARITY_FILE, json.dumps(_record(plan, done), indent=1) + "\n")
        write_atomically(unfinished / "README.md", readme(job, found, loss, added))
    return done


def _job(config: ExportConfig, plan: Plan, traced: bool) -> ExportJob:
    folded = None
    if plan.spec.priors == "folded":
        folded = FoldedPriors(plan.spec.channels, plan.drawing.heatmap_rgb, plan.drawing.dictionary)
    network = fold_norms(plan.compiled.restorer, transposed=plan.ranges is None)
    graph = FaceGraph(network, plan.spec, folded).eval()
    examples = plan.faces.examples(plan.spec)
    program = make_program(graph, examples, plan.metadata.batch) if traced else None
    return ExportJob(plan.compiled, graph, plan.metadata, examples, config.opset, program)


def _write(plan: Plan, job: ExportJob, kind: str, file: Path) -> str:
    """Write a file; returns its number format."""
    precision = "int8" if kind == "onnx" and plan.ranges is not None else plan.metadata.precision
    try:
        FORMATS[kind].write(job, file)
        if kind == "onnx" and plan.ranges is not None:
            metadata = plan.metadata.model_copy(update={"precision": precision})
            quantize_onnx(file, plan.ranges.calibration, plan.spec, metadata)
    except (MfpsError, OSError):
        raise
    except Exception as error:  # exporters and compilers raise types of their own
        said = next(iter(str(error).splitlines()), type(error).__name__)
        raise MfpsError(f"`format` {kind}: cannot be made ({shortened(said, 200)}); leave it out") from error
    return precision


def _record(plan: Plan, done: Exported) -> dict[str, object]:
    return {
        "mfps": __version__,
        "genotype": plan.metadata.genotype_hash,
        "weights_sha256": plan.metadata.weights_sha256,
        "files": [parity._asdict() for parity in done.files],
        **({} if done.loss is None else {"int8": done.loss._asdict()}),
    }
