"""The configuration of exporting a network."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ..degradation.fields import DegradationText
from ..errors import MfpsError, shown
from ..files.config_model import COMMAS, ConfigModel, Panel
from ..images.fields import FollowLinks
from ..inference.config import Architecture, Side
from ..priors.fields import Dictionary
from .formats import FORMATS
from .neighbours import NEIGHBOURS, check_name

MAX_PASSES = 16
"""As many as a network may be trained with."""


def _formats(value: Any) -> Any:
    """Names given one by one, in texts with commas, or both; each once."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(part, str) for part in given):
        return value
    names = [name.strip() for part in given for name in part.split(",")]
    for name in names:
        if name not in FORMATS:
            raise MfpsError(f"unknown format {shown(name)}: choose from {', '.join(FORMATS)}")
    return tuple(dict.fromkeys(names))


def _passes(value: Any) -> Any:
    """`all`, or a number as text."""
    if value is None:
        return None
    text = str(value)
    if text != "all" and not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_PASSES):
        raise MfpsError(f"must be a number from 1 to {MAX_PASSES}, or all, not {shown(value)}")
    return text


def _neighbours(value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if name not in NEIGHBOURS:
            raise MfpsError(f"unknown program {shown(name)}: choose from {', '.join(NEIGHBOURS)}")
    return value


class ExportConfig(ConfigModel):
    """What of a network is exported, in which formats, and on which faces the files are checked."""

    weights: Annotated[Path, Panel.COMMON]
    """Weights file, the run folder that holds it, or a .pth or safetensors file of others."""
    genotype: Architecture = None
    out: Annotated[Path, Panel.COMMON]
    """New folder for the files; it is made whole or not at all."""
    format: Annotated[
        tuple[str, ...],
        BeforeValidator(_formats),
        Panel.COMMON,
        Field(min_length=1, description=f"Any of {', '.join(FORMATS)}; repeatable, or with commas."),
    ] = ("onnx",)
    name: Annotated[str | None, AfterValidator(check_name), Panel.COMMON] = None
    """Name of the files, without its ending; by default that of the run folder or weights file."""
    size: Side = None
    iterations: Annotated[
        str | None,
        BeforeValidator(_passes),
        Panel.COMMON,
        Field(
            description="Passes over each face, of which the last one's picture comes out; or all, for the picture of "
            "every pass that the network was trained with. By default as many as it was trained with."
        ),
    ] = None
    wrap: Annotated[Literal["none", "face512"], Panel.COMMON] = "none"
    """`face512` takes and returns one face of 512 pixels, RGB in [-1, 1], as face restorers in other programs do, and
    resizes it inside."""
    opset: Annotated[int, Panel.COMMON] = Field(default=20, ge=17, le=20)
    """Version of the ONNX operators; 17 is for older runtimes."""
    half: Annotated[bool, Panel.COMMON] = False
    """Hold and compute in float16, for GPUs; inputs and outputs stay float32."""
    quantize: Annotated[Literal["int8"] | None, Panel.COMMON] = None
    """Round weights and activations of the ONNX file to 8 bits, by the range they have on faces of `data`."""
    neighbours: Annotated[tuple[str, ...], COMMAS, AfterValidator(_neighbours), Panel.COMMON] = Field(
        default=(), description=f"Add what other programs need beside the ONNX file: {', '.join(NEIGHBOURS)}."
    )
    licence: Annotated[str | None, Panel.COMMON] = None
    """Terms of use of the weights, written into the files."""
    priors: Annotated[
        Literal["inputs", "zeros", "folded"],
        Panel.PRIORS,
        Field(
            description="Where the priors of a file come from: `inputs` takes their maps, `zeros` takes none, `folded` "
            "draws them inside, from landmarks, label maps, and boxes with their dictionary entries."
        ),
    ] = "inputs"
    dictionary: Dictionary = None
    data: Annotated[Path | None, Panel.DATA] = None
    """Folder of clean, aligned faces on which the files are checked; by default the run's, or drawn faces."""
    degradation: Annotated[DegradationText | None, Panel.DATA] = None
    """How these faces are degraded, as in `mfps degrade`; by default as in training."""
    calibration_faces: Annotated[int, Panel.DATA] = Field(default=32, ge=1, lt=2**31)
    """Faces from which ranges for 8 bits are taken; others show what is lost."""
    follow_links: FollowLinks = False

    @model_validator(mode="after")
    def _fits(self) -> "ExportConfig":
        if self.half and self.quantize:
            raise MfpsError("`half` and `quantize` exclude each other: choose one")
        if self.half and "aoti" in self.format:
            raise MfpsError("`half` is for GPUs, but the format aoti compiles for this processor; leave one out")
        if self.quantize and "onnx" not in self.format:
            raise MfpsError(f"`quantize` {self.quantize} makes an ONNX file; add onnx to `format`")
        if self.neighbours and (self.wrap != "face512" or "onnx" not in self.format):
            raise MfpsError(
                f"`neighbours` {','.join(self.neighbours)} take an ONNX file of 512 pixels in [-1, 1]; set `wrap` to "
                "face512 and have onnx in `format`"
            )
        return self
