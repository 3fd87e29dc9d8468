"""Weights files of an export: the network as mfps keeps it, and as spandrel reads it."""

import io
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from ..engine.weights import save_weights
from ..files.atomic_file import write_atomically
from ..inference.compile import weights_header
from ..integrations.spandrel import network_of, spandrel_state
from ..networks.state_dict_file import read_state_dict
from .job import ExportJob


def write_weights(job: ExportJob, file: Path) -> None:
    """Write the weights, in float16 if the files of the export are to be."""
    compiled, half = job.compiled, job.graph.spec.half
    state = {
        name: tensor.half() if half and tensor.is_floating_point() else tensor
        for name, tensor in compiled.restorer.state_dict().items()
    }
    save_weights(file, state, new=True, **weights_header(compiled.genotype, compiled.config, compiled.provenance))


def write_spandrel(job: ExportJob, file: Path) -> None:
    """Write weights and architecture for spandrel: tensors alone, as .safetensors or .pth."""
    state = spandrel_state(job.compiled, job.graph.spec.half)
    content = io.BytesIO()
    if file.suffix == ".pth":
        torch.save(state, content)
    write_atomically(file, content.getvalue() or save(state), new=True)


def load_spandrel(file: Path) -> nn.Module:
    """The network in such a file, as spandrel rebuilds it."""
    return network_of(read_state_dict(file)).restorer
