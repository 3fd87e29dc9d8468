"""The configuration of the demo."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..engine.fields import Device, PriorNames, Seed
from ..files.config_model import ConfigModel, Panel


class DemoConfig(ConfigModel):
    """How large the demo is, and where its results go."""

    out: Annotated[Path, Panel.COMMON] = Path("demo")
    """New folder for the results, or that of an unfinished demo of the same options, which continues."""
    faces: Annotated[int, Panel.COMMON] = Field(default=160, ge=32)
    """Number of drawn faces to train on."""
    priors: Annotated[PriorNames, Panel.COMMON] = ("parsing", "heatmap")
    """Facial priors to use: any of parsing,heatmap,dictionary, or none. The dictionary takes several more minutes."""
    seed: Seed = 0
    device: Device = "auto"
