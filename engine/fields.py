"""Fields that several configurations have: type, rule, meaning and place in the help, written once.

They are annotations rather than a base class, so that each configuration keeps its own order and defaults.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ..files.config_model import COMMAS, Panel
from ..genotypes.prior_branches import known_priors

PriorNames = Annotated[tuple[str, ...], BeforeValidator(known_priors), COMMAS]
"""Names of priors, in the order of `PRIORS`; `none` and an empty text stand for none of them."""

DropPrior = Annotated[
    PriorNames,
    Panel.PRIORS,
    Field(description="Priors that the network takes and is given as zeros instead, for an ablation."),
]

Seed = Annotated[int, Panel.COMMON, Field(ge=0, lt=2**31, description="Everything random follows from it.")]

BatchOfFaces = Annotated[int, Panel.DEVICES, Field(ge=1, lt=2**31, description="Faces at a time.")]

Workers = Annotated[
    int,
    Panel.DEVICES,
    Field(
        ge=0,
        lt=2**31,
        description="Processes that read photographs; 0 does it in the main one. The result is the same.",
    ),
]

Device = Annotated[str, Panel.COMMON, Field(description="auto, cpu, cuda or cuda:N.")]

Precision = Annotated[
    Literal["float32", "bfloat16"],
    Panel.DEVICES,
    Field(description="Numbers to compute in; bfloat16 is mixed precision, and weights stay in float32."),
]
