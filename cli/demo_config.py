"""The configuration of the demo."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..engine.fields import Device, PriorNames, Seed
from ..files.config_model import ConfigModel, Panel
from ..genotypes.space import PRIORS


class DemoConfig(ConfigModel):
    """How large the demo is, and where its results go."""

    out: Annotated[Path, Panel.COMMON] = Path("demo")
    """New folder for the results; nothing is overwritten."""
    faces: Annotated[int, Panel.COMMON] = Field(default=40, ge=32)
    """Number of drawn faces to train on."""
    priors: Annotated[PriorNames, Panel.COMMON] = PRIORS
    """Facial priors to use: any of parsing,heatmap,dictionary, or none."""
    seed: Seed = 0
    device: Device = "auto"
