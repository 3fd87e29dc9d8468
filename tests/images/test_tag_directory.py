"""Directories of tags claim too much where their values overlap, and nowhere else."""

import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.images.tag_directory import claims_too_much
from PIL import Image

tifffile = pytest.importorskip("tifffile", reason="scikit-image brings it")


def directories(lengths, big, order, overlapping, damaged):
    """A row of directories of tags, of which the values lie one behind the other, or all at the same place."""
    place, entry, head = ("Q", "HHQQ", 16) if big else ("I", "HHII", 8)
    count, inline = ("Q", 8) if big else ("H", 4)
    sizes = [struct.calcsize(order + count) + struct.calcsize(order + entry) * len(row) + inline for row in lengths]
    starts = [head + sum(sizes[:number]) for number in range(len(lengths))]
    at = base = head + sum(sizes)
    parts = [b"II" if order == "<" else b"MM"]
    parts.append(struct.pack(order + ("HHHQ" if big else "HI"), *((43, 8, 0, head) if big else (42, head))))
    for number, row in enumerate(lengths):
        parts.append(struct.pack(order + count, len(row)))
        for tag, length in enumerate(row):
            parts.append(struct.pack(order + entry, 40000 + tag, 7, length, base if overlapping else at))
            at += length
        after = starts[number + 1] if number + 1 < len(starts) else damaged
        parts.append(struct.pack(order + place, after))
    values = max((length for row in lengths for length in row), default=0) if overlapping else at - base
    return b"".join(parts) + bytes(values)


@given(
    st.lists(st.lists(st.integers(9, 300), min_size=1, max_size=6), min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from("<>"),
    st.sampled_from([0, 2**31]),
)
def test_values_of_their_own_never_do(lengths, big, order, damaged):
    assert not claims_too_much(BytesIO(directories(lengths, big, order, False, damaged)))


@pytest.mark.parametrize("pages", [1, 2, 5])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("damaged", [0, 2**31])
def test_values_on_the_same_bytes_do_in_whatever_directory_they_are(pages, big, order, damaged):
    lengths = [[9]] * (pages - 1) + [[5000] * 20]
    assert claims_too_much(BytesIO(directories(lengths, big, order, True, damaged)))


@given(st.binary(max_size=300), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0+\0\x08\0\0"]))
def test_any_bytes_are_looked_at(data, head):
    assert claims_too_much(BytesIO(head + data)) in (True, False)


@pytest.mark.parametrize("how", [{}, {"bigtiff": True}, {"byteorder": ">"}, {"compression": "zlib"}])
def test_no_file_of_a_program_does(tmp_path, how):
    pages = np.random.default_rng(0).integers(0, 255, (3, 64, 48, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="rgb", rowsperstrip=4, description="a" * 500, **how)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "maker" * 20, 6
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + b"comment" * 50
    exif.get_ifd(0x8825)[2] = (47.0, 3.5, 11.25)
    Image.fromarray(pages[0]).save(tmp_path / "b.tif", exif=exif)
    for name in ("a.tif", "b.tif"):
        with (tmp_path / name).open("rb") as file:
            assert not claims_too_much(file)
    assert not claims_too_much(BytesIO(exif.tobytes()[6:]))
