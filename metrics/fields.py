"""Configuration fields that choose metrics and say where their weights are; see `engine.fields`."""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from ..files.config_model import COMMAS, Panel

MetricName = Literal["psnr", "ssim", "ms_ssim", "identity", "landmarks", "st_lpips", "lpips", "fid", "kid"]

METRIC_NAMES: tuple[MetricName, ...] = get_args(MetricName)
"""All metrics, in the order in which they are shown. The first two are always measured."""

MetricNames = Annotated[
    tuple[MetricName, ...] | None,
    COMMAS,
    Panel.REPORT,
    Field(
        description=f"Any of {','.join(METRIC_NAMES)}; psnr and ssim are always measured. By default all that "
        "fit the size of the faces and whose packages and weights are there, but for fid and kid, which compare whole "
        "sets of faces."
    ),
]

LpipsBackbone = Annotated[
    Path | None,
    Panel.REPORT,
    Field(
        description="Weights file of torchvision's AlexNet or VGG16, on which LPIPS stands; which of them, the file "
        "shows. Nothing is downloaded."
    ),
]

StLpips = Annotated[
    Path | None,
    Panel.REPORT,
    Field(
        description="Weights of ST-LPIPS: the wheel of stlpips-pytorch 0.0.2, or vgg_shift_tolerant.pth out of it; by "
        "default the installed package's, or those in `weights_dir`."
    ),
]

InceptionFile = Annotated[
    Path | None,
    Panel.REPORT,
    Field(
        description="Weights of the Inception network of FID and KID, weights-inception-2015-12-05-6726825d.pth; by "
        "default those in `weights_dir` or torch's hub cache. Nothing is downloaded."
    ),
]
