"""A genotype's figure as a scene: a row for each branch, its trellis on the left and its cell on the right.

Below them is the backbone, if the genotype has one.
"""

from collections.abc import Mapping, Sequence

from ...errors import MfpsError, printable
from ..backbone import BackboneSpace
from ..decode import BranchProbabilities
from ..genotype import Genotype
from ..operations import PUBLISHED_OPERATIONS
from ..space import NODES
from . import palette
from .backbone_figure import LABEL as BACKBONE_LABEL
from .backbone_figure import backbone_width, draw_backbone
from .cell_figure import ROW as CELL_ROW
from .cell_figure import WIDTH as CELL_WIDTH
from .cell_figure import draw_cell, operation_shares
from .graph import HEAD, cell_graph, trellis_graph
from .scene import Box, Point, Scene, Text
from .trellis_figure import KEY, draw_trellis, trellis_width

MARGIN = 14.0
RATE_LABELS = 40.0
HEADING = 30.0
LAYER_LABELS = 26.0
REMARK = 84.0
GAP = 76.0
RIGHT = 26.0
TITLE = 26.0
KEY_LINE = 14.0
DRAWING = CELL_ROW * (len(NODES) - 1)
BETWEEN = 16.0
ROW = HEADING + DRAWING + LAYER_LABELS + BETWEEN
BACKBONE = HEADING + 2 * BACKBONE_LABEL + BETWEEN


def genotype_figure(
    genotype: Genotype,
    probabilities: Mapping[str, BranchProbabilities] | None = None,
    title: str | None = None,
    operations: Sequence[str] = PUBLISHED_OPERATIONS,
    backbones: BackboneSpace | None = None,
) -> Scene:
    """Lay a genotype out on one sheet.

    Args:
        genotype: the architecture.
        probabilities: what the supernet believes, for any of the branches.
        title: a line above the rows, any text; None leaves it out.
        operations: the candidates that the probabilities of the operations are for, in their order.
        backbones: what the genotype's backbone might have been, where that is known.

    Raises:
        MfpsError: the probabilities are for a branch that the genotype does not have, or of another search space.
    """
    probabilities = probabilities or {}
    strange = [name for name in probabilities if name not in genotype.present]
    if strange:
        raise MfpsError(
            f"probabilities of branch {strange[0]!r}: {genotype.name} has only {', '.join(genotype.present)}: "
            "leave the others out"
        )
    graphs = {
        name: trellis_graph(branch, name, probabilities=probabilities.get(name))
        for name, branch in genotype.present.items()
    }
    widest = max(trellis_width(graph.nodes[HEAD]["layer"]) for graph in graphs.values())
    width = MARGIN + RATE_LABELS + widest + GAP + CELL_WIDTH + RIGHT
    height = 2 * MARGIN - BETWEEN + ROW * len(genotype.present) + (TITLE if title else 0)
    if backbone := genotype.backbone:
        width, height = max(width, backbone_width(backbone) + 2 * MARGIN + RATE_LABELS), height + BACKBONE
    key = Text(Point(MARGIN, MARGIN), KEY, 6.5, palette.FAINT_INK, "left")
    if probabilities:
        width, height = max(width, key.width + 2 * MARGIN), height + KEY_LINE
    scene = Scene(width, height, texts=[key] if probabilities else [])
    top = height - MARGIN
    if title:
        scene.texts.append(Text(Point(MARGIN, top - 8), printable(title), 11, align="left", bold=True))
        top -= TITLE
    for row, (name, branch) in enumerate(genotype.present.items()):
        remark = f"{branch.layers} layer{'' if branch.layers == 1 else 's'}, width {branch.width}"
        _draw_heading(scene, name, remark, palette.BRANCH_COLOURS[name], Point(MARGIN, top - row * ROW - 7))
        trellis = Point(MARGIN + RATE_LABELS, top - row * ROW - HEADING - DRAWING)
        beliefs = probabilities.get(name)
        draw_trellis(scene, graphs[name], trellis)
        shares = {} if beliefs is None else operation_shares(beliefs, operations)
        draw_cell(scene, cell_graph(branch), name, Point(trellis.x + widest + GAP, trellis.y), shares)
    if backbone:
        left = Point(MARGIN, top - len(genotype.present) * ROW - 7)
        _draw_heading(scene, "backbone", "the layers around the paths", palette.BACKBONE, left)
        draw_backbone(scene, backbone, Point(left.x + RATE_LABELS, left.y - HEADING - BACKBONE_LABEL + 7), backbones)
    return scene


def _draw_heading(scene: Scene, name: str, remark: str, colour: str, left: Point) -> None:
    heading = Text(Point(left.x + 13, left.y), name, 9.5, align="left", bold=True)
    scene.boxes.append(Box(f"{name}_mark", Point(left.x + 4, left.y), 8, 8, colour, colour))
    after = Point(left.x + REMARK, left.y)
    scene.texts += [heading, Text(after, remark, 7.5, palette.FAINT_INK, "left")]
