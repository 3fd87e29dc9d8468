"""The official MFPSNet checkpoint, or one of its code family: read safely, checked key by key, renamed.

Files are read only by `torch.load(weights_only=True)`: nothing in them is ever executed.
"""

import os
import pickletools
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import torch
from torch import Tensor

from .. import __version__
from ..errors import MfpsError, shortened, shown
from ..files.hashes import sha256_of
from ..files.regular_file import is_folder, open_regular
from ..genotypes.genotype import Genotype
from ..genotypes.prior_branches import PRIOR_BRANCHES
from ..networks.published_layout import PRIOR_CONVS, check_published, published_keys, unused_shapes
from ..networks.restorer import NetworkConfig, Restorer
from ..priors.array_source import MAX_CHANNELS
from .compile import compile_genotype

WRAPPERS = ("state_dict", "params", "model")
"""Keys under which a checkpoint may store its state dict."""

PARALLEL_PREFIX = "module."
"""What torch's DataParallel puts before every key."""

IMAGE_CHANNELS = 3
TRAINED_SIZE, ITERATIONS = 128, 2
MAX_CHECKPOINT_BYTES = 2**31
"""The published checkpoint is a few tens of megabytes."""

_TENSOR_NAMES = (
    "collections.OrderedDict",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_sparse_tensor",
    "torch.serialization._get_layout",
    "torch.Size",
)
_LEGACY_PICKLES = 5  # magic number, protocol, machine, state dict, names of the storages; then come the values

LISTED = 3
"""How many keys an error names."""


class ImportedCheckpoint(NamedTuple):
    """A published checkpoint as one of our networks."""

    restorer: Restorer
    provenance: dict[str, Any]
    used: dict[str, str]
    """For each of our state-dict keys the official one it was read from."""
    unused: tuple[str, ...]
    """Official keys that no forward pass uses."""


def import_checkpoint(file: Path, genotype: Genotype) -> ImportedCheckpoint:
    """Read an official checkpoint into the network of its genotype.

    Args:
        file: what `torch.save` wrote: the state dict, bare or under one of `WRAPPERS`, with or without `module.`.
        genotype: the architecture that it was trained with, with all five branches.

    Raises:
        MfpsError: the file holds more than tensors, has values that are not float32 or not finite, or does not have the
            keys and shapes of that architecture: the missing, extra and misshapen ones are counted and the first named.
    """
    check_published(genotype)
    state = read_state_dict(file)
    config = _network_config(state, file)
    restorer = compile_genotype(genotype, config)
    ours = restorer.state_dict()
    used, unused = published_keys(genotype, ours), unused_shapes(genotype)
    wanted = {official: tuple(ours[key].shape) for key, official in used.items()} | unused
    _check_keys(state, wanted, genotype, file)
    _check_values(state, file)
    restorer.load_state_dict({key: state[official] for key, official in used.items()})
    provenance = {
        "kind": "imported",
        "checkpoint": file.name,
        "sha256": sha256_of(file),
        "mfps": __version__,
        "size": TRAINED_SIZE,
        # Published heatmap tensors begin with the picture: 3 + 68 channels.
        "heatmap_rgb": config.prior_channels["heatmap"] == IMAGE_CHANNELS + 68,
        "unused_tensors_left_out": len(unused),
    }
    return ImportedCheckpoint(restorer.eval(), provenance, used, tuple(unused))


def read_state_dict(file: Path) -> dict[str, Tensor]:
    """Read the state dict of a checkpoint file.

    Args:
        file: what `torch.save` wrote.

    Returns:
        The tensors by their keys, without the prefix `module.`.

    Raises:
        MfpsError: the file is missing, is not a checkpoint, or holds anything but tensors.
    """
    content = _loaded(file)
    wrapper = next((key for key in WRAPPERS if isinstance(content, Mapping) and key in content), None)
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
    if all(key.startswith(PARALLEL_PREFIX) for key in state):
        return {key.removeprefix(PARALLEL_PREFIX): value for key, value in state.items()}
    return dict(state)


