"""The file `priors/dictionary.safetensors`: typical feature patches of the parts of faces.

It holds, for each part, the centres (K, 256, s, s) of clustered patches of features. Its header is one string, `mfps`:
JSON that says where they come from. It is a single string because safetensors writes several in arbitrary order.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from ...errors import MfpsError, first_violation
from ...files.atomic_file import write_atomically
from ...files.json_text import read_strict
from ...files.safetensors_header import check_safetensors
from .component_boxes import PARTS

DICTIONARY_FORMAT = "mfps.dictionary/1"
"""Name and version of the file's layout."""

CHANNELS = 256
"""Channels of VGG19's relu3_4, and of VGG16's relu3_3."""

FACE_PX = 512
"""Side in pixels of the faces that features are computed from; the maps have a quarter of it."""

PATCH_SIDES = {"left_eye": 20, "right_eye": 20, "nose": 12, "mouth": 27}
"""Side of each part's centres at the scale of the maps. Source: DFDNet, whose patches are 80, 80, 50 and 110 at 512."""

Count = Annotated[int, Field(strict=True, ge=1)]
Sha256 = Annotated[str, Field(strict=True, pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True, eq=False)
class FacialDictionary:
    """Typical feature patches of the parts of faces.

    Attributes:
        centres: for each of `PARTS` a float16 tensor (K, 256, s, s); K may differ between parts.
        entries: the requested K.
        seed: seed of the clustering.
        features: which network the features come from: `vgg19 <sha256>` or `vgg16 <sha256>` of its weights,
            or `seeded random VGG19 (seed <n>)` and the same of VGG16.
        photographs: SHA-256 of the photographs' pixels and landmarks.
    """

    centres: dict[str, Tensor]
    entries: int
    seed: int
    features: str
    photographs: str

    @property
    def counts(self) -> dict[str, int]:
        """K of each part."""
        return {part: len(centres) for part, centres in self.centres.items()}

    def to(self, device: torch.device | str) -> "FacialDictionary":
        """The same dictionary with its centres on a device."""
        return replace(self, centres={part: centres.to(device) for part, centres in self.centres.items()})


class DictionaryHeader(BaseModel):
    """The string `mfps` in the header of a dictionary file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["mfps.dictionary/1"]
    size: Literal[512]
    counts: dict[str, Count]
    entries: Count
    seed: Annotated[int, Field(strict=True)]
    features: str
    photographs: Sha256


def write_dictionary(path: str | Path, dictionary: FacialDictionary) -> None:
    """Write a dictionary file atomically; the same dictionary gives the same bytes.

    Raises:
        MfpsError: the centres do not have the shapes of `PATCH_SIDES` or are not finite, or the file cannot be
            written.
    """
    path = Path(path)
    tensors = {part: centres.detach().cpu().half().contiguous() for part, centres in dictionary.centres.items()}
    _check_centres(tensors, path)
    header = DictionaryHeader(
        format=DICTIONARY_FORMAT,
        size=FACE_PX,
        counts=dictionary.counts,
        entries=dictionary.entries,
        seed=dictionary.seed,
        features=dictionary.features,
        photographs=dictionary.photographs,
    )
    text = json.dumps(header.model_dump(), sort_keys=True)
    # Written here and not by safetensors, so that the file gets the user's usual permissions.
    write_atomically(path, save(tensors, metadata={"mfps": text}))


def read_dictionary(path: str | Path) -> FacialDictionary:
    """Read a dictionary file. The centres stay in the file until they are used, and processes share them.

    Raises:
        MfpsError: the file is missing, is not a dictionary, or breaks a rule of its format.
    """
    path = Path(path)
    check_safetensors(path, "dictionary", "give a file written by mfps")
    try:
        with safe_open(path, framework="pt") as opened:
            text = (opened.metadata() or {}).get("mfps")
            centres = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - not a dict
    except Exception as error:  # SafetensorError, or torch's error for a type or shape that it cannot make
        raise MfpsError(f"{path}: not a safetensors file ({error}); give a dictionary written by mfps") from None
    try:
        data = read_strict(text or "null")
    except MfpsError as error:
        raise MfpsError(f"{path}: the header is damaged: {error}") from None
    if not isinstance(data, dict) or data.get("format") != DICTIONARY_FORMAT:
        raise MfpsError(
            f"{path}: its header is not {DICTIONARY_FORMAT!r}; give a dictionary written by this version of mfps"
        )
    try:
        header = DictionaryHeader.model_validate(data)
    except ValidationError as error:
        raise first_violation(error, str(path)) from None
    _check_centres(centres, path)
    dictionary = FacialDictionary(
        {part: centres[part] for part in PARTS}, header.entries, header.seed, header.features, header.photographs
    )
    if dictionary.counts != header.counts:
        raise MfpsError(f"{path}: the counts in the header do not fit the centres; build the dictionary again")
    return dictionary


def _check_centres(centres: Mapping[str, Tensor], path: Path) -> None:
    if set(centres) != set(PARTS):
        raise MfpsError(f"{path}: a dictionary has the parts {', '.join(PARTS)}, not {', '.join(sorted(centres))[:80]}")
    for part, side in PATCH_SIDES.items():
        shape = tuple(centres[part].shape)
        if not (shape[:1] > (0,) and shape[1:] == (CHANNELS, side, side)) or centres[part].dtype != torch.float16:
            raise MfpsError(f"{path}: {part}: centres are float16 (K, {CHANNELS}, {side}, {side}), not {shape}")
        if not centres[part].isfinite().all():
            raise MfpsError(f"{path}: {part}: a centre is not finite; train the dictionary again")
