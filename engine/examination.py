"""What this machine has of everything that mfps can use, and how to get the rest."""

import platform
import shutil
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import torch

from ..errors import MfpsError
from ..files.external_weights import (
    FACE_PARSER,
    FOLDER_VARIABLE,
    PARSER_MODEL,
    PARSER_REVISION,
    WEIGHTS,
    check_weights,
    places,
)

_EXPORT = "pip install 'mfps[export]', for ONNX files"

OPTIONAL = {
    "transformers": "pip install 'mfps[parsing]', for parsing maps found by the face parser",
    "dlib-bin": "pip install 'mfps[faces]', for faces and landmarks found by dlib, identity and landmark distance",
    "pytorch-msssim": "pip install 'mfps[metrics]', for MS-SSIM",
    "torch-fidelity": "pip install 'mfps[fid]', for FID and KID; it brings torchvision",
    "gradio": "pip install 'mfps[web]', for mfps serve",
    **dict.fromkeys(("onnx", "onnxscript", "onnxruntime"), _EXPORT),
}
"""Libraries that an optional extra installs, and how to get them."""

REQUIRED = (
    "numpy",
    "lightning-fabric",
    "opencv-python",
    "scikit-image",
    "scikit-learn",
    "face-alignment",
    "safetensors",
)


ALSO_AS = {
    "dlib-bin": ("dlib",),
    "opencv-python": ("opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
}
"""Other packages that hold the same library."""


class Finding(NamedTuple):
    """One thing that mfps looked for."""

    name: str
    there: bool | None
    """None if it cannot be missing: the finding is information."""
    found: str
    """What was found, and where."""
    remedy: str = ""
    """How to get it, if it is missing."""


def examine(weights_dir: Path | None = None, check: bool = False) -> list[Finding]:
    """Look at libraries, devices, programs and external weights; nothing is downloaded.

    Args:
        weights_dir: folder with external weights.
        check: compare the hash of each weights file that is found with the listed one.
    """
    cuda = torch.cuda.device_count()
    findings = [
        Finding("python", True, f"{platform.python_version()} ({sys.executable})"),
        Finding("torch", True, f"{torch.__version__}, {torch.get_num_threads()} threads"),
        Finding(
            "CUDA", None, f"{cuda} devices: {torch.cuda.get_device_name(0)}" if cuda else "no device; runs on the CPU"
        ),
        *(_library(name, "reinstall mfps") for name in REQUIRED),
        *(_library(name, remedy) for name, remedy in OPTIONAL.items()),
        _dot(),
    ]
    for weights in WEIGHTS:
        looked = places(weights, weights_dir)
        there = next((place for place in looked if place.is_file()), None)
        where = f"a folder that `weights_dir` or {FOLDER_VARIABLE} names"
        source = f"{weights.remedy}; or the file of {weights.url}" if weights.package else weights.url
        place = where if weights.package else f"{looked[0].parent}, or into {where}"
        remedy = f"{source} ({weights.megabytes} MB, {weights.licence}) into {place}; for the {weights.used_by}"
        if there is None:
            findings.append(Finding(weights.name, False, f"looked for at {', '.join(map(str, looked))}", remedy))
            continue
        try:
            checked = f", SHA-256 {check_weights(there, weights)[:12]}... as listed" if check else ""
            findings.append(Finding(weights.name, True, f"{there}{checked}"))
        except MfpsError as error:
            findings.append(Finding(weights.name, False, str(error), remedy))
    findings.append(_parser())
    return findings


def _library(name: str, remedy: str) -> Finding:
    for package in (name, *ALSO_AS.get(name, ())):
        with suppress(metadata.PackageNotFoundError):
            version = metadata.version(package)
            return Finding(name, True, version if package == name else f"{version} ({package})")
    return Finding(name, False, "not installed", remedy)


def _dot() -> Finding:
    program = shutil.which("dot")
    if program:
        return Finding("dot", True, program)
    return Finding(
        "dot", None, "not installed; drawings are made without it (a program of graphviz, for another layout)"
    )


def _parser() -> Finding:
    """Look for the face parser in the hub's cache; the hub's library knows the layout of the cache."""
    size, licence = f"{FACE_PARSER.megabytes} MB", FACE_PARSER.licence
    remedy = (
        f"{PARSER_MODEL}, revision {PARSER_REVISION[:12]} ({size}; {licence}), or a folder with its config.json and "
        "model.safetensors"
    )
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return Finding("face parser", False, "transformers is not installed", OPTIONAL["transformers"])
    found = try_to_load_from_cache(PARSER_MODEL, "model.safetensors", revision=PARSER_REVISION)
    if isinstance(found, str):
        return Finding("face parser", True, found)
    return Finding("face parser", False, "not in the hub's cache", f"{remedy}, named as `parser`")
