"""Configuration fields that say where priors come from; see `engine.fields`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..files.config_model import Panel
from .provenance import Source

PriorsFrom = Annotated[
    Source,
    Panel.PRIORS,
    Field(
        description="`clean` reads stored priors, which are oracle priors if they were made from clean faces; "
        "`degraded` finds them on the fly in the degraded face, `coarse` in the output of iteration 0."
    ),
]

WeightsDir = Annotated[Path | None, Panel.PRIORS, Field(description="Folder with external weights; see `mfps doctor`.")]

LandmarksBy = Annotated[
    Literal["auto", "fan", "dlib"],
    Panel.PRIORS,
    Field(
        description="What finds faces and their landmarks: `fan` (face-alignment, its weights are downloaded) or "
        "`dlib` (from pip). `auto` is FAN where its weights are at hand, else dlib where it is installed, else FAN.",
        exclude_if=lambda by: by == "auto",
    ),
]

Parser = Annotated[
    str | None,
    Panel.PRIORS,
    Field(description="Folder or name of the face parser's weights; by default jonathandinu/face-parsing."),
]

Dictionary = Annotated[
    Path | None, Panel.PRIORS, Field(description="Dictionary file, made by `mfps dictionary build`.")
]
