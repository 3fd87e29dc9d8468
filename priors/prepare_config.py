"""The settings of `mfps prepare`."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import MfpsError
from ..external_weights import sha256_of
from ..genotypes.space import PRIORS


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
    labels: Path | None = None
    """Folder with label maps of the photographs; without one they are found by the face parser."""
    dictionary: Path | None = None
    """Dictionary file that the faces' parts are matched with."""
    parser: str | None = None
    """Folder or name of the face parser's weights."""
    priors: tuple[str, ...] = PRIORS
    """The priors to make."""
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

    @model_validator(mode="after")
    def _has_its_dictionary(self) -> "PrepareConfig":
        if "dictionary" in self.priors and self.dictionary is None:
            raise MfpsError("the dictionary prior needs --dictionary FILE, made by `mfps dictionary build`")
        if self.val + self.test >= 1:
            raise MfpsError(f"--val {self.val} and --test {self.test} leave no face to train on; lower them")
        return self

    @property
    def settings(self) -> dict[str, Any]:
        """What the result depends on, without places and speed; files by their hash."""
        chosen = self.model_dump(mode="json", exclude={"photos", "out", "weights_dir", "workers", "device"})
        for name in ("landmarks", "dictionary"):
            file: Path | None = getattr(self, name)
            if file is not None:
                chosen[name] = f"{file.name} {sha256_of(file)[:16]}" if file.is_file() else file.name
        if self.labels is not None:
            chosen["labels"] = self.labels.name
        return chosen
