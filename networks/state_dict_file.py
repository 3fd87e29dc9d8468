"""State dicts in the files that other programs write: .pth files and safetensors, read safely, each in one place.

A .pth file is a pickle. It is checked before torch opens it, and then read only by `torch.load(weights_only=True)`:
nothing in it is ever executed.
"""

import os
import pickletools
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import safe_open
from torch import Tensor

from ..errors import MfpsError, shortened, shown
from ..files.regular_file import is_folder, open_regular
from ..files.safetensors_header import check_safetensors

WRAPPERS = ("params_ema", "params", "state_dict", "model_state_dict", "model")
"""Keys under which a checkpoint may store its state dict; the first that it has is read. `params_ema` is the average of
`params`."""

PREFIXES = ("module.", "_orig_mod.")
"""What torch's DataParallel, AveragedModel and compile put before every key."""

COUNTERS = ("n_averaged",)
"""Tensors beside those of the network that a wrapper of torch's adds: AveragedModel's number of averaged models."""

MAX_CHECKPOINT_BYTES = 2**31
"""The published checkpoint is a few tens of megabytes, VGG19's official weights half a gigabyte."""

_TENSOR_NAMES = (
    "collections.OrderedDict",
    "torch._utils._rebuild_tensor",  # before 2018
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_sparse_tensor",
    "torch.nn.parameter.Parameter",
    "torch.serialization._get_layout",
    "torch.Size",
)
_LEGACY_PICKLES = 5  # magic number, protocol, machine, state dict, names of the storages; then come the values


def read_state_dict(
    file: Path, remedy: str = "give a .pth or .safetensors file of a network's weights"
) -> dict[str, Tensor]:
    """Read the state dict of a checkpoint.

    Args:
        file: what `torch.save` wrote, the state dict bare or under one of `WRAPPERS`; or a safetensors file.
        remedy: what to do where there is no such file, for messages.

    Returns:
        The tensors by their keys, on the CPU, without `PREFIXES`.

    Raises:
        MfpsError: the file is missing, is not a checkpoint, or holds anything but tensors.
    """
    content = _loaded(file, remedy)
    wrapper = next((key for key in WRAPPERS if isinstance(content, Mapping) and _wraps(content, key)), None)
    state = content if wrapper is None else content[wrapper]
    if not isinstance(state, Mapping) or not state:
        raise MfpsError(
            f"{file}: holds a {type(state).__name__}, not a state dict; save the one of the network with torch.save"
        )
    for key, value in state.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise MfpsError(
                f"{file}: {shown(key)} is a {type(value).__name__}, not a tensor; give the network's state dict alone, "
                f"or under one of {', '.join(WRAPPERS)}"
            )
    return _without_prefixes(dict(state))


def _wraps(content: Mapping[Any, Any], key: str) -> bool:
    return key in content and not isinstance(content[key], Tensor)


def _without_prefixes(state: dict[str, Tensor]) -> dict[str, Tensor]:
    named = {key: tensor for key, tensor in state.items() if key not in COUNTERS}
    for prefix in PREFIXES:
        if named and all(key.startswith(prefix) for key in named):
            return _without_prefixes({key.removeprefix(prefix): tensor for key, tensor in named.items()})
    return state


def _loaded(file: Path, remedy: str) -> Any:
    if is_folder(file):
        raise MfpsError(f"{file}: a folder, not a checkpoint; {remedy}")
    try:
        with open_regular(file, "checkpoint", remedy) as opened:
            start = opened.read(64)
            text = start.lstrip()
            if text[:1] == b"<":
                raise MfpsError(f"{file}: a web page, not a checkpoint; download the file itself instead")
            if text.startswith(b"version https://git-lfs"):
                raise MfpsError(f"{file}: a git-lfs pointer, not the checkpoint; fetch the file with `git lfs pull`")
            if start[8:9] == b"{":
                return _safetensors(file)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about odd pickle protocols and escapes; only errors matter
                _check_content(opened, file)
                return torch.load(file, map_location="cpu", weights_only=True)
    except MfpsError:
        raise
    except Exception:  # a damaged or hostile file can make the unpickler raise almost anything
        raise MfpsError(
            f"{file}: not a checkpoint of tensors, or damaged; download it again, or save it again with torch.save"
        ) from None


def _safetensors(file: Path) -> dict[str, Tensor]:
    check_safetensors(file, "checkpoint", "download it again")
    with safe_open(file, framework="pt") as opened:
        return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a dict


def _check_content(opened: BinaryIO, file: Path) -> None:
    """Refuse an archive that unpacks to more than it holds, and pickles that name anything but tensors.

    torch unpacks an archive into memory, and its own list of what a pickle may call includes `bytearray`, of any size.
    """
    size = os.fstat(opened.fileno()).st_size
    if size > MAX_CHECKPOINT_BYTES:
        raise MfpsError(f"{file}: {size:,} bytes is too large for a checkpoint (at most {MAX_CHECKPOINT_BYTES:,})")
    if not zipfile.is_zipfile(opened):
        opened.seek(0)
        for _ in range(_LEGACY_PICKLES):
            _check_names(opened, file)
        return
    with zipfile.ZipFile(opened) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > size or any(member.compress_type for member in members):
            raise MfpsError(
                f"{file}: its archive is compressed, which torch.save never does; save it again with torch.save"
            )
        for member in members:
            if member.filename.endswith(".pkl"):
                _check_names(archive.read(member), file)


def _check_names(pickled: bytes | BinaryIO, file: Path) -> None:
    if name := first_other_name(pickled):
        raise MfpsError(
            f"{file}: holds {shortened(name, 60)}, not only tensors, and is not opened, since such a file "
            "can run code; save only its state dict, with torch.save(network.state_dict(), FILE)"
        )


def first_other_name(pickled: bytes | BinaryIO) -> str:
    """The first name in a pickle that is not one of tensors, and so may be anything's; empty if there is none."""
    for operation, argument, _ in pickletools.genops(pickled):
        if operation.name in ("GLOBAL", "STACK_GLOBAL", "INST"):
            name = ".".join(str(argument).split(" "))
            if name not in _TENSOR_NAMES and not re.fullmatch(r"torch\.[A-Z][A-Za-z0-9]*Storage", name):
                return name
    return ""
