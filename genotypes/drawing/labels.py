"""Where on its curve a label goes, so that labels keep clear of each other, of boxes and of other curves."""

from collections.abc import Sequence
from typing import NamedTuple

from .scene import Box, Curve, Point, Text

PLACES = tuple(i / 20 for i in range(5, 17))
"""Curve parameters at which a label may sit."""

SAMPLES = tuple(i / 40 for i in range(41))
"""Curve parameters at which a curve is sampled."""

CLEARANCE = 3.0
"""Points to leave free around a label."""


class Label(NamedTuple):
    """What to write on which curve."""

    curve: Curve
    text: str


def place_labels(labels: Sequence[Label], boxes: Sequence[Box], curves: Sequence[Curve], size: float) -> list[Text]:
    """Choose each label's place on its curve by coordinate descent.

    Each label in turn moves to its best place, until none moves.

    Args:
        labels: what to write on which curve.
        boxes: shapes to keep clear of.
        curves: all curves; a label may lie on its own only.
        size: font size in points.

    Returns:
        The placed texts, in the order of `labels`.
    """
    candidates = [[Text(label.curve.at(t), label.text, size, backed=True) for t in PLACES] for label in labels]
    costs = [
        [_cost_alone(text, t, boxes, others) for t, text in zip(PLACES, row, strict=True)]
        for row, others in zip(candidates, _points_of_others(labels, curves), strict=True)
    ]
    chosen = [min(range(len(PLACES)), key=row.__getitem__) for row in costs]
    for _ in range(10):
        before = list(chosen)
        for i, row in enumerate(candidates):
            others = [candidates[j][chosen[j]] for j in range(len(labels)) if j != i]
            total = [alone + 1000 * _crowding(text, others) for text, alone in zip(row, costs[i], strict=True)]
            chosen[i] = min(range(len(PLACES)), key=total.__getitem__)
        if chosen == before:
            break
    return [row[place] for row, place in zip(candidates, chosen, strict=True)]


def overlap(text: Text, centre: Point, width: float, height: float) -> float:
    """Area that a text with its clearance shares with a rectangle, in square points."""
    across = _shared(text.at.x, text.width, centre.x, width)
    up = _shared(text.at.y, text.size, centre.y, height)
    return max(across + CLEARANCE, 0.0) * max(up + CLEARANCE, 0.0)


def _shared(middle: float, extent: float, other_middle: float, other_extent: float) -> float:
    """Length that two intervals share; if they share none, the gap between them as a negative number."""
    upper = min(middle + extent / 2, other_middle + other_extent / 2)
    return upper - max(middle - extent / 2, other_middle - other_extent / 2)


def _crowding(text: Text, others: Sequence[Text]) -> float:
    return sum(overlap(text, other.at, other.width, other.size) for other in others)


def _points_of_others(labels: Sequence[Label], curves: Sequence[Curve]) -> list[list[Point]]:
    """For each label, points all along the curves that it must keep clear of."""
    points = [[curve.at(t) for t in SAMPLES] for curve in curves]
    return [
        [point for curve, along in zip(curves, points, strict=True) if curve is not label.curve for point in along]
        for label in labels
    ]


def _cost_alone(text: Text, t: float, boxes: Sequence[Box], others: Sequence[Point]) -> float:
    """Cost of a place apart from other labels: hidden boxes, hidden parts of other curves, distance from the middle."""
    hidden_boxes = sum(overlap(text, box.centre, box.width, box.height) for box in boxes)
    across, up = text.width / 2 + CLEARANCE, text.size / 2 + CLEARANCE
    hidden_points = sum(abs(x - text.at.x) < across and abs(y - text.at.y) < up for x, y in others)
    return 1000 * hidden_boxes + 5 * hidden_points + abs(t - 0.5)
