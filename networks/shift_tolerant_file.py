"""ST-LPIPS's weights file: a shift-tolerant VGG16 and the heads of a metric, alone or in the wheel of its package."""

import zipfile
from pathlib import Path

from torch import Tensor

from ..errors import MfpsError
from ..files.external_weights import check_weights, weights_of
from ..files.hashes import sha256_of
from ..files.regular_file import is_file
from ..files.temporary_folder import temporary_folder
from .perceptual_trunk import PerceptualTrunk, load_trunk
from .state_dict_file import read_state_dict

ST_LPIPS = "ST-LPIPS"
"""What the list of external weights calls the file."""

MAX_BYTES = 2**27
"""Of a weights file in a wheel: twice that of ST-LPIPS."""


def load_shift_tolerant(file: Path) -> tuple[PerceptualTrunk, dict[str, Tensor]]:
    """The trunk, frozen and in eval mode, and all tensors of the file, among them the metric's heads.

    Args:
        file: the weights, or the wheel of the package that holds them.

    Raises:
        MfpsError: there is no such file, or it is another one.
    """
    state = read_shift_tolerant(file)
    return load_trunk("vgg_shift_tolerant", state, file, "net.", weights_of(ST_LPIPS).remedy), state


def read_shift_tolerant(file: Path) -> dict[str, Tensor]:
    """The file's tensors; see `load_shift_tolerant`."""
    weights = weights_of(ST_LPIPS)
    if (content := _out_of_wheel(file, f"{weights.package}/{weights.file}")) is not None:
        with temporary_folder("st-lpips") as scratch:
            copy = scratch / weights.file
            copy.write_bytes(content)
            if sha256_of(copy) != weights.sha256:
                raise MfpsError(f"{file}: its {weights.file} is not that of the {ST_LPIPS} weights; {weights.remedy}")
            return read_state_dict(copy, weights.remedy)
    check_weights(file, weights)
    return read_state_dict(file, weights.remedy)


def _out_of_wheel(file: Path, name: str) -> bytes | None:
    """A file's bytes out of a wheel; None where `file` is no wheel that has it."""
    if not is_file(file) or not zipfile.is_zipfile(file):
        return None
    try:
        with zipfile.ZipFile(file) as wheel:
            return wheel.read(name) if wheel.getinfo(name).file_size <= MAX_BYTES else None
    except Exception:  # a damaged archive can make zipfile raise almost anything
        return None
