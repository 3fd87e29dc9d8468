"""Label maps found by a network: the SegFormer face parser that its author published as `jonathandinu/face-parsing`.

Needs the extra `parsing` (transformers). Weights are read from safetensors only; nothing is unpickled.
"""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from PIL import Image
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...errors import MfpsError
from ...files.external_weights import FACE_PARSER
from ...files.external_weights import PARSER_MODEL as MODEL
from ...files.external_weights import PARSER_REVISION as REVISION
from ...files.hashes import sha256_of
from ...networks.vgg19 import IMAGENET_MEAN, IMAGENET_STD
from .classes import CELEBAMASK_CLASSES

INPUT_PX = 512
"""Side of the square that the network sees, as in the published preprocessor_config.json."""

_REMEDY = (
    f"get config.json and model.safetensors from {FACE_PARSER.url} and name their folder as `parser`, or leave "
    "parsing out of `priors`"
)


class FaceParser:
    """A SegFormer that finds the CelebAMask-HQ classes in pictures of faces.

    Args:
        source: a folder with config.json and model.safetensors; or None or `MODEL` for the published ones, which come
            from the hub's cache or are downloaded into it (the environment's HF_HUB_OFFLINE=1 forbids that).
        device: where the network runs.

    Raises:
        MfpsError: transformers isn't installed; a file is missing, damaged, pickled or cannot be downloaded; the class
            names aren't CelebAMask-HQ's, or aren't in the order of the published weights.
    """

    def __init__(self, source: str | Path | None = None, device: str | torch.device = "cpu") -> None:
        transformers = _transformers()
        folder = Path(MODEL if source is None else source)
        published = source is None or (str(source) == MODEL and not folder.is_dir())
        config_file, weights_file = _downloaded() if published else _files_of(folder)
        config = _read_config(config_file)
        _check_safetensors(weights_file)
        self._sha256 = sha256_of(weights_file)
        if published and self._sha256 != FACE_PARSER.sha256:
            raise MfpsError(f"{weights_file}: not the weights of {MODEL} (SHA-256 {self._sha256[:12]}...); {_REMEDY}")
        order = class_order(config.get("id2label"), config_file)
        known = self._sha256 == FACE_PARSER.sha256
        if (known or config.get("_name_or_path") == MODEL) and order != tuple(range(len(order))):
            raise MfpsError(f"{config_file}: the classes of {MODEL} are not in this order; {_REMEDY}")
        self._name, self._revision = (MODEL, REVISION) if known else (folder.resolve().name, "unknown")
        self._transformers_version = str(transformers.__version__)
        self._device = torch.device(device)
        self._order = torch.tensor(order, dtype=torch.uint8)
        self._network = _load(transformers, weights_file.parent).to(self._device)

    def parse(self, images: UInt8[np.ndarray, "B H W 3"]) -> UInt8[np.ndarray, "B H W"]:
        """Find the class of each pixel.

        A picture is resized to 512 x 512; the logits are resized bilinearly (align_corners=False) to its own size.

        Args:
            images: RGB. All go through the network together: the caller decides how many fit into memory.

        Returns:
            Classes in the order of `CELEBAMASK_CLASSES`.
        """
        height, width = images.shape[1:3]
        with torch.inference_mode():
            logits = self._network(pixel_values=network_input(images).to(self._device)).logits
            # One by one: 19 channels of a batch at full size would be far larger than everything else.
            found = [
                F.interpolate(each[None], size=(height, width), mode="bilinear", align_corners=False)[0].argmax(0)
                for each in logits
            ]
            return self._order[torch.stack(found).cpu()].numpy()

    def provenance(self) -> dict[str, str]:
        """Model (or name of its folder), revision, sha256 of model.safetensors and version of transformers."""
        return {
            "model": self._name,
            "revision": self._revision,
            "sha256": self._sha256,
            "transformers": self._transformers_version,
        }


def network_input(images: UInt8[np.ndarray, "B H W 3"]) -> Float[Tensor, "B 3 512 512"]:
    """Resize pictures to 512 x 512 as the published preprocessing does (Pillow, bilinear), and normalise them.

    Written out, because transformers' own image processor needs torchvision from version 5 on.
    """
    size = (INPUT_PX, INPUT_PX)
    squares = np.stack([np.array(Image.fromarray(each).resize(size, Image.Resampling.BILINEAR)) for each in images])
    pixels = torch.from_numpy(squares).permute(0, 3, 1, 2).float()
    mean, std = torch.tensor(IMAGENET_MEAN).view(3, 1, 1), torch.tensor(IMAGENET_STD).view(3, 1, 1)
    return (pixels / 255 - mean) / std


