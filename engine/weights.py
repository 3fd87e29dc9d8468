"""Weights files: safetensors that include the architecture, so that one file is enough to rebuild its network.

The header holds one string, `mfps`: JSON with `format`, `network` (the network's configuration), `provenance`, and
one of `genotype` for a fixed network, `space` for a supernet, and `hand_made` for one that no search found. One string,
because safetensors writes several in any order, and the same weights must produce the same bytes. Nothing is ever
unpickled.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..errors import MfpsError, shown
from ..files.atomic_file import remove_leftovers, write_atomically
from ..files.atomic_folder import check_writable
from ..files.json_text import read_strict
from ..files.regular_file import is_file, is_folder, open_regular
from ..files.safetensors_header import check_safetensors

WEIGHTS_FORMAT = "mfps.weights/1"
"""Name and version of the header's layout."""

_TYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int32, torch.int64)


@dataclass(frozen=True)
class WeightsFile:
    """A weights file's content.

    Attributes:
        state: tensors by state-dict key, on the CPU.
        header: `network`, `provenance` and `genotype`, `space` or `hand_made`, parsed.
    """

    state: dict[str, Tensor]
    header: dict[str, Any]


def save_weights(file: Path, state: Mapping[str, Tensor], *, new: bool = False, **header: Any) -> None:
    """Write tensors and header; the file then exists completely or not at all. `new` refuses to replace one."""
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    text = json.dumps({"format": WEIGHTS_FORMAT, **header}, sort_keys=True)
    write_atomically(file, save(tensors, metadata={"mfps": text}), new)


def check_weights_target(file: Path) -> None:
    """Raise an MfpsError unless `file` is a .safetensors file that can be made and does not exist yet.

    What a killed process left half-written of it is removed first.
    """
    if file.suffix != ".safetensors":
        raise MfpsError(f"{file}: a weights file ends in .safetensors; give such a name for `out`")
    remove_leftovers(file)
    if os.path.lexists(file):
        raise MfpsError(f"{file}: already exists, and nothing is overwritten; give another name for `out`")
    check_writable(file.parent)


def is_foreign(file: Path) -> bool:
    """Whether a file holds tensors, but not the header of mfps's weights files: a pickle, or safetensors of others."""
    if not is_file(file):
        return False
    with open_regular(file, "weights file") as opened:
        start = opened.read(9)
    if start[8:] != b"{":
        return start.startswith((b"PK", b"\x80"))
    try:
        check_safetensors(file, "weights file", "")
        with safe_open(file, framework="pt") as opened:
            return "mfps" not in (opened.metadata() or {})
    except (MfpsError, SafetensorError, RuntimeError):
        return False  # damaged, or it cannot be read (torch raises a RuntimeError), which `load_weights` says


def weights_in(place: Path) -> Path:
    """The weights file that a path names: the file itself, or the `weights.safetensors` of a run folder."""
    return place / "weights.safetensors" if is_folder(place) else place


def load_weights(file: Path) -> WeightsFile:
    """Read a weights file, or the `weights.safetensors` of a run folder.

    Raises:
        MfpsError: it does not exist, is not a safetensors file, or was not written by mfps.
    """
    file = weights_in(file)
    if not os.path.lexists(file):
        raise MfpsError(f"no weights file {file}: give a weights.safetensors, or the run folder that holds one")
    check_safetensors(file, "weights file", "give one written by mfps")
    try:
        with safe_open(file, framework="pt") as opened:
            text = (opened.metadata() or {}).get("mfps")
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a dict
    except Exception as error:  # SafetensorError, and whatever torch raises for a type or shape that it cannot make
        raise MfpsError(f"{file}: not a safetensors file ({error}); give one written by mfps") from None
    if text is None:
        raise MfpsError(f"{file}: its header does not say which network it belongs to; give a file written by mfps")
    try:
        header = read_strict(text)
    except MfpsError as error:
        raise MfpsError(f"{file}: its header is damaged: {error}") from None
    if not isinstance(header, dict) or header.pop("format", None) != WEIGHTS_FORMAT:
        raise MfpsError(f"{file}: its header is not {WEIGHTS_FORMAT!r}; give a file written by this version of mfps")
    if odd := next((name for name, tensor in state.items() if tensor.dtype not in _TYPES), None):
        raise MfpsError(f"{file}: {shown(odd)} is of type {state[odd].dtype}; convert it to float32")
    if broken := next((name for name, tensor in state.items() if not tensor.isfinite().all()), None):
        raise MfpsError(f"{file}: {shown(broken)} holds values that are not finite; give an undamaged file")
    return WeightsFile(state, header)
