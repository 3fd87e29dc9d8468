"""Label maps on disk: one class number per pixel in a PNG file, and conversions from other people's labels.

A label map is a uint8 array (h, w) of CelebAMask-HQ classes, `parsing.CELEBAMASK_CLASSES` in order.
"""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from ...errors import MfpsError
from ...files.atomic_file import atomic_file
from ...files.boundary import Boundary
from ...files.regular_file import is_file
from ...images.image_file import open_image
from .classes import CELEBAMASK_CLASSES

PALETTE = (
    (26, 28, 38), (240, 196, 160), (212, 134, 122), (72, 92, 232), (36, 196, 236), (20, 120, 150),
    (166, 104, 40), (112, 60, 20), (255, 158, 60), (206, 92, 44), (112, 16, 44), (255, 128, 160),
    (212, 40, 84), (118, 72, 168), (20, 130, 92), (255, 226, 72), (186, 170, 30), (160, 150, 152),
    (140, 204, 110),
)  # fmt: skip
"""RGB of each class, in order. Pairs share a hue, the subject's left being the lighter of the two."""

BISENET_ORDER = (0, 1, 10, 6, 4, 5, 2, 3, 7, 8, 11, 12, 13, 17, 18, 9, 15, 14, 16)
"""Class i of CelebAMask-HQ is class `BISENET_ORDER[i]` of the BiSeNet parsers that follow zllrunning's face-parsing."""

_MASKS_A_FOLDER = 2000
_MASK_MODES = ("1", "L", "LA", "P", "RGB", "RGBA")


def write_label_map(path: str | Path, labels: UInt8[np.ndarray, "h w"]) -> None:
    """Write a label map as a palette PNG atomically: the file is complete or does not exist.

    Args:
        path: the file to write, PNG whatever the suffix; its folder must exist.
        labels: class numbers below 19.

    Raises:
        MfpsError: a class has no colour, or the file cannot be written.
    """
    path = Path(path)
    _check_classes(labels, len(PALETTE), f"{path}: ")
    image = Image.fromarray(labels)
    image.putpalette([value for colour in PALETTE for value in colour])
    with atomic_file(path) as partial:
        image.save(partial, format="PNG", optimize=True)


def read_label_map(path: str | Path, classes: int = len(CELEBAMASK_CLASSES)) -> UInt8[np.ndarray, "h w"]:
    """Read a label map from a PNG file: the indices of a palette, or 8-bit grey.

    Grey of fewer bits is refused, because readers stretch it to 0 to 255; so is JPEG, which mixes neighbouring classes.

    Args:
        path: the file.
        classes: number of classes.

    Raises:
        MfpsError: the file is missing, damaged or of another kind, or holds a class that is not below `classes`.
    """
    path = Path(path)
    mode, labels = _decoded(path, "label map")
    if mode not in ("P", "L"):
        raise MfpsError(f"{path}: a label map is an 8-bit palette or grey PNG, not {mode}; store class numbers")
    _check_classes(labels, classes, f"{path}: ")
    return labels


