"""Weights that other people trained: what they are, where they come from, and how to find and check them.

This is the only list of the external files that mfps uses. A file with another SHA-256 than the listed one is refused.
"""

import os
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from ..errors import MfpsError
from .atomic_file import atomic_file, remove_leftovers
from .hashes import sha256_of
from .regular_file import is_file, open_regular

FOLDER_VARIABLE = "MFPS_WEIGHTS"
"""Environment variable that names a folder of weights, as `weights_dir` does."""


@dataclass(frozen=True)
class ExternalWeights:
    """One external weights file.

    Attributes:
        name: what mfps calls it.
        file: its file name, in a weights folder and in torch's hub cache.
        url: where it is published.
        sha256: its hash, or its first digits if the publisher gives no more (torch.hub's convention).
        licence: the terms of use, as its publisher states them.
        megabytes: size of the download.
        used_by: what needs it.
    """

    name: str
    file: str
    url: str
    sha256: str
    licence: str
    megabytes: int
    used_by: str


WEIGHTS = (
    ExternalWeights(
        "vgg19",
        "vgg19-dcbb9e9d.pth",
        "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
        "BSD-3-Clause (torchvision); trained on ImageNet, non-commercial research",
        548,
        "perceptual loss (mfps retrain), facial dictionaries (mfps dictionary, mfps prepare)",
    ),
    ExternalWeights(
        "fan",
        "2DFAN4-11f355bf06.pth.tar",
        "https://www.adrianbulat.com/downloads/python-fan/2DFAN4-11f355bf06.pth.tar",
        "11f355bf06",
        "BSD-3-Clause (face-alignment)",
        91,
        "landmarks found in photographs (`mfps prepare` without landmarks)",
    ),
    ExternalWeights(
        "s3fd",
        "s3fd-619a316812.pth",
        "https://www.adrianbulat.com/downloads/python-fan/s3fd-619a316812.pth",
        "619a316812",
        "BSD-3-Clause (face-alignment)",
        86,
        "faces found in photographs (`mfps prepare` without landmarks and of photographs not aligned)",
    ),
)
"""Files in a weights folder or in torch's hub cache."""

PARSER_MODEL = "jonathandinu/face-parsing"
"""The published face parser, SegFormer B5: a folder in the Hugging Face hub's cache, or one that the user names."""

PARSER_REVISION = "1f7e152e1efbfe03ce6c2637944a1f6a41bfcd0a"
"""The commit that is used. Configurations before 373bfce name the classes wrongly."""

FACE_PARSER = ExternalWeights(
    "face parser",
    "model.safetensors",
    f"https://huggingface.co/{PARSER_MODEL}/tree/{PARSER_REVISION}",
    "c2bec795a8c243db71bd95be538fd62559003566466c71237e45c99b920f4b62",
    "CC0 at this revision, none named since; NVIDIA's mit-b5 and CelebAMask-HQ, which it comes from, are for "
    "non-commercial research",
    339,
    "parsing maps found in photographs (`mfps prepare` without label maps; priors from degraded or coarse)",
)
"""The face parser's weights; config.json lies beside them."""


def weights_of(name: str) -> ExternalWeights:
    """The external weights called `name`."""
    return next(weights for weights in WEIGHTS if weights.name == name)


def hub_folder() -> Path:
    """Where torch.hub keeps downloaded weights, without importing torch."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("TORCH_HOME") or cache / "torch") / "hub" / "checkpoints"


def places(weights: ExternalWeights, folder: Path | None = None) -> tuple[Path, ...]:
    """The places where a file is looked for, in this order.

    Args:
        weights: the file.
        folder: a weights folder that the user named; by default the one that `FOLDER_VARIABLE` names.
    """
    named = folder or (Path(value) if (value := os.environ.get(FOLDER_VARIABLE)) else None)
    return tuple(place / weights.file for place in (named, hub_folder()) if place is not None)


def check_weights(file: Path, weights: ExternalWeights) -> str:
    """Check a file's hash and return all of its digits.

    Raises:
        MfpsError: the file is missing or has another hash.
    """
    if not os.path.lexists(file):
        raise MfpsError(f"{file}: there are no {weights.name} weights; get them from {weights.url}")
    with open_regular(file, f"{weights.name} weights", f"get them from {weights.url}") as opened:
        found = sha256_of(opened)
    if not found.startswith(weights.sha256):
        with file.open("rb") as opened:
            page = opened.read(64).lstrip().startswith(b"<")
        what = "a web page" if page else f"SHA-256 {found[:12]}..., not {weights.sha256[:12]}..."
        raise MfpsError(f"{file}: not the {weights.name} weights ({what}); get them again from {weights.url}")
    return found


def find_weights(name: str, folder: Path | None = None, download: bool = True) -> Path:
    """Find an external file and check its hash; if it is not found, download it to torch's hub cache.

    Args:
        name: one of `WEIGHTS`.
        folder: a weights folder that the user named.
        download: whether to download a file that is not found.

    Raises:
        MfpsError: the file has another hash, or is not found and cannot be downloaded.
    """
    weights = weights_of(name)
    looked = places(weights, folder)
    found = next((place for place in looked if is_file(place)), None)
    if found is None:
        remedy = (
            f"download {weights.url} and put it into {looked[0].parent} or into a folder that `weights_dir` or "
            f"{FOLDER_VARIABLE} names"
        )
        if not download:
            raise MfpsError(f"no {name} weights at {' or '.join(map(str, looked))}: {remedy}")
        found = looked[-1]
        _download(weights, found, remedy)
        return found
    check_weights(found, weights)
    return found


def _download(weights: ExternalWeights, file: Path, remedy: str) -> None:
    remove_leftovers(file)
    with atomic_file(file) as partial:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with urllib.request.urlopen(weights.url, timeout=60) as response, partial.open("wb") as opened:
                most = weights.megabytes * 2**20 + 2**20
                while (block := response.read(2**20)) and opened.tell() <= most:  # an endless answer is cut off
                    opened.write(block)
        except (OSError, HTTPException) as error:
            raise MfpsError(f"the {weights.name} weights cannot be downloaded ({error}): {remedy}") from None
        check_weights(partial, weights)
