"""Draw a genotype into a file: what `mfps genotype draw` does."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ...errors import MfpsError
from ..decode import BranchProbabilities
from ..genotype import Genotype
from .figure import genotype_figure
from .render_graphviz import dot_source, has_program, render_graphviz
from .scene import Scene

FORMATS = (".svg", ".png", ".pdf", ".gv")
"""Suffixes a drawing can have; `.gv` is Graphviz source, which needs no program."""

RENDERERS = ("auto", "matplotlib", "graphviz")
"""Who may draw: `auto` takes graphviz where its program is present, matplotlib elsewhere."""


def draw_genotype(
    genotype: Genotype,
    out: Path,
    probabilities: Mapping[str, BranchProbabilities] | None = None,
    title: str | None = None,
    renderer: str = "auto",
) -> Path:
    """Draw a genotype: for each branch its path through the trellis and its cell.

    The same input gives the same bytes (with the same renderer and version), and a file that cannot be written whole is
    not written at all.

    Args:
        genotype: the architecture.
        out: the file to write; its suffix, one of `FORMATS`, decides the format.
        probabilities: what the supernet believes, by branch: transitions are then drawn the stronger the likelier.
        title: a line above the drawing.
        renderer: one of `RENDERERS`.

    Returns:
        The file written.

    Raises:
        MfpsError: the suffix or the renderer is unknown, graphviz is asked for and not there, the probabilities are not
            this genotype's, or the file cannot be written.
    """
    out = Path(out)
    suffix = out.suffix.lower()
    if suffix not in FORMATS:
        shown = repr(suffix) if suffix else "without a suffix"
        raise MfpsError(f"{out}: a drawing cannot be {shown}: end it in {', '.join(FORMATS)}")
    if renderer not in RENDERERS:
        raise MfpsError(f"unknown renderer {renderer!r}: choose from {', '.join(RENDERERS)}")
    scene = genotype_figure(genotype, probabilities, title)
    _write_atomically(out, _render(scene, suffix, renderer))
    return out


def _render(scene: Scene, suffix: str, renderer: str) -> bytes:
    if suffix == ".gv":
        return dot_source(scene).encode()
    if renderer == "graphviz" or (renderer == "auto" and has_program()):
        return render_graphviz(scene, suffix[1:])
    # Imported where it is used: matplotlib takes half a second, and reading a genotype needs none of it.
    from .render_matplotlib import render_matplotlib

    return render_matplotlib(scene, suffix[1:])


def _write_atomically(out: Path, content: bytes) -> None:
    """Write beside the file and move into place, so that no reader ever sees half a drawing."""
    temporary = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content)
        temporary.replace(out)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise MfpsError(f"{out}: cannot be written ({error.strerror}): choose an existing, writable folder") from None
