"""The configurations of evaluating and restoring with a trained network."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from ..degradation.fields import DegradationOfFaces, Pairs, settle_pairs
from ..engine.fields import (
    BatchOfFaces,
    Compile,
    Device,
    DropPrior,
    Layout,
    RunningPrecision,
    Seed,
    Workers,
)
from ..errors import MfpsError
from ..files.config_model import REPEATED, ConfigModel, Panel
from ..images.fields import FollowLinks, PictureFormat
from ..metrics.fields import InceptionFile, LpipsBackbone, MetricNames, StLpips
from ..priors.fields import Dictionary, LandmarksBy, Parser, PriorsFrom, WeightsDir

Side = Annotated[
    int | None,
    Panel.COMMON,
    Field(
        ge=8,
        lt=2**31,
        multiple_of=8,
        description="Side of the faces in pixels, a multiple of 8; by default the one the network was trained at.",
    ),
]


Architecture = Annotated[
    str | None,
    BeforeValidator(lambda value: str(value) if isinstance(value, Path) else value),
    Panel.COMMON,
    Field(
        description="Architecture of a .pth or safetensors file that mfps did not write: genotype file, run folder "
        "(RUN@12 for epoch 12 of a search, RUN#3 for member 3 of its front) or published name. Files of mfps say "
        "their own."
    ),
]

RuntimeName = Annotated[
    Literal["auto", "torch", "onnxruntime"],
    Panel.DEVICES,
    Field(
        description="What runs the network: torch for weights, and for an exported file what its kind is for. For "
        "onnxruntime give an ONNX file of `mfps export`."
    ),
]


class EvaluateConfig(ConfigModel):
    """How a network is evaluated: on which faces, degraded how, with which priors, and what is written."""

    weights: Annotated[Path, Panel.COMMON]
    """Weights file, the run folder that holds it, a .pth or safetensors file of others, or a file of `mfps export`."""
    genotype: Architecture = None
    data: Annotated[Path, Panel.COMMON]
    """Folder of clean, aligned faces, with the priors that the network takes. If none of them is there, the network
    stops after iteration 0, which needs none."""
    out: Annotated[Path, Panel.COMMON]
    """New folder for the report; nothing is overwritten."""
    list: Annotated[tuple[Path, ...], REPEATED, Panel.COMMON] = ()
    """List of names, reported as a separate group; repeatable. By default all faces are one group."""
    follow_links: FollowLinks = False
    degradation: Annotated[tuple[DegradationOfFaces, ...], REPEATED, Panel.COMMON] = ("full",)
    """Preset, stages or mix as in `mfps degrade`, each reported separately; repeatable."""
    pairs: Pairs = None
    size: Side = None
    batch_size: BatchOfFaces = 8
    workers: Workers = 0
    seed: Seed = 0
    device: Device = "auto"
    runtime: RuntimeName = "auto"
    layout: Layout = "auto"
    precision: RunningPrecision = "float32"
    compile: Compile = "auto"
    priors_from: PriorsFrom = "clean"
    drop_prior: DropPrior = ()
    weights_dir: WeightsDir = None
    landmarks_by: LandmarksBy = "auto"
    parser: Parser = None
    dictionary: Dictionary = None
    metrics: MetricNames = None
    lpips_backbone: LpipsBackbone = None
    st_lpips: StLpips = None
    inception: InceptionFile = None
    shown: Annotated[int, Panel.REPORT] = Field(default=6, ge=1, lt=2**31)
    """Faces of each degradation to show in the comparison picture."""
    against: Annotated[Path | None, Panel.REPORT] = None
    """Earlier report (`evaluation.json` or its folder) to compare with, face by face. It must have judged the same
    faces, degraded alike."""
    save_images: Annotated[bool, Panel.REPORT] = False
    """Write every restored face to `restored/` in the new folder."""

    _settle_pairs = model_validator(mode="before")(settle_pairs)

    @model_validator(mode="after")
    def _no_duplicates(self) -> "EvaluateConfig":
        if len(set(self.degradation)) < len(self.degradation):
            twice = max(self.degradation, key=self.degradation.count)
            raise MfpsError(f"`degradation` {twice!r} is given twice; name each once")
        if len({path.stem for path in self.list}) < len(self.list):
            raise MfpsError(
                f"`list`: two lists have the same name: {', '.join(path.name for path in self.list)}; "
                "a group is named after its list, so rename one"
            )
        return self


class RestoreConfig(ConfigModel):
    """How photographs are restored."""

    weights: Annotated[Path, Panel.COMMON]
    """Weights file, the run folder that holds it, a .pth or safetensors file of others, or a file of `mfps export`."""
    genotype: Architecture = None
    source: Annotated[Path, Panel.COMMON]
    """Photograph or degraded, aligned face, or a folder of them."""
    follow_links: FollowLinks = False
    out: Annotated[Path, Panel.COMMON]
    """New folder for the restored pictures; nothing is overwritten. For one photograph it may be a .png, .jpg or .webp
    file."""
    whole: Annotated[bool | None, Panel.COMMON] = None
    """The pictures are whole photographs, in which faces are found, restored and pasted back, or they are not: aligned
    face crops. By default decided by finding faces. For whole photographs `priors_from` is coarse by default."""
    face: Annotated[Literal["all", "largest", "centre"], Panel.COMMON] = "all"
    """Which faces of a whole photograph are restored."""
    blend: Annotated[float, Panel.COMMON] = Field(default=1.0, ge=0, le=1)
    """How much of the restored face is taken: 0 leaves the input, 1 takes the output."""
    format: Annotated[PictureFormat | None, Panel.COMMON] = None
    """Format of the restored pictures; by default png, or what the suffix of `out` says. png and webp are lossless; jpg
    changes every pixel a little."""
    least_side: Annotated[int, Panel.DATA] = Field(default=32, ge=8, lt=2**31)
    """Smaller faces of whole photographs are left as they are: least side of an aligned face's square in pixels."""
    cmp: Annotated[bool, Panel.REPORT] = False
    """Also write pictures of the input beside the output, in `cmp/`."""
    resume: Annotated[bool, Panel.SAVING] = False
    """Go on with whole photographs in `out`, with those that are not done; what was changed is done again."""
    iterations: Annotated[int | None, Panel.COMMON] = Field(default=None, ge=1, lt=2**31)
    """Passes over each face; by default as many as the network was trained with."""
    size: Side = None
    batch_size: BatchOfFaces = 8
    device: Device = "auto"
    runtime: RuntimeName = "auto"
    layout: Layout = "auto"
    precision: RunningPrecision = "auto"
    compile: Compile = "auto"
    priors_from: PriorsFrom = "clean"
    drop_prior: DropPrior = ()
    weights_dir: WeightsDir = None
    landmarks_by: LandmarksBy = "auto"
    parser: Parser = None
    dictionary: Dictionary = None
