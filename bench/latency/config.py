"""The configuration of measuring how long the parts of a space take."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ...engine.configuration import PRESETS, read_preset
from ...engine.fields import Device, Layout, PriorNames, RunningPrecision, Seed
from ...files.config_model import COMMAS, ConfigModel, Panel
from ...genotypes.base import Base, BaseWindow
from ...genotypes.space import PRIORS, SPACES


class LatencyConfig(ConfigModel):
    """The space whose parts are timed, with the options of a search, and how they are run."""

    out: Annotated[Path, Panel.COMMON]
    """Table to write, such as table.json."""
    space: Annotated[Literal["published", "wide"], Panel.COMMON] = "wide"
    """What may differ: paths and cells (published), or also the depth of paths and the depth and width of the layers
    around them, with separable convolutions besides (wide)."""
    width: Annotated[int, Panel.COMMON] = Field(default=8, ge=1, le=512)
    """Base width of the networks."""
    size: Annotated[int, Panel.COMMON] = Field(default=128, ge=16, le=4096, multiple_of=8)
    """Side of a face in pixels, a multiple of 8."""
    priors: Annotated[PriorNames, Panel.COMMON] = Field(
        default=(), description=f"Facial priors: any of {','.join(PRIORS)}, or none."
    )
    preset: Annotated[Literal["tiny", "small", "published"] | None, Panel.COMMON] = None
    """Take the space's options that are not given from the search of a preset."""
    device: Device = "auto"
    runtime: Annotated[Literal["torch", "onnxruntime"], Panel.COMMON] = "torch"
    """What runs the networks: torch, or onnxruntime, for which each is exported and computes in float32."""
    precision: RunningPrecision = "float32"
    layout: Layout = "auto"
    threads: Annotated[int | None, Panel.DEVICES] = Field(default=None, ge=1, le=1024)
    """Processor threads; by default as many as there are cores."""
    layers: Annotated[int, Panel.SEARCH] = Field(default=6, ge=1, le=16)
    """Layers of every branch except fusion; wide: the most."""
    fusion_layers: Annotated[int, Panel.SEARCH] = Field(default=8, ge=1, le=16)
    """Layers of the fusion branch; wide: the most."""
    monotone: Annotated[bool, Panel.SEARCH] = False
    """The upsample branch moves only to the same or the next higher rate."""
    operations: Annotated[tuple[str, ...], COMMAS, Panel.SEARCH] = ()
    """Candidate operations of every edge; by default those of the space."""
    iterations: Annotated[int | None, Panel.NETWORK] = Field(default=None, ge=1, le=16)
    """Passes of the network over the image; by default 2 with priors and 1 without."""
    blocks: Annotated[int, Panel.NETWORK] = Field(default=3, ge=1, le=64)
    """Residual dense blocks in the encoder, and again after re-distillation; wide: the most."""
    attention: Annotated[bool, Panel.NETWORK] = False
    """Weight each prior by a learned attention."""
    base: Annotated[Base, Panel.NETWORK] = "none"
    """What the network's output is added to."""
    base_window: Annotated[BaseWindow, Panel.NETWORK] = 4
    """Side in pixels of the squares that the base `lowpass` averages over."""
    heatmap_rgb: Annotated[bool, Panel.PRIORS] = False
    """The heatmap prior begins with the picture's channels."""
    rounds: Annotated[int, Panel.REPORT] = Field(default=15, ge=1, le=10_000)
    """Turns of every part and network, of which the median counts."""
    networks: Annotated[int, Panel.REPORT] = Field(default=20, ge=1, le=1000)
    """Random networks whose predicted and measured times are compared; 12 others calibrate the prediction."""
    seed: Seed = 0

    @model_validator(mode="before")
    @classmethod
    def _of_the_preset(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("preset") not in PRESETS:
            return values
        beneath = read_preset(values["preset"], "search")
        return {**{name: value for name, value in beneath.items() if name in cls.model_fields}, **values}

    @property
    def candidates(self) -> tuple[str, ...]:
        """The candidate operations, with the default resolved."""
        return self.operations or SPACES[self.space].operations
