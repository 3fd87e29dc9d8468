"""The configuration of the demo."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..engine.fields import Device, PriorNames, Seed
from ..files.config_model import ConfigModel, Panel
from ..genotypes.space import PRIORS


class DemoConfig(ConfigModel):
    """How large the demo is, and where it goes."""

    out: Annotated[Path, Panel.COMMON] = Path("demo")
    """Folder to make; nothing is overwritten."""
    faces: Annotated[int, Panel.COMMON] = Field(default=40, ge=32)
    """Drawn faces to learn from."""
    priors: Annotated[PriorNames, Panel.COMMON] = PRIORS
    """Facial priors, any of parsing,heatmap,dictionary, or none."""
    seed: Seed = 0
    device: Device = "auto"
