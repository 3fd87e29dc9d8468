"""Untrusted arrays, weights and checkpoints."""

# ruff: noqa: E501 - one case per line

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import torch

READ = ""


def safetensors(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    """A safetensors file with any header; `length` is what it says of it."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(dtype: str = "F32", shape: tuple[int, ...] = (2,), offsets: tuple[int, int] = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@cache
def bad_safetensors() -> dict[str, bytes]:
    """None of them may be read as weights, dictionary or prior."""
    eight = bytes(8)
    mfps = {"__metadata__": {"mfps": '{"format": "mfps.weights/1"}'}}
    many = {f"t{number}": tensor(shape=(0,), offsets=(0, 0)) for number in range(20_000)}
    return {
        "empty": b"",
        "cut": b"\1\0\0",
        "header of 0 bytes": safetensors(b"", eight),
        "header of 2^63 bytes": safetensors({}, eight, 2**63),
        "header of 100 MB": safetensors({}, eight, 100_000_000),
        "header longer than the file": safetensors({}, b"", 99),
        "not JSON": safetensors(b"{nonsense", eight),
        "not text": safetensors(b"\xff\xfe\0", eight),
        "a list": safetensors([], eight),
        "deep": safetensors(b'{"a":' * 50_000, eight),
        "names twice": safetensors(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}', eight),
        "offsets overlap": safetensors({"a": tensor(), "b": tensor()}, eight),
        "offsets backwards": safetensors({"a": tensor(offsets=(8, 0))}, eight),
        "offsets outside": safetensors({"a": tensor(offsets=(8, 16))}, eight),
        "offsets negative": safetensors({"a": tensor(offsets=(-8, 0))}, eight),
        "a hole": safetensors({"a": tensor(), "b": tensor(offsets=(16, 24))}, bytes(24)),
        "more data": safetensors({"a": tensor()}, bytes(99)),
        "a huge shape": safetensors({"a": tensor(shape=(2**40, 2**40))}, eight),
        "a shape of 2^64": safetensors({"a": tensor(shape=(2**64,))}, eight),
        "a negative shape": safetensors({"a": tensor(shape=(-2,))}, eight),
        "a shape that overflows": safetensors({"a": tensor(shape=(2**32, 2**32, 0), offsets=(0, 0))}),
        "a shape of 100 sides": safetensors({"a": tensor(shape=(1,) * 99 + (2,))}, eight),
        "unknown type": safetensors({"a": tensor("F128")}, eight),
        **{f"type {kind}": safetensors({"a": tensor(kind, (8,) if size == 1 else (8 // size,))} | mfps, eight)
           for kind, size in (("F8_E4M3", 1), ("F8_E5M2", 1), ("F8_E8M0", 1), ("BOOL", 1), ("U8", 1), ("I16", 2), ("U64", 8), ("C64", 8))},
        "nothing in it": safetensors({}),
        "metadata of numbers": safetensors({"__metadata__": {"mfps": 3}, "a": tensor()}, eight),
        "metadata of others": safetensors({"__metadata__": {"format": "pt"}, "a": tensor()}, eight),
        "NaN in the metadata": safetensors({"__metadata__": {"mfps": '{"format": NaN}'}, "a": tensor()}, eight),
        "metadata is deep": safetensors({"__metadata__": {"mfps": "[" * 99_999}, "a": tensor()}, eight),
        "key twice in the metadata": safetensors({"__metadata__": {"mfps": '{"format": 1, "format": 2}'}}),
        "values of NaN": safetensors({"a": tensor()} | mfps, struct.pack("<2f", float("nan"), 1)),
        "values that are infinite": safetensors({"a": tensor()} | mfps, struct.pack("<2f", float("inf"), 1)),
        "20,000 tensors": safetensors(many),
        "a name of controls": safetensors({"\x1b[2J\n": tensor()} | mfps, struct.pack("<2f", float("nan"), 1)),
    }  # fmt: skip


def npy(header: str | bytes, data: bytes = b"", version: int = 1, length: int | None = None) -> bytes:
    """A .npy file with any header; `length` is what it says of it."""
    text = header if isinstance(header, bytes) else header.encode("utf-8")
    return (
        b"\x93NUMPY"
        + bytes([version, 0])
        + struct.pack("<H" if version == 1 else "<I", length or len(text))
        + text
        + data
    )


def described(shape: str = "(1, 2, 2)", dtype: str = "'<f4'", order: str = "False") -> str:
    return f"{{'descr': {dtype}, 'fortran_order': {order}, 'shape': {shape}, }}"


def pickled() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([Code()], dtype=object), allow_pickle=True)
    return stream.getvalue()


class Code:
    """Unpickled the usual way, this would make a folder."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, ("made",)


def archive(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


@cache
def bad_arrays() -> dict[str, bytes]:
    """None of them may be read."""
    sixteen = bytes(16)
    return {
        "empty": b"",
        "cut": b"\x93NUMPY",
        "another version": npy(described(), sixteen, version=9),
        "pickled": pickled(),
        "an archive": archive(a=np.zeros((1, 2, 2))),
        "objects": npy(described(dtype="'|O'"), sixteen),
        "objects in a record": npy(described(dtype="[('a', '|O')]"), sixteen),
        "a record": npy(described(dtype="[('a', '<f4'), ('b', '<f4')]"), bytes(99)),
        "a large item": npy(described(dtype="('<f4', (1000000000,))"), sixteen),
        "text": npy(described(dtype="'<U4'"), bytes(99)),
        "complex": npy(described(dtype="'<c8'"), bytes(99)),
        "times": npy(described(dtype="'<M8[s]'"), bytes(99)),
        "truths": npy(described(dtype="'|b1'"), sixteen),
        "unknown type": npy(described(dtype="'<f99'"), sixteen),
        "type of a word": npy(described(dtype="'nonsense'"), sixteen),
        "type that imports": npy(described(dtype="__import__('os')"), sixteen),
        "a huge shape": npy(described("(1, 1099511627776, 1099511627776)"), sixteen),
        "a shape of 10^18": npy(described("(1, 1, 1000000000000000000)"), sixteen),
        "a shape of 10^30": npy(described("(1, 1, 1" + "0" * 30 + ")"), sixteen),
        "a negative shape": npy(described("(1, 2, -2)"), sixteen),
        "a shape of text": npy(described("('a',)"), sixteen),
        "no shape": npy("{'descr': '<f4', 'fortran_order': False}", sixteen),
        "too few values": npy(described(), bytes(12)),
        "header of a page": npy(described() + " " * 20_000, sixteen),
        "header of 4 GB": npy(described(), sixteen, version=2, length=2**32 - 1),
        "header is deep": npy("[" * 5000, sixteen),
        "header of signs": npy("-" * 9000 + "1", sixteen),
        "header of Python 2, and no more": npy("{'shape': (1L,", sixteen),
        "header calls": npy("__import__('os').mkdir('made')", sixteen),
        "header of a list": npy("[1, 2]", sixteen),
        "header is no text": npy(b"\xff\xfe\0", sixteen),
        "header has a null byte": npy("{'a': 1\0}", sixteen),
        "order of a number": npy(described(order="3"), sixteen),
    }


def torch_file(content: object, legacy: bool = False) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def repacked(content: bytes, compression: int, padding: int = 0) -> bytes:
    """The archive of a checkpoint, compressed, one of its files with zeros at its end."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(stream, "w", compression, compresslevel=1) as after,
    ):
        for member in before.infolist():
            data = before.read(member)
            after.writestr(member.filename, data + bytes(padding if member.filename.endswith("data.pkl") else 0))
    return stream.getvalue()


@cache
def bad_checkpoints() -> dict[str, bytes]:
    """None of them may be read as a state dict."""
    good = torch_file({"a": torch.zeros(2)})
    nested: list[Any] = []
    for _ in range(300):
        nested = [nested]
    return {
        "empty": b"",
        "cut": good[: len(good) // 2],
        "nonsense": b"nonsense" * 99,
        "a web page": b"<!doctype html><title>Sign in</title>",
        "a pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "code": torch_file({"a": Code()}),
        "code, as it was written once": torch_file({"a": Code()}, legacy=True),
        "a pickle": b"cos\nmkdir\n(S'made'\ntR.",
        "a pickle with an odd escape": b"S'\\K'\n.",
        "a pickle with memory": b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
        "a module": torch_file(torch.nn.Linear(1, 1)),
        "a number": torch_file(3),
        "nothing": torch_file({}),
        "a list": torch_file([torch.zeros(1)]),
        "a deep list": torch_file({"a": nested}),
        "a number among tensors": torch_file({"a": torch.zeros(1), "epoch": 3}),
        "names of numbers": torch_file({3: torch.zeros(1)}),
        "names of tuples": torch_file({(("x" * 1000,),): torch.zeros(1)}),
        "names of controls": torch_file({"\x1b[2J\n": 3}),
        "compressed": repacked(good, zipfile.ZIP_DEFLATED),
        "300 MB of zeros": repacked(good, zipfile.ZIP_DEFLATED, 300 * 2**20),
        "another archive": archive(a=np.zeros(1)),
    }
