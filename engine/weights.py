"""Weights files: safetensors that carry the architecture, so that one file is enough to rebuild its network.

The header holds one string, `mfps`: JSON with `format`, `network` (the network's configuration), `provenance`, and
either `genotype` for a fixed network or `space` for a supernet. One string, because safetensors writes several in any
order, and the same weights must give the same bytes. Nothing is ever unpickled.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..errors import MfpsError
from .run_folder import check_writable

FORMAT = "mfps.weights/1"
"""Name and version of the header's layout."""


@dataclass(frozen=True)
class WeightsFile:
    """A weights file's content.

    Attributes:
        state: tensors by state-dict key, on the CPU.
        header: `network`, `provenance` and `genotype` or `space`, parsed.
    """

    state: dict[str, Tensor]
    header: dict[str, Any]


def save_weights(file: Path, state: Mapping[str, Tensor], **header: Any) -> None:
    """Write tensors and header, first to a temporary name beside `file`."""
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    text = json.dumps({"format": FORMAT, **header}, sort_keys=True)
    temporary = file.with_name(f".{file.name}.part")
    # Written by Python rather than by safetensors, so that the file gets the user's usual permissions.
    try:
        temporary.write_bytes(save(tensors, metadata={"mfps": text}))
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def check_weights_target(file: Path) -> None:
    """Raise an MfpsError unless `file` is a .safetensors file that can be made and is not there yet."""
    if file.suffix != ".safetensors":
        raise MfpsError(f"{file}: a weights file ends in .safetensors; give such a name with --out")
    if os.path.lexists(file):
        raise MfpsError(f"{file}: exists already, and nothing is overwritten; give another name with --out")
    check_writable(file.parent)


def load_weights(file: Path) -> WeightsFile:
    """Read a weights file, or the `weights.safetensors` of a run folder.

    Raises:
        MfpsError: it isn't there, is no safetensors file, or was not written by mfps.
    """
    file = file / "weights.safetensors" if file.is_dir() else file
    if not file.is_file():
        raise MfpsError(f"no weights file {file}: give a weights.safetensors, or the run folder that holds one")
    try:
        with safe_open(file, framework="pt") as opened:
            text = (opened.metadata() or {}).get("mfps")
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise MfpsError(f"{file}: not a safetensors file ({error}); give one written by mfps") from None
    if text is None:
        raise MfpsError(f"{file}: its header does not say what network it is of; give a file written by mfps")
    try:
        header = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise MfpsError(f"{file}: its header is damaged; give a file written by mfps") from None
    if not isinstance(header, dict) or header.pop("format", None) != FORMAT:
        raise MfpsError(f"{file}: its header is not {FORMAT!r}; give a file written by this version of mfps")
    return WeightsFile(state, header)
