"""Draw a genotype to a file, as `mfps genotype draw` does."""

from collections.abc import Mapping
from pathlib import Path

from ...errors import MfpsError
from ...files.atomic_file import remove_leftovers, write_atomically
from ..decode import BranchProbabilities
from ..genotype import Genotype
from .figure import genotype_figure
from .render_graphviz import dot_source, has_program, render_graphviz
from .scene import Scene

DRAWING_SUFFIXES = (".svg", ".png", ".pdf", ".gv")
"""Suffixes that a drawing can have; `.gv` is Graphviz source, which needs no program."""

RENDERERS = ("auto", "matplotlib", "graphviz")
"""What draws: `auto` uses graphviz if its program is installed, else matplotlib."""


def draw_genotype(
    genotype: Genotype,
    out: Path,
    probabilities: Mapping[str, BranchProbabilities] | None = None,
    title: str | None = None,
    renderer: str = "auto",
) -> Path:
    """Draw a genotype: for each branch its path through the trellis and its cell.

    The same input makes the same bytes (with the same renderer and version). A file that cannot be written whole is not
    written at all.

    Args:
        genotype: the architecture.
        out: the file to write; its suffix, one of `DRAWING_SUFFIXES`, decides the format.
        probabilities: what the supernet believes, by branch: likelier transitions are then drawn stronger.
        title: a line above the drawing.
        renderer: one of `RENDERERS`.

    Returns:
        The file written.

    Raises:
        MfpsError: the suffix or the renderer is unknown, graphviz is chosen but not installed, the probabilities are
            not this genotype's, or the file cannot be written.
    """
    out = Path(out)
    suffix = out.suffix.lower()
    if suffix not in DRAWING_SUFFIXES:
        shown = repr(suffix) if suffix else "without a suffix"
        raise MfpsError(f"{out}: a drawing cannot be {shown}: end it in {', '.join(DRAWING_SUFFIXES)}")
    if renderer not in RENDERERS:
        raise MfpsError(f"unknown renderer {renderer!r}: choose from {', '.join(RENDERERS)}")
    scene = genotype_figure(genotype, probabilities, title)
    remove_leftovers(out)
    write_atomically(out, _render(scene, suffix, renderer))
    return out


def _render(scene: Scene, suffix: str, renderer: str) -> bytes:
    if suffix == ".gv":
        return dot_source(scene).encode()
    if renderer == "graphviz" or (renderer == "auto" and has_program()):
        return render_graphviz(scene, suffix[1:])
    # Imported where it is used: loading matplotlib takes half a second, and only drawing needs it.
    from .render_matplotlib import render_matplotlib

    return render_matplotlib(scene, suffix[1:])