def colour_labels(labels: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """Paint a label map in the colours of `PALETTE`, RGB.

    Raises:
        MfpsError: a class has no colour.
    """
    _check_classes(labels, len(PALETTE))
    return np.array(PALETTE, np.uint8)[labels]


def from_bisenet(labels: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """Renumber a label map of a BiSeNet face parser to CelebAMask-HQ's classes. The names of the classes are the same.

    Raises:
        MfpsError: a class is not below 19.

    Source: the list of attributes in zllrunning/face-parsing.PyTorch, with which its weights were trained.
    """
    _check_classes(labels, len(BISENET_ORDER))
    return np.argsort(BISENET_ORDER).astype(np.uint8)[labels]


def from_part_masks(folder: str | Path, face: int | str, boundary: Boundary | None = None) -> UInt8[np.ndarray, "h w"]:
    """Merge the part masks of CelebAMask-HQ, one PNG for each class and face, into a label map.

    Where masks overlap, the class with the higher number is on top.

    Args:
        folder: with the masks themselves (00012_skin.png, 00012_l_brow.png, ...), or with the published folders
            0, 1, ... of 2,000 faces each.
        face: number of the face; or what comes before `_skin.png`, or before the `.jpg` of its photograph.
        boundary: refuses masks that are links out of it.

    Raises:
        MfpsError: the face has no mask there, or a mask is damaged or differs in size from the others.

    Source: face_parsing/Data_preprocessing/g_mask.py of switchablenorms/CelebAMask-HQ.
    """
    folder, stem = Path(folder), str(face)
    if stem.isdecimal():
        numbered = folder / str(int(stem) // _MASKS_A_FOLDER)
        folder, stem = (numbered if numbered.is_dir() else folder), f"{int(stem):05d}"
    merged: np.ndarray | None = None
    for label, name in enumerate(CELEBAMASK_CLASSES[1:], start=1):
        path = folder / f"{stem}_{name}.png"
        if not is_file(path):
            continue  # a face has files only for the parts that can be seen
        if boundary is not None:
            boundary.check(path)
        mask = _read_mask(path)
        if merged is None:
            merged = np.zeros(mask.shape, np.uint8)
        elif merged.shape != mask.shape:
            raise MfpsError(
                f"{path}: the mask is {mask.shape[1]} x {mask.shape[0]}, but other parts of the face are "
                f"{merged.shape[1]} x {merged.shape[0]}; replace the file"
            )
        merged[mask] = label
    if merged is None:
        raise MfpsError(
            f"{folder}: no part mask of face {face} (such as {stem}_skin.png); "
            "give the folder CelebAMask-HQ-mask-anno, or the one with the masks themselves"
        )
    return merged


def find_label_map(folder: Path, stem: str) -> Path | None:
    """The label map of a face in a folder of them: `<stem>.png`, or else `<stem>_label.png`; None where there is none.

    Args:
        folder: the folder. Photographs in it must not be PNG files, as those would be taken for label maps.
        stem: the photograph's file name without its suffix.
    """
    named = (folder / f"{stem}.png", folder / f"{stem}_label.png")
    return next((path for path in named if is_file(path)), None)


def _check_classes(labels: np.ndarray, classes: int, where: str = "") -> None:
    highest = int(labels.max(initial=0))
    if highest >= classes:
        raise MfpsError(
            f"{where}the label map holds class {highest}, but {classes} classes go from 0 to {classes - 1}; relabel it"
        )


def _read_mask(path: Path) -> np.ndarray:
    mode, values = _decoded(path, "part mask", rgb=True)
    if mode not in _MASK_MODES:
        raise MfpsError(f"{path}: a part mask is an 8-bit PNG, not {mode}; replace the file")
    return values.max(-1) > 0


def _decoded(path: Path, what: str, rgb: bool = False) -> tuple[str, np.ndarray]:
    """The mode of a PNG file and its pixels: as they are stored, or in the colours that they stand for."""
    with open_image(path, what=what) as image:
        if image.fp is None:
            raise MfpsError(f"{path}: the {what} cannot be read; replace the file")
        place = image.fp.tell()
        image.fp.seek(24)
        bits = image.fp.read(1)[0]  # the depth in the PNG header: Pillow silently scales grey of 2 and 4 bits
        image.fp.seek(place)
        mode = image.mode if image.format == "PNG" else f"{image.format} {image.mode}"
        try:
            pixels = np.array(image.convert("RGB") if rgb else image)
        except Exception as error:  # a damaged file can make Pillow's decoders raise almost anything
            raise MfpsError(f"{path}: the {what} is damaged; replace the file") from error
    grey = not rgb and bits != 8 and mode in ("1", "L", "I", "I;16")
    return (f"{bits}-bit grey" if grey else mode), pixels
