"""The settings of `mfps prepare`."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ..engine.fields import Device, PriorNames, Seed, Workers
from ..errors import MfpsError
from ..files.config_model import ConfigModel, Panel
from ..files.hashes import sha256_of
from ..images.fields import FollowLinks
from ..priors.fields import Dictionary, LandmarksBy, Parser, WeightsDir
from ..priors.provenance import Source

if TYPE_CHECKING:
    from ..priors.prior_kind import ExternalSources


BY_HASH = ("landmarks", "labels", "dictionary")
"""Fields that name a file or folder; in the settings of a data set their names are followed by their hashes."""


class PrepareConfig(ConfigModel):
    """How photographs become a data set. Equal settings and photographs give equal bytes."""

    photos: Annotated[Path, Panel.COMMON]
    """Folder of photographs."""
    out: Annotated[Path, Panel.COMMON]
    """Folder of the data set; an unfinished one of the same settings is continued."""
    follow_links: FollowLinks = False
    size: Annotated[int, Panel.COMMON] = Field(default=128, ge=16, le=4096, multiple_of=8)
    """Side of the faces in pixels, a multiple of 8."""
    aligned: Annotated[bool, Panel.COMMON] = False
    """The photographs are already aligned faces; keep them as they are."""
    landmarks: Annotated[Path | None, Panel.COMMON] = None
    """File or folder with landmarks; by default they are found, see `landmarks_by`."""
    landmarks_by: LandmarksBy = "auto"
    scheme: Annotated[str | None, Panel.PRIORS] = None
    """Landmark scheme to store, if there is an exact conversion to it; by default the scheme of the landmarks."""
    labels: Annotated[Path | None, Panel.COMMON] = None
    """Folder with label maps or part masks of the photographs; by default the face parser finds them."""
    label_order: Annotated[Literal["celebamask", "bisenet"], Panel.PRIORS] = "celebamask"
    """Numbering of the classes in the label maps of `labels`."""
    dictionary: Dictionary = None
    parser: Parser = None
    priors: Annotated[PriorNames, Panel.COMMON] = ("parsing", "heatmap")
    """Priors to make, any of parsing,heatmap,dictionary, or none."""
    made_from: Annotated[Source, Panel.PRIORS] = "clean"
    """What the photographs are: clean faces, degraded ones, or coarse output of a network. It is recorded."""
    least_side: Annotated[int | None, Panel.DATA] = Field(default=None, ge=8)
    """Smallest side of a face in its photograph, in pixels; by default `size`, so that nothing is enlarged."""
    max_megapixels: Annotated[float, Panel.DATA] = Field(default=30.0, gt=0, le=1000)
    """Larger photographs are dropped."""
    val: Annotated[float, Panel.COMMON] = Field(default=0.1, ge=0, lt=1)
    """Share of the photographs whose faces go to val.txt."""
    test: Annotated[float, Panel.COMMON] = Field(default=0.0, ge=0, lt=1)
    """Share of the photographs whose faces go to test.txt."""
    seed: Seed = 0
    weights_dir: WeightsDir = None
    workers: Workers = Field(default=2, le=256)
    device: Device = "auto"

    @field_validator("scheme")
    @classmethod
    def _known_scheme(cls, value: str | None) -> str | None:
        if value is not None:
            from ..priors.landmarks.schemes import scheme_of_name  # only here, because it imports torch

            scheme_of_name(value)
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "PrepareConfig":
        from ..priors.kinds import PRIOR_KINDS  # only here, because it imports torch

        for prior in self.priors:
            PRIOR_KINDS[prior].check_sources(self.sources)
        if self.val + self.test >= 1:
            raise MfpsError(f"`val` {self.val} and `test` {self.test} leave no face to train on; lower them")
        return self

    @property
    def sources(self) -> "ExternalSources":
        """Where the networks that find priors come from."""
        from ..priors.prior_kind import ExternalSources

        return ExternalSources(self.weights_dir, self.parser, self.dictionary, self.landmarks_by)

    @property
    def settings(self) -> dict[str, Any]:
        """What the result depends on, without paths and what only affects speed; files by their hash.

        Raises:
            MfpsError: the landmarks or the label maps do not exist.
        """
        chosen = self.model_dump(
            mode="json",
            # What found landmarks is among the networks.
            exclude={"photos", "out", "follow_links", "weights_dir", "landmarks_by", "workers", "device"},
        )
        for name in BY_HASH:
            place: Path | None = getattr(self, name)
            if place is not None:
                chosen[name] = f"{place.resolve().name} {_digest(place, name)[:16]}"
        if self.parser is not None:
            chosen["parser"] = Path(self.parser).name
        return chosen


def known_by_content(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a data set without the names of the files and folders that their hashes are given with.

    Args:
        settings: `PrepareConfig.settings`, with `networks` where they are known.
    """
    known = {key: value for key, value in settings.items() if key != "parser"}  # its hash is among the networks
    for name in BY_HASH:
        known[name] = str(settings.get(name)).rpartition(" ")[2]
    networks: Mapping[str, Mapping[str, Any]] = settings.get("networks", {})
    nameless = {what: {key: v for key, v in found.items() if key != "model"} for what, found in networks.items()}
    return known | {"networks": nameless}


def _digest(place: Path, name: str) -> str:
    """The SHA-256 of a file; of a folder, that of the names and hashes of the files that may be read from it."""
    if place.is_file():
        return sha256_of(place)
    if not place.is_dir():
        raise MfpsError(f"{place}: there is no such file or folder; check `{name}`")
    ending = ".png" if name == "labels" else ".pts"
    digest = hashlib.sha256()
    for file in sorted(place.rglob("*")):
        if file.suffix.lower() == ending and file.is_file():
            digest.update(f"{file.relative_to(place).as_posix()} {sha256_of(file)}\n".encode())
    return digest.hexdigest()
