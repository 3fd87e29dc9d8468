"""ONNX files: one file with everything in it, for onnxruntime and for the converters of other programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ..errors import MfpsError
from ..files.atomic_file import write_atomically
from .job import ExportJob
from .quiet import quiet

MAX_BYTES = 2**31 - 2**20
"""What a single ONNX file can hold, with room for the graph."""


def write_onnx(job: ExportJob, file: Path) -> None:
    """Write the program as ONNX.

    Raises:
        MfpsError: it is too large for one file, or the operators cannot be expressed in the wanted version.
    """
    import onnx

    assert job.program is not None
    graph = job.graph
    held = sum(tensor.numel() * tensor.element_size() for tensor in job.program.state_dict.values())
    if held > MAX_BYTES:
        raise MfpsError(
            f"the network holds {held / 1e9:.1f} GB, and an ONNX file at most 2: leave onnx out of `format`"
            + ("; without `priors` folded it is smaller" if graph.folded is not None else "")
        )
    model = onnx_model(job.program, job.opset, graph.input_names, graph.spec.output_names)
    (version,) = (entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    if version != job.opset:
        raise MfpsError(f"`opset` {job.opset}: this network needs operators of version {version}; set `opset` to that")
    for part in (*model.graph.node, *model.graph.value_info):  # what the exporter says about our source code
        part.ClearField("metadata_props")
    onnx.helper.set_model_props(model, job.metadata.texts())
    _name_axes(model.graph.input, job.metadata.batch)
    _name_axes(model.graph.output, job.metadata.batch)
    write_atomically(file, model.SerializeToString(), new=True)


def onnx_model(
    program: torch.export.ExportedProgram, opset: int, inputs: Sequence[str], outputs: Sequence[str] | None
) -> Any:
    """A program as an ONNX model (a `ModelProto`).

    Args:
        program: of torch.export.
        opset: version of the operators; another one if the program needs it.
        inputs: names of its inputs.
        outputs: names of its outputs; None for any.
    """
    with quiet(), torch.no_grad():
        written = torch.onnx.export(
            program,
            (),
            dynamo=True,
            opset_version=opset,
            input_names=list(inputs),
            output_names=None if outputs is None else list(outputs),
            verbose=False,
        )
    assert written is not None
    return written.model_proto


def _name_axes(values: Sequence, batch: int | None) -> None:
    """Call the axes of a free size by what they are, where a program shows them."""
    for value in values:
        names = ("height", "width") if value.name == "labels" else ()
        for dim, name in zip(value.type.tensor_type.shape.dim, ("batch", *names), strict=False):
            if dim.dim_param and (batch is None or name != "batch"):
                dim.dim_param = name
