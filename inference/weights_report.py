"""What a weights file or an exported file says about itself: architecture, size, number format, provenance."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.weights import load_weights, weights_in
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import parse_genotype

if TYPE_CHECKING:
    from .exported_network import ExportedNetwork

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
"""Tensors that are not parameters: the statistics of batch norms."""


def weights_report(file: Path) -> dict[str, Any]:
    """Describe a weights file or an exported file without building its network.

    Args:
        file: weights file, the run folder that holds one, or a file of `mfps export`.

    Returns:
        `file`, `kind`, `genotype`, `hash`, `branches` (of a fixed network), or `hand_made`; `parameters`, `tensors` and
        `dtype` of weights, or what goes into an exported file and what comes out; `bytes`, `network` (its
        configuration) and `provenance`, in this order; plain JSON data.

    Raises:
        MfpsError: the file is neither, or its genotype is not valid.
    """
    from .exported_network import is_exported, open_exported  # reads pictures too, which weights do not need

    if is_exported(file):
        return _of_an_export(open_exported(file))
    file = weights_in(file)
    opened = load_weights(file)
    report: dict[str, Any] = {"file": str(file), "kind": "supernet"}
    if "genotype" in opened.header:
        report["kind"] = "fixed network"
        report |= _architecture(parse_genotype(json.dumps(opened.header["genotype"]), str(file)))
    elif "hand_made" in opened.header:
        report |= {"kind": "hand-made network", "hand_made": opened.header["hand_made"]}
    dtypes = {str(tensor.dtype).removeprefix("torch.") for key, tensor in opened.state.items() if not _is_buffer(key)}
    return report | {
        "parameters": sum(tensor.numel() for key, tensor in opened.state.items() if not _is_buffer(key)),
        "tensors": len(opened.state),
        "dtype": ", ".join(sorted(dtypes)),
        "bytes": file.stat().st_size,
        "network": opened.header.get("network"),
        "provenance": opened.header.get("provenance"),
    }


def _of_an_export(exported: "ExportedNetwork") -> dict[str, Any]:
    said = exported.metadata
    return {
        "file": str(exported.file),
        "kind": exported.described(),
        **_architecture(exported.genotype),
        "size": exported.size,
        "passes": ", ".join(str(number + 1) for number in said.outputs),
        "priors": said.priors,
        "wrap": said.wrap,
        "range": said.range,
        "weights": said.weights_sha256,
        "licence": said.licence or None,
        "bytes": exported.file.stat().st_size,
        "network": said.network.model_dump(mode="json"),
        "provenance": said.provenance,
    }


def _architecture(genotype: Genotype) -> dict[str, str]:
    branches = ", ".join(f"{name} (width {branch.width})" for name, branch in genotype.present.items())
    return {"genotype": genotype.name, "hash": genotype.hash, "branches": branches}


def _is_buffer(key: str) -> bool:
    return key.rpartition(".")[2] in BUFFERS
