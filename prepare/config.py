"""The settings of `mfps prepare`."""

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..errors import MAX_VALUE, MfpsError, shortened
from ..files.external_weights import sha256_of
from ..genotypes.space import PRIORS
from ..priors.landmarks.schemes import scheme_of_name
from ..priors.provenance import SOURCES


class PrepareConfig(BaseModel):
    """How photographs become a data set. Equal settings and photographs give equal bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    photos: Path
    """Folder of photographs."""
    out: Path
    """Folder of the data set; an unfinished one of the same settings is gone on with."""
    size: int = Field(128, ge=16, le=4096, multiple_of=8)
    """Side of the faces in pixels."""
    aligned: bool = False
    """Photographs are aligned faces already and stay as they are."""
    landmarks: Path | None = None
    """File or folder with landmarks; without one they are found by face-alignment."""
    scheme: str | None = None
    """Landmark scheme of the data set, where an exact conversion to it is known; by default the one they come in."""
    labels: Path | None = None
    """Folder with label maps or part masks of the photographs; without one they are found by the face parser."""
    label_order: Literal["celebamask", "bisenet"] = "celebamask"
    """Numbering of the classes in the label maps that are given."""
    dictionary: Path | None = None
    """Dictionary file that the faces' parts are matched with."""
    parser: str | None = None
    """Folder or name of the face parser's weights."""
    priors: tuple[str, ...] = PRIORS
    """The priors to make."""
    made_from: str = SOURCES[0]
    """What the photographs are: clean faces, degraded ones, or coarse output of a network. It is recorded."""
    least_side: int | None = Field(None, ge=8)
    """Least side of a face in its photograph, in pixels; by default `size`, so that nothing is enlarged."""
    max_megapixels: float = Field(30.0, gt=0, le=1000)
    """A larger photograph is dropped."""
    val: float = Field(0.1, ge=0, lt=1)
    """Share of the photographs whose faces go to val.txt."""
    test: float = Field(0.0, ge=0, lt=1)
    """Share of the photographs whose faces go to test.txt."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Chooses the lists."""
    weights_dir: Path | None = None
    """Folder with external weights."""
    workers: int = Field(2, ge=0, le=256)
    """Processes that read and cut photographs; the result is the same."""
    device: str = "auto"
    """auto, cpu, cuda or cuda:N."""

    @field_validator("priors")
    @classmethod
    def _known_priors(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [prior for prior in value if prior not in PRIORS]:
            shown = shortened(repr(unknown[0]), MAX_VALUE)
            raise MfpsError(f"unknown prior {shown}: choose from {', '.join(PRIORS)}, or none")
        return tuple(prior for prior in PRIORS if prior in value)

    @field_validator("made_from")
    @classmethod
    def _known_source(cls, value: str) -> str:
        if value not in SOURCES:
            raise MfpsError(f"{shortened(repr(value), MAX_VALUE)} is not known: choose from {', '.join(SOURCES)}")
        return value

    @field_validator("scheme")
    @classmethod
    def _known_scheme(cls, value: str | None) -> str | None:
        if value is not None:
            scheme_of_name(value)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "PrepareConfig":
        if "dictionary" in self.priors and self.dictionary is None:
            raise MfpsError("the dictionary prior needs --dictionary FILE, made by `mfps dictionary build`")
        if self.val + self.test >= 1:
            raise MfpsError(f"--val {self.val} and --test {self.test} leave no face to train on; lower them")
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """What the result depends on, without places and speed; files by their hash.

        Raises:
            MfpsError: the landmarks or the label maps are not there.
        """
        chosen = self.model_dump(mode="json", exclude={"photos", "out", "weights_dir", "workers", "device"})
        for name in ("landmarks", "labels", "dictionary"):
            place: Path | None = getattr(self, name)
            if place is not None:
                chosen[name] = f"{place.resolve().name} {_digest(place, name)[:16]}"
        if self.parser is not None:
            chosen["parser"] = Path(self.parser).name
        return chosen


def _digest(place: Path, name: str) -> str:
    """The SHA-256 of a file; of a folder, that of the names and hashes of the files that may be read from it."""
    if place.is_file():
        return sha256_of(place)
    if not place.is_dir():
        raise MfpsError(f"{place}: there is no such file or folder; check --{name}")
    ending = ".png" if name == "labels" else ".pts"
    digest = hashlib.sha256()
    for file in sorted(place.rglob("*")):
        if file.suffix.lower() == ending and file.is_file():
            digest.update(f"{file.relative_to(place).as_posix()} {sha256_of(file)}\n".encode())
    return digest.hexdigest()
