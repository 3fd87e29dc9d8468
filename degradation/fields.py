"""The field of a configuration that takes a degradation's text."""

from typing import Annotated

from pydantic import AfterValidator

from ..errors import MfpsError


def normal_degradation(text: str) -> str:
    """A degradation's text without spaces and with numbers as short as they can be written.

    Raises:
        MfpsError: it is not a degradation (see `Degradation.parse`).
    """
    from .presets import Degradation  # only here: it brings OpenCV, and `--help` needs none

    return str(Degradation.parse(text))


def _checked(text: str) -> str:
    try:
        return normal_degradation(text)
    except MfpsError as error:
        raise MfpsError(str(error).removeprefix("degradation ")) from None  # the field's name goes before it


DegradationText = Annotated[str, AfterValidator(_checked)]
"""A preset, stages in a row, or a weighted mix of such, in its normal form."""
