"""The configuration of `mfps serve`."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ..engine.fields import Device
from ..files.config_model import REPEATED, ConfigModel, Panel
from ..images.image_file import MAX_PIXELS
from ..priors.fields import Dictionary, LandmarksBy, Parser, WeightsDir


class ServeConfig(ConfigModel):
    """What the page shows, where it is reached, and how large a photograph may be."""

    runs: Annotated[tuple[Path, ...], REPEATED, Panel.COMMON]
    """Run folders of searches, trainings and evaluations, to look at; trained ones, weights files and files of
    `mfps export` also restore."""
    host: Annotated[str, Panel.COMMON] = "127.0.0.1"
    """Address at which the page is reached. By default only this machine reaches it; at 0.0.0.0 everybody who reaches
    the machine does."""
    port: Annotated[int, Panel.COMMON] = Field(default=7860, ge=0, lt=2**16)
    """Port; 0 takes a free one."""
    max_mb: Annotated[int, Panel.DATA] = Field(default=50, ge=1, le=2000)
    """Largest file in megabytes that is taken; a larger one is refused while it arrives."""
    max_megapixels: Annotated[float, Panel.DATA] = Field(default=MAX_PIXELS / 1e6, gt=0, le=MAX_PIXELS / 1e6)
    """A photograph with more megapixels is refused."""
    device: Device = "auto"
    weights_dir: WeightsDir = None
    landmarks_by: LandmarksBy = "auto"
    parser: Parser = None
    dictionary: Dictionary = None
