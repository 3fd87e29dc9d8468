"""The configuration of a benchmark."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..engine.fields import Device, Layout, RunningPrecision
from ..files.config_model import COMMAS, REPEATED, ConfigModel, Panel
from ..genotypes.space import RATES

STRIDE = RATES[-1]
"""The side of a face is a multiple of it."""


class BenchConfig(ConfigModel):
    """What is measured: networks, and the ways in which each of them is run."""

    network: Annotated[tuple[str, ...], REPEATED, Panel.COMMON] = Field(min_length=1)
    """Weights files (also of hand-made networks), run folders of trainings, exported files; or genotypes (file, run
    folder of a search, published name), which are measured with random weights, as time does not depend on them."""
    out: Annotated[Path | None, Panel.COMMON] = None
    """New folder for `bench.json`, `bench.md` and `bench.png`; without it the table is only printed."""
    batch_sizes: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], COMMAS, Panel.COMMON] = (1,)
    """Faces at a time, one number or several with commas between."""
    sizes: Annotated[
        tuple[Annotated[int, Field(ge=STRIDE, le=4096, multiple_of=STRIDE)], ...], COMMAS, Panel.COMMON
    ] = ()
    """Sides of the faces in pixels, multiples of 8; by default the one that each network was trained at."""
    threads: Annotated[tuple[Annotated[int, Field(ge=1, le=1024)], ...], COMMAS, Panel.COMMON] = ()
    """Numbers of processor threads; by default as many as there are cores."""
    runtimes: Annotated[tuple[Literal["torch", "onnxruntime"], ...], COMMAS, Panel.COMMON] = ("torch",)
    """What runs weights files: `torch`, `onnxruntime` (each network is exported first), or both with a comma between.
    An exported file is run by what it was made for."""
    layouts: Annotated[tuple[Layout, ...], COMMAS, Panel.DEVICES] = ("auto",)
    """Memory layouts for torch: any of auto, channels-last, contiguous."""
    precisions: Annotated[tuple[RunningPrecision, ...], COMMAS, Panel.DEVICES] = ("float32",)
    """Number formats for torch: any of auto, float32, bfloat16, float16."""
    device: Device = "auto"
    iterations: Annotated[int | None, Panel.NETWORK] = Field(default=None, ge=1, le=16)
    """Passes over each face; by default each network's own number."""
    rounds: Annotated[int, Panel.REPORT] = Field(default=7, ge=1, le=10_000)
    """How often each way is measured; all of one size, batch size and number of threads take turns."""
