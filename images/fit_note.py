"""What fitting photographs into squares does to them, in one line for people: how many are shrunk, enlarged, cut."""

from collections.abc import Iterable


def fit_note(extents: Iterable[tuple[int, int]], size: int) -> str:
    """Say what `fit_square` does to photographs that it changes.

    Args:
        extents: width and height of each photograph in pixels.
        size: side of the squares in pixels.

    Returns:
        Such as `3 of 5 photographs are larger than 64 px and are shrunk, 1 is not square and is cut to its middle`;
        empty if all of them are squares of that side.
    """
    sides = [(min(extent), max(extent)) for extent in extents]
    changes = (
        (sum(short > size for short, _ in sides), f"larger than {size} px", "shrunk"),
        (sum(short < size for short, _ in sides), f"smaller than {size} px", "enlarged"),
        (sum(short < long for short, long in sides), "not square", "cut to {their} middle"),
    )
    parts: list[str] = []
    for count, what, change in changes:
        if count:
            be, their = ("is", "its") if count == 1 else ("are", "their")
            whose = "" if parts else f" of {len(sides)} photograph{'s' * (len(sides) > 1)}"
            parts.append(f"{count}{whose} {be} {what} and {be} {change.format(their=their)}")
    return ", ".join(parts)
