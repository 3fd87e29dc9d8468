"""The type of a configuration's field that takes a degradation as text."""

from typing import Annotated

from pydantic import AfterValidator

from ..errors import MfpsError


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
