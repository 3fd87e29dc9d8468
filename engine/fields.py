"""Fields that several configurations share: type, rules, meaning and place in the help, written once.

They are annotations rather than a base class, so that each configuration has its own order and defaults.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ..errors import MfpsError
from ..files.config_model import COMMAS, Panel
from ..genotypes.prior_branches import known_priors

PriorNames = Annotated[tuple[str, ...], COMMAS, BeforeValidator(known_priors)]
"""Names of priors, in the order of `PRIORS`; `none` and an empty text stand for no priors."""

DropPrior = Annotated[
    PriorNames,
    Panel.PRIORS,
    Field(description="Replace these priors of the network by zeros, for an ablation."),
]

Seed = Annotated[int, Panel.COMMON, Field(ge=0, lt=2**31, description="Seed of everything random.")]

BatchOfFaces = Annotated[int, Panel.DEVICES, Field(ge=1, lt=2**31, description="Faces processed at a time.")]

Workers = Annotated[
    int,
    Panel.DEVICES,
    Field(
        ge=0,
        lt=2**31,
        description="Processes that read photographs; with 0 the main process reads them. The result is the same.",
    ),
]

Device = Annotated[
    str,
    Panel.COMMON,
    Field(description="Device to compute on: auto, cpu, cuda or cuda:N; auto is CUDA if there is a GPU."),
]

Layout = Annotated[
    Literal["auto", "channels-last", "contiguous"],
    Panel.DEVICES,
    Field(
        description="Memory layout of the tensors; auto times a few passes on this device before the start and takes "
        "the faster one. Results are the same up to rounding."
    ),
]


def _without_scaling(value: Any) -> Any:
    if value == "float16":
        raise MfpsError(
            "float16 needs its losses scaled, which no training here does; choose bfloat16, which needs no scaling, or "
            "float32"
        )
    return value


_PRECISION = Field(
    description="Number format of the convolutions; the weights stay in float32. auto times those that the device "
    "computes natively, and takes the fastest whose pictures agree with those of float32."
)

Precision = Annotated[
    Literal["auto", "float32", "bfloat16"], BeforeValidator(_without_scaling), Panel.DEVICES, _PRECISION
]
"""Of a training."""

RunningPrecision = Annotated[Literal["auto", "float32", "bfloat16", "float16"], Panel.DEVICES, _PRECISION]
"""Of a network that only runs."""

Compile = Annotated[
    Literal["auto", "off"],
    Panel.DEVICES,
    Field(
        description="auto also tries the network compiled by torch where the device is a GPU; on a CPU compiling takes "
        "longer than it saves."
    ),
]
