"""The tab on which run folders are looked at."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from ..errors import MfpsError
from ..nas.report.search_report import CHARTS
from .markup import lines
from .run_view import RunView, draw_epoch, view_run


def runs_tab(blocks: gr.Blocks, runs: Mapping[str, Path]) -> None:
    """Lay the tab out.

    Args:
        blocks: the page, which is being laid out.
        runs: the run folders, by name.
    """
    if not runs:
        gr.HTML(lines("No run folder was given; give those of searches, trainings and evaluations.", kind="note"))
        return
    with gr.Row(elem_classes="mfps-choose"):
        run = gr.Dropdown(list(runs), label="Run", filterable=False, container=False, scale=4, min_width=160)
        button = gr.Button("Reload", scale=1, min_width=90, elem_id="mfps-read")
    told = gr.HTML(padding=False, elem_id="mfps-run")
    tables = gr.HTML(visible=False, padding=False, elem_id="mfps-tables")
    epoch = gr.Slider(1, 2, 1, step=1, label="Epoch", visible=False, elem_id="mfps-epoch")
    drawing = gr.HTML(visible=False, padding=False, elem_id="mfps-drawing")
    with gr.Row(elem_classes="mfps-charts"):
        charts = [gr.Plot(visible=False, show_label=False, min_width=340) for _ in CHARTS]

    def show(name: str) -> list[Any]:
        try:
            if name not in runs:
                raise MfpsError("choose one of the runs")
            view = view_run(runs[name])
        except (MfpsError, OSError) as error:
            return [lines(str(error), kind="error"), *_hidden(len(charts))]
        return [*_shown(view), *_plots(view, len(charts))]

    def at(name: str, number: float) -> tuple[str, Any]:
        try:
            text, svg = draw_epoch(runs[name], round(number))
        except (MfpsError, OSError, KeyError) as error:
            return lines(str(error), kind="error"), gr.HTML(visible=False)
        return lines(text), gr.HTML(_drawn(svg), visible=True)

    outputs = [told, tables, epoch, drawing, *charts]
    run.input(show, run, outputs, api_visibility="private", show_progress="minimal", trigger_mode="always_last")
    button.click(show, run, outputs, api_visibility="private", show_progress="minimal")
    blocks.load(show, run, outputs, api_visibility="private", show_progress="hidden")
    epoch.input(
        at, [run, epoch], [told, drawing], api_visibility="private", show_progress="hidden", trigger_mode="always_last"
    )


def _shown(view: RunView) -> list[Any]:
    numbers = view.epochs
    several = len(numbers) > 1
    slider = gr.Slider(numbers[0], numbers[-1], numbers[-1], visible=True) if several else gr.Slider(visible=False)
    return [
        lines(*view.said[:1]) + lines(*view.said[1:], kind="note"),
        gr.HTML(view.tables, visible=bool(view.tables)),
        slider,
        gr.HTML(_drawn(view.drawing), visible=bool(view.drawing)),
    ]


def _plots(view: RunView, count: int) -> list[Any]:
    shown = [gr.Plot(chart, visible=True) for chart in view.charts]
    return shown + [gr.Plot(None, visible=False)] * (count - len(shown))


def _hidden(count: int) -> list[Any]:
    nothing = [gr.HTML(visible=False), gr.Slider(visible=False), gr.HTML(visible=False)]
    return nothing + [gr.Plot(None, visible=False)] * count


def _drawn(svg: str) -> str:
    return f'<div class="mfps-wide">{svg}</div>' if svg else ""