def class_order(id2label: Any, where: Path) -> tuple[int, ...]:
    """The position of each of a network's classes in `CELEBAMASK_CLASSES`, found by its name.

    Args:
        id2label: names by number, numbers as text, as config.json has them.
        where: the file, for messages.

    Raises:
        MfpsError: there are not 19 names numbered from 0, one is unknown, or one is missing.
    """
    count = len(CELEBAMASK_CLASSES)
    if not isinstance(id2label, dict) or set(id2label) != {str(number) for number in range(count)}:
        found = f"{len(id2label)} with other numbers" if isinstance(id2label, dict) else "none"
        raise MfpsError(f"{where}: id2label must name {count} classes, 0 to {count - 1}, but names {found}; {_REMEDY}")
    names = [str(id2label[str(number)]) for number in range(count)]
    for number, name in enumerate(names):
        if name not in CELEBAMASK_CLASSES:
            raise MfpsError(f"{where}: class {number} has the unknown name {name[:40]!r}; {_REMEDY}")
    missing = [name for name in CELEBAMASK_CLASSES if name not in names]
    if missing:
        raise MfpsError(f"{where}: no class is called {missing[0]!r}, because a name appears twice; {_REMEDY}")
    return tuple(CELEBAMASK_CLASSES.index(name) for name in names)


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MfpsError(
            "finding label maps needs transformers; install it with: pip install 'mfps[parsing]'"
        ) from error
    return transformers


def _files_of(folder: Path) -> tuple[Path, Path]:
    if not folder.is_dir():
        raise MfpsError(f"{folder}: there is no such face parser folder; {_REMEDY}")
    config, weights = folder / "config.json", folder / "model.safetensors"
    if not weights.is_file():
        pickled = next((file.name for file in sorted(folder.iterdir()) if file.suffix in (".bin", ".pt", ".pth")), None)
        what = f"only {pickled}, which is pickled and never read" if pickled else "no model.safetensors"
        raise MfpsError(f"{folder}: the folder has {what}; {_REMEDY}")
    if not config.is_file():
        raise MfpsError(f"{folder}: the folder has no config.json; {_REMEDY}")
    return config, weights


def _downloaded() -> tuple[Path, Path]:
    from huggingface_hub import hf_hub_download  # comes with transformers

    try:
        with _quiet(bars=True):
            config, weights = (
                Path(hf_hub_download(MODEL, file, revision=REVISION)) for file in ("config.json", "model.safetensors")
            )
    except Exception as error:  # the hub's client raises its own errors, those of its HTTP library and OSError
        reason = next(iter(str(error).splitlines()), "")[:120].rstrip(". ") or type(error).__name__
        raise MfpsError(f"{MODEL} is not in the hub's cache and cannot be downloaded ({reason}); {_REMEDY}") from error
    return config, weights


def _read_config(file: Path) -> dict[str, Any]:
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MfpsError(f"{file}: not a JSON file; {_REMEDY}") from error
    if not isinstance(config, dict) or config.get("model_type") != "segformer":
        raise MfpsError(f"{file}: not the configuration of a SegFormer; {_REMEDY}")
    return config


def _check_safetensors(file: Path) -> None:
    page = False
    try:
        with file.open("rb") as opened:
            page = opened.read(64).lstrip().startswith(b"<")
        with safe_open(file, framework="pt"):
            pass
    except (OSError, SafetensorError) as error:
        raise MfpsError(f"{file}: {'a web page' if page else 'damaged'}, not safetensors weights; {_REMEDY}") from error


def _load(transformers: Any, folder: Path) -> torch.nn.Module:
    try:
        with _quiet():
            network, info = transformers.SegformerForSemanticSegmentation.from_pretrained(
                folder, use_safetensors=True, local_files_only=True, output_loading_info=True
            )
    except Exception as error:  # an odd configuration can make the constructor raise almost anything
        reason = next(iter(str(error).splitlines()), "")[:120] or type(error).__name__
        raise MfpsError(
            f"{folder}: config.json and model.safetensors do not make a SegFormer ({reason}); {_REMEDY}"
        ) from error
    differing = {str(key) for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") for key in info[kind]}
    wrong = sorted(key for key in differing if not key.endswith("num_batches_tracked"))  # used in training only
    if wrong:  # transformers would fill the gaps with random numbers
        raise MfpsError(
            f"{folder}: model.safetensors is not the network of config.json ({wrong[0]} and {len(wrong) - 1} more "
            f"tensors differ); {_REMEDY}"
        )
    return network.float().eval()  # weights may be stored in half precision


@contextmanager
def _quiet(bars: bool = False) -> Iterator[None]:
    """Keep the libraries' warnings, log lines and, unless `bars`, progress bars off the console."""
    from transformers.utils import logging as library

    loggers = [logging.getLogger(name) for name in ("transformers", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    hide = not bars and library.is_progress_bar_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # problems are reported as one error
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL)
            if hide:
                library.disable_progress_bar()
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
            if hide:
                library.enable_progress_bar()
