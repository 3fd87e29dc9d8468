"""The configuration of degrading photographs on disk."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..files.config_model import ConfigModel, Panel
from ..images.fields import FollowLinks
from .fields import DegradationText


class DegradeConfig(ConfigModel):
    """Which photographs to degrade, how, and where to write the results."""

    source: Annotated[Path, Panel.COMMON]
    """Photograph, or folder of photographs."""
    out: Annotated[Path, Panel.COMMON]
    """Folder for the degraded PNG files; nothing is overwritten."""
    degradation: Annotated[DegradationText, Panel.COMMON] = "full"
    """Preset; or a chain of stages such as `grey|blur(6,12)|noise(20,40)|jpeg(30,60)`; or a weighted mix of these, such
    as `full:0.5,blur(6,12)|jpeg:0.5`."""
    size: Annotated[int | None, Panel.COMMON] = Field(default=None, ge=1, lt=2**31)
    """First crop each photograph to a square and shrink it to this side, in pixels; by default its size is kept."""
    seed: Annotated[int, Panel.COMMON] = Field(default=0, ge=0, lt=2**31)
    """Seed of everything random."""
    follow_links: FollowLinks = False
