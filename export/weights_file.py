"""The weights file of an export: the network as mfps keeps it, for the commands of mfps and for other readers."""

from pathlib import Path

from ..engine.weights import save_weights
from ..inference.compile import weights_header
from .job import ExportJob


def write_weights(job: ExportJob, file: Path) -> None:
    """Write the weights, in float16 if the files of the export are to be."""
    compiled, half = job.compiled, job.graph.spec.half
    state = {
        name: tensor.half() if half and tensor.is_floating_point() else tensor
        for name, tensor in compiled.restorer.state_dict().items()
    }
    save_weights(file, state, new=True, **weights_header(compiled.genotype, compiled.config, compiled.provenance))
