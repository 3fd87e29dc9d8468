"""The last row of a genotype's figure: its backbone, the layers around the paths, in the order of computation."""

from itertools import pairwise

from ..backbone import LAYERS, Backbone, BackboneSpace
from . import palette
from .scene import Box, Curve, Point, Scene, Text, line

PITCH = 92.0
"""Points between the left sides of layers."""

LAYER_WIDTH = 60.0
LAYER_HEIGHT = 14.0
LABEL = 17.0
"""Points from the middle of a layer to its name above and to what was chosen below."""

USUAL_BLOCKS = 3
"""Blocks for which there is room where the search space is not known: as many as the published network has."""

PATHS = "paths"
"""The word for all that the rows above show."""


def backbone_width(backbone: Backbone) -> float:
    """Points from the left of the first layer to the right of the last."""
    return PITCH * len(backbone.described) + LAYER_WIDTH


def draw_backbone(scene: Scene, backbone: Backbone, left: Point, backbones: BackboneSpace | None = None) -> None:
    """Add a backbone to a scene: blocks as boxes, filled up to their number, and widths as bars, filled to their share.

    Args:
        scene: what to add to.
        backbone: the choices.
        left: the middle of the first layer's left side.
        backbones: what was possible; by default there is room for `USUAL_BLOCKS`, or for those of the longer row.
    """
    chosen = {field: getattr(backbone, field) for field in LAYERS if getattr(backbone, field) is not None}
    columns = ["encoder_blocks", PATHS, *(field for field in chosen if field != "encoder_blocks")]
    ends: list[tuple[str, str]] = []
    for i, field in enumerate(columns):
        at = Point(left.x + i * PITCH, left.y)
        if field == PATHS:
            ends.append(_paths(scene, at))
            continue
        value = chosen[field]
        if isinstance(value, float):
            ends.append(_bar(scene, field, value, at))
        else:
            most = max(USUAL_BLOCKS, backbone.blocks) if backbones is None else max(backbones.choices[field])
            ends.append(_blocks(scene, field, value, max(most, value, 1), at))
        middle = at.x + LAYER_WIDTH / 2
        name, words = LAYERS[field], backbone.described[LAYERS[field]]
        scene.texts.append(Text(Point(middle, at.y + LABEL), name, 7.5, palette.FAINT_INK))
        scene.texts.append(Text(Point(middle, at.y - LABEL), words, 7.0))
    for i, ((_, source), (target, _)) in enumerate(pairwise(ends)):
        start = Point(left.x + i * PITCH + LAYER_WIDTH + 3, left.y)
        end = Point(left.x + (i + 1) * PITCH - 3, left.y)
        scene.curves.append(Curve(source, target, line(start, end), palette.WIRE, 0.9, arrow=True))


def _paths(scene: Scene, left: Point) -> tuple[str, str]:
    centre = Point(left.x + LAYER_WIDTH / 2, left.y)
    scene.boxes.append(Box("backbone_paths", centre, LAYER_WIDTH, LAYER_HEIGHT, "#eeeeee", palette.WIRE, text=PATHS))
    return "backbone_paths", "backbone_paths"


def _blocks(scene: Scene, field: str, count: int, possible: int, left: Point) -> tuple[str, str]:
    """A row of boxes; returns the keys of the first and of the last."""
    step = LAYER_WIDTH / possible
    gap = min(4.0, step / 4)
    keys = [f"backbone_{field}_{i}" for i in range(possible)]
    for i, key in enumerate(keys):
        # The outermost sides are those of a bar, so the gaps lie between boxes.
        width = (LAYER_WIDTH - gap * (possible - 1)) / possible
        centre = Point(left.x + i * (width + gap) + width / 2, left.y)
        colour, outline = (palette.BACKBONE,) * 2 if i < count else (palette.PAPER, palette.GRID)
        scene.boxes.append(Box(key, centre, width, LAYER_HEIGHT, colour, outline))
    return keys[0], keys[-1]


def _bar(scene: Scene, field: str, share: float, left: Point) -> tuple[str, str]:
    """A bar, filled from the left; returns the key of the whole bar twice."""
    key = f"backbone_{field}"
    whole, part = Point(left.x + LAYER_WIDTH / 2, left.y), Point(left.x + LAYER_WIDTH * share / 2, left.y)
    scene.boxes.append(Box(key, whole, LAYER_WIDTH, LAYER_HEIGHT, palette.PAPER, palette.GRID))
    fill = palette.tint(palette.BACKBONE, 0.55)
    scene.boxes.append(Box(f"{key}_share", part, LAYER_WIDTH * share, LAYER_HEIGHT, fill, fill))
    return key, key