def _loaded(file: Path) -> Any:
    if is_folder(file):
        raise MfpsError(f"{file}: a folder, not a checkpoint; give the .pth file of the published network")
    try:
        with open_regular(file, "checkpoint", "give the .pth file of the published network") as opened:
            start = opened.read(64).lstrip()
            if start[:1] == b"<":
                raise MfpsError(f"{file}: a web page, not a checkpoint; download the file itself instead")
            if start.startswith(b"version https://git-lfs"):
                raise MfpsError(f"{file}: a git-lfs pointer, not the checkpoint; fetch the file with `git lfs pull`")
            if start[8:9] == b"{":
                raise MfpsError(f"{file}: a safetensors file; give the .pth checkpoint of the published MFPSNet")
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
    for operation, argument, _ in pickletools.genops(pickled):
        if operation.name in ("GLOBAL", "STACK_GLOBAL", "INST"):
            name = ".".join(str(argument).split(" "))
            if name not in _TENSOR_NAMES and not re.fullmatch(r"torch\.[A-Z][A-Za-z0-9]*Storage", name):
                raise MfpsError(
                    f"{file}: holds {shortened(name, 60)}, not only tensors, and is not opened, since such a file "
                    "can run code; save only its state dict, with torch.save(network.state_dict(), FILE)"
                )


def _network_config(state: Mapping[str, Tensor], file: Path) -> NetworkConfig:
    """The network's configuration, apart from its paths, as the shapes show it."""

    def inputs(key: str) -> int:
        if key not in state or state[key].ndim != 4:
            raise MfpsError(
                f"{file}: lacks {key}, which every MFPSNet checkpoint has; it has {len(state)} tensors, the first is "
                f"{shortened(next(iter(state)), 60)}. Give a checkpoint of the published MFPSNet"
            )
        return state[key].shape[1]

    blocks = {key.split(".")[1] for key in state if key.startswith("RDB_first.")}
    channels = {
        prior: inputs(f"{conv}.weight") - IMAGE_CHANNELS * PRIOR_BRANCHES[prior].with_picture
        for prior, conv in PRIOR_CONVS.items()
    }
    if not all(1 <= count <= MAX_CHANNELS for count in channels.values()) or not 1 <= len(blocks) <= 64:
        raise MfpsError(
            f"{file}: its priors would have {channels} channels; give a checkpoint of the published MFPSNet"
        )
    return NetworkConfig(iterations=ITERATIONS, blocks=len(blocks), prior_channels=channels)


def _check_keys(
    state: Mapping[str, Tensor], wanted: Mapping[str, tuple[int, ...]], genotype: Genotype, file: Path
) -> None:
    missing = [key for key in wanted if key not in state]
    extra = [key for key in state if key not in wanted]
    misshapen = [
        f"{key} {tuple(state[key].shape)} instead of {shape}"
        for key, shape in wanted.items()
        if key in state and tuple(state[key].shape) != shape
    ]
    faults = [
        f"{len(keys)} {kind}: {', '.join(shortened(key, 60) for key in keys[:LISTED])}{', ...' * (len(keys) > LISTED)}"
        for kind, keys in (("missing", missing), ("extra", extra), ("misshapen", misshapen))
        if keys
    ]
    if faults:
        raise MfpsError(
            f"{file}: not a checkpoint of genotype {genotype.name} ({'; '.join(faults)}); name its own "
            "genotype as `genotype`"
        )


def _check_values(state: Mapping[str, Tensor], file: Path) -> None:
    for key, tensor in state.items():
        wanted = torch.int64 if key.endswith("num_batches_tracked") else torch.float32
        if tensor.dtype != wanted or tensor.layout != torch.strided or tensor.is_meta:
            raise MfpsError(
                f"{file}: {key} is {_name(tensor.dtype)}, not dense {_name(wanted)} as published; convert the state "
                "dict before saving it (tensor.float() for weights)"
            )
        if not tensor.isfinite().all():
            raise MfpsError(f"{file}: {key} holds values that are not finite; give an undamaged checkpoint")


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
