"""What a weights file says about itself: architecture, size, number format, provenance."""

import json
from pathlib import Path
from typing import Any

from ..engine.weights import load_weights, weights_in
from ..genotypes.genotype_file import parse_genotype

BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
"""Tensors that are not parameters: the statistics of batch norms."""


def weights_report(file: Path) -> dict[str, Any]:
    """Describe a weights file without building its network.

    Args:
        file: weights file, or the run folder that holds one.

    Returns:
        `file`, `kind`, `genotype`, `hash`, `branches` (of a fixed network), `parameters`, `tensors`, `dtype`, `bytes`,
        `network` (its configuration) and `provenance`, in this order; plain JSON data.

    Raises:
        MfpsError: the file is not a weights file of mfps, or its genotype is not valid.
    """
    file = weights_in(file)
    opened = load_weights(file)
    report: dict[str, Any] = {"file": str(file), "kind": "supernet"}
    if "genotype" in opened.header:
        genotype = parse_genotype(json.dumps(opened.header["genotype"]), str(file))
        branches = ", ".join(f"{name} (width {branch.width})" for name, branch in genotype.present.items())
        report |= {"kind": "fixed network", "genotype": genotype.name, "hash": genotype.hash, "branches": branches}
    dtypes = {str(tensor.dtype).removeprefix("torch.") for key, tensor in opened.state.items() if not _is_buffer(key)}
    return report | {
        "parameters": sum(tensor.numel() for key, tensor in opened.state.items() if not _is_buffer(key)),
        "tensors": len(opened.state),
        "dtype": ", ".join(sorted(dtypes)),
        "bytes": file.stat().st_size,
        "network": opened.header.get("network"),
        "provenance": opened.header.get("provenance"),
    }


def _is_buffer(key: str) -> bool:
    return key.rpartition(".")[2] in BUFFERS
