"""Untrusted .npy files of NumPy: only numbers, mapped into memory, never unpickled."""

import os
import warnings
from pathlib import Path

import numpy as np

from ..errors import MfpsError
from .regular_file import open_regular

MAX_NPY_HEADER_BYTES = 10_000
"""The longest header of a .npy file that is read; that of an array of numbers has about 120 bytes."""


def open_array(file: Path, remedy: str = "check the path") -> np.ndarray:
    """Map an array of numbers into memory; whatever size its header claims, nothing is read yet.

    Args:
        file: a .npy file.
        remedy: what to do if there is no such file.

    Returns:
        A read-only array of integers or floats; the file holds all of its values.

    Raises:
        MfpsError: there is no such file, it is not a plain .npy file, or the array holds something other than numbers.
    """
    with open_regular(file, "array", remedy) as opened:
        start, size = opened.read(12), os.fstat(opened.fileno()).st_size
    # Only the first version of the format has a header length of two bytes, 64 kB at most.
    long_header = start[6:7] > b"\1" and int.from_bytes(start[8:12], "little") > MAX_NPY_HEADER_BYTES
    try:
        if long_header:
            raise ValueError
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers that Python 2 wrote, and shapes that overflow
            array = np.lib.format.open_memmap(file, mode="r")
    except Exception:  # a hostile header can make the parser raise almost anything
        raise MfpsError(f"{file}: not a plain NumPy array (pickled ones are refused); save it with np.save") from None
    if array.dtype.kind not in "iuf" or array.nbytes > size:
        raise MfpsError(
            f"{file}: holds values of type {array.dtype}, not numbers; save an array of numbers with np.save"
        )
    return array
