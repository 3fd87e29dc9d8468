"""The configuration of building a facial dictionary."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ...engine.fields import Device, Seed
from ...files.config_model import ConfigModel, Panel
from ...images.fields import FollowLinks
from ..fields import WeightsDir


class DictionaryConfig(ConfigModel):
    """Which faces a dictionary is learned from, and how large it is."""

    data: Annotated[Path, Panel.COMMON]
    """Folder of aligned faces with priors/landmarks.json, as `mfps prepare` makes it."""
    out: Annotated[Path, Panel.COMMON]
    """Dictionary file to write, .safetensors, with a picture beside it; nothing is overwritten."""
    list: Annotated[Path | None, Panel.COMMON] = None
    """Text file with the names of the faces to learn from, one per line; by default all faces."""
    follow_links: FollowLinks = False
    entries: Annotated[int, Panel.COMMON] = Field(default=128, ge=1, lt=2**31)
    """Number of entries for each part."""
    seed: Seed = 0
    weights_dir: WeightsDir = None
    random_features: Annotated[bool, Panel.COMMON] = False
    """Use a seeded random VGG19, for a trial without its weights."""
    device: Device = "auto"
