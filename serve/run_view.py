"""What a run folder shows: the genotype and the curves of a search or a training, the table of an evaluation."""

from pathlib import Path
from typing import Any, NamedTuple

import plotly.graph_objects as go

from ..errors import MfpsError
from ..files.json_text import read_strict
from ..files.regular_file import is_file, read_text
from ..genotypes.drawing.figure import genotype_figure
from ..genotypes.drawing.render_svg import render_svg
from ..images.image import read_image
from ..inference.evaluation_report import MAX_REPORT_BYTES
from ..inference.evaluation_tables import TABLE_COLUMNS, more_columns, more_rows, table_rows
from ..nas.report.charts import epoch_charts, table_of
from ..nas.report.drawings import epoch_drawings
from ..nas.report.run_files import RunFiles, read_run_files
from ..nas.report.search_report import CHARTS
from ..nas.report.texts import alarm_marks, epoch_text, progress, verdict
from .faces_found import shrunk
from .markup import picture_of, table
from .run_kinds import EVALUATION, Kind, kind_of


class RunView(NamedTuple):
    """What is shown of a run."""

    kind: Kind
    said: tuple[str, ...]
    """Lines about it."""
    epochs: tuple[int, ...] = ()
    """Those whose genotype can be drawn."""
    drawing: str = ""
    """Of the genotype, or of the last epoch's, as SVG."""
    charts: tuple[go.Figure, ...] = ()
    tables: str = ""
    """Of an evaluation, as HTML, with its picture: the input, the outputs and the clean face side by side."""


def view_run(folder: Path) -> RunView:
    """Read what a run folder shows.

    Args:
        folder: the run folder; it may be unfinished.

    Raises:
        MfpsError: it cannot be read.
    """
    if is_file(folder / EVALUATION):
        return _evaluation(folder)
    files = read_run_files(folder)
    found = epoch_charts(table_of(files.history), alarm_marks(files.history))
    charts = tuple(_titled(found[name], CHARTS[name][0]) for name in CHARTS if name in found)
    kind = kind_of(folder, files)
    if kind == "search":
        epochs = tuple(record["epoch"] for record in files.history if "genotype" in record)
        said, drawing = (verdict(files), progress(files)), ""
        if epochs:
            drawing = draw_epoch(folder, epochs[-1], files)[1]
        elif files.genotype is not None:
            drawing = _drawing(files)
        return RunView(kind, (*said, *files.problems), epochs, drawing, charts)
    name = "a hand-made network" if files.genotype is None else f"Genotype {files.genotype.hash[:8]}"
    return RunView(kind, (name, progress(files), *files.problems), (), _drawing(files), charts)


def draw_epoch(folder: Path, epoch: int, files: RunFiles | None = None) -> tuple[str, str]:
    """What is said about an epoch of a search, and its genotype as SVG.

    Args:
        folder: the run folder.
        epoch: from 1 on.
        files: what the folder holds, if that was read already.

    Raises:
        MfpsError: there is no such epoch, or it is damaged.
    """
    files = files or read_run_files(folder)
    records = [record for record in files.history if record["epoch"] == epoch]
    drawn = epoch_drawings(records, folder, files.config.get("operations"), files.backbones)
    if not drawn.svgs:
        raise MfpsError(f"{folder.name}: epoch {epoch} is missing or damaged; choose another epoch")
    return epoch_text(records[-1]), drawn.svgs[-1]


def _titled(chart: go.Figure, title: str) -> go.Figure:
    """A chart with its title, above a legend of up to two rows."""
    chart.update_layout(title={"text": title, "x": 0.01, "y": 0.97, "yanchor": "top", "font": {"size": 14}})
    return chart.update_layout(
        margin={"t": 76 if chart.layout.showlegend else 40}, height=(chart.layout.height or 260) + 60
    )


def _drawing(files: RunFiles) -> str:
    if files.genotype is None:
        return ""
    return render_svg(genotype_figure(files.genotype, backbones=files.backbones), f"genotype {files.genotype.hash[:8]}")


def _evaluation(folder: Path) -> RunView:
    file = folder / EVALUATION
    report: Any = read_strict(read_text(file, "report", MAX_REPORT_BYTES))
    try:
        tables = table(TABLE_COLUMNS, table_rows(report))
        if columns := more_columns(report):
            tables += table(columns, more_rows(report))
        faces = max((int(result["faces"]) for result in report["results"]), default=0)
        said = f"Evaluation of {report['name']} ({report['weights']}) on {faces} faces"
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MfpsError(f"{file}: is not a report of an evaluation, or is damaged; evaluate again") from None
    picture = folder / "comparison.png"
    if is_file(picture):
        tables += picture_of(shrunk(read_image(picture)), "input, outputs and clean faces")
    return RunView("evaluation", (said,), tables=tables)
