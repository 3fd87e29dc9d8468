"""An estimate and its interval as text, the same in every table."""

from collections.abc import Sequence


def estimate_text(value: float | None, interval: Sequence[float] | None, digits: int = 2, sign: str = "") -> str:
    """A value and, in brackets, the bounds of its interval; `none` for no value.

    Args:
        value: the estimate.
        interval: its bounds; without them the value stands alone.
        digits: after the decimal point.
        sign: `+` writes the sign of a positive value too, as of a difference.
    """
    if value is None:
        return "none"
    bounds = ", ".join(f"{bound:z.{digits}f}" for bound in interval or ())
    return f"{value:{sign}z.{digits}f}" + (f" [{bounds}]" if bounds else "")
