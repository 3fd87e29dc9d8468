"""Torch's own formats: programs of torch.export, packages of AOTInductor, TorchScript.

All are zip archives, and keep what they say about themselves as files in a folder `extra`.
"""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..files.atomic_file import write_atomically
from .face_graph import FaceGraph
from .job import ExportJob
from .quiet import quiet

MAX_BATCH = 4096
"""Most faces that a file with a free number of faces takes at a time."""


def make_program(graph: FaceGraph, examples: Mapping[str, Tensor], batch: int | None) -> torch.export.ExportedProgram:
    """Record what a graph computes, for any number of faces or for a fixed one.

    Args:
        graph: the graph.
        examples: its inputs by name; at least two faces where their number is free, as one would be taken as fixed.
        batch: faces that are taken at a time; None for any number.
    """
    given = tuple(examples[name] for name in graph.input_names)
    shapes: tuple[Any, ...] | None = None
    if batch is None:
        faces = torch.export.Dim("batch", min=1, max=MAX_BATCH)
        axes: dict[str, dict[int, Any]] = {name: {0: faces} for name in graph.input_names}
        if "labels" in axes:
            axes["labels"] |= {1: torch.export.Dim("height", min=2), 2: torch.export.Dim("width", min=2)}
        picture, *rest = axes.values()
        shapes = (picture, tuple(rest)) if rest else (picture,)
    with quiet(), torch.no_grad():
        program = torch.export.export(graph, given, dynamic_shapes=shapes)
    for node in program.graph.nodes:  # the places of our source code on this machine
        node.meta.pop("stack_trace", None)
    return program


def write_program(job: ExportJob, file: Path) -> None:
    """Write the program for `torch.export.load`."""
    program = job.program
    assert program is not None
    held = io.BytesIO()  # torch's own writer answers a full disk in its own way
    examples = program.example_inputs
    # The file keeps them, and they may be larger than all else in it: zeros that are a single number.
    single = tuple(tensor.new_zeros(()).expand(tensor.shape) for tensor in job.given)
    program.example_inputs = (single, {})
    try:
        with quiet():
            torch.export.save(program, held, extra_files=job.metadata.texts())
    finally:
        program.example_inputs = examples
    write_atomically(file, held.getvalue(), new=True)


def write_package(job: ExportJob, file: Path) -> None:
    """Compile the program for this processor, for `torch._inductor.aoti_load_package`."""
    from torch._inductor import aoti_compile_and_package

    assert job.program is not None
    held = io.BytesIO()
    with quiet(), torch.no_grad():
        aoti_compile_and_package(job.program, package_path=held, inductor_configs={"freezing": True})
    with zipfile.ZipFile(held, "a") as archive:
        top = archive.namelist()[0].partition("/")[0]
        for key, text in job.metadata.texts().items():
            archive.writestr(f"{top}/extra/{key}", text)
    write_atomically(file, held.getvalue(), new=True)


def write_script(job: ExportJob, file: Path) -> None:
    """Write a TorchScript module for `torch.jit.load` and for C++."""
    assert job.program is not None
    held = io.BytesIO()
    with quiet(), torch.no_grad():
        traced: Any = torch.jit.trace(job.program.module(), job.given, check_trace=False)
        torch.jit.save(torch.jit.freeze(traced.eval()), held, _extra_files=job.metadata.texts())
    write_atomically(file, held.getvalue(), new=True)
