"""The types of the configurations' fields that say where degraded faces come from."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from ..errors import MfpsError
from ..files.config_model import Panel


def normal_degradation(text: str) -> str:
    """The normal form of a degradation's text: no spaces, and numbers as short as possible.

    Raises:
        MfpsError: it is not a degradation (see `Degradation.parse`).
    """
    from .presets import Degradation  # only here: it imports OpenCV, which `--help` does not need

    return str(Degradation.parse(text))


def _checked(text: str) -> str:
    try:
        return normal_degradation(text)
    except MfpsError as error:
        raise MfpsError(str(error).removeprefix("degradation ")) from None  # the field's name goes before it


DegradationText = Annotated[str, AfterValidator(_checked)]
"""A preset, a chain of stages, or a weighted mix of these, in its normal form."""

GIVEN_PAIRS = "given pairs"
"""What stands in place of a degradation where the degraded faces are files (`Pairs`)."""

DegradationOfFaces = Annotated[str, AfterValidator(lambda text: text if text == GIVEN_PAIRS else _checked(text))]
"""As `DegradationText`, or `GIVEN_PAIRS`; see `settle_pairs`."""

Pairs = Annotated[
    Path | None,
    Panel.DATA,
    Field(
        description="Folder of the degraded faces, where they are given and not made: one for each face of `data`, of "
        "the same name (another suffix will do), and of the same size or smaller by a whole factor."
    ),
]


def settle_pairs(values: Any) -> Any:
    """Fill in `degradation` where degraded faces are given; for a configuration with both fields, before its checks.

    Args:
        values: what the configuration is made of; anything but a dictionary is left to its checks.

    Raises:
        MfpsError: there are both given faces and a degradation, or the latter says that there are given ones.
    """
    if not isinstance(values, dict):
        return values
    said = values.get("degradation")
    texts = [said] if isinstance(said, str) else list(said or ())
    if values.get("pairs") is None:
        if GIVEN_PAIRS in texts:
            raise MfpsError(f"`degradation` {GIVEN_PAIRS}: name the folder of the degraded faces as `pairs`")
        return values
    if texts not in ([], [GIVEN_PAIRS]):
        raise MfpsError(
            f"`pairs` and `degradation` {', '.join(map(str, texts))} exclude each other: degraded faces that are given "
            "are not degraded again; leave one out"
        )
    return {**values, "degradation": GIVEN_PAIRS}
