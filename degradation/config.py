"""The configuration of degrading photographs on disk."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..files.config_model import ConfigModel, Panel
from .fields import DegradationText


class DegradeConfig(ConfigModel):
    """Which photographs are degraded, how, and where the results go."""

    source: Annotated[Path, Panel.COMMON]
    """Photograph, or folder of photographs."""
    out: Annotated[Path, Panel.COMMON]
    """Folder for the degraded PNG files; nothing is overwritten."""
    degradation: Annotated[DegradationText, Panel.COMMON] = "full"
    """Preset, stages in a row such as `grey|blur(6,12)|noise(20,40)|jpeg(30,60)`, or a weighted mix of such, as in
    `full:0.5,blur(6,12)|jpeg:0.5`."""
    size: Annotated[int | None, Panel.COMMON] = Field(default=None, ge=1, lt=2**31)
    """Crop to a square and shrink to this side in pixels first."""
    seed: Annotated[int, Panel.COMMON] = Field(default=0, ge=0, lt=2**31)
    """Everything random follows from it."""
