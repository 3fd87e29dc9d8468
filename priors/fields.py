"""Configuration fields that say where priors come from; see `engine.fields`."""

from pathlib import Path
from typing import Annotated

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

Parser = Annotated[
    str | None,
    Panel.PRIORS,
    Field(description="Folder or name of the face parser's weights; by default jonathandinu/face-parsing."),
]

Dictionary = Annotated[
    Path | None, Panel.PRIORS, Field(description="Dictionary file, made by `mfps dictionary build`.")
]
