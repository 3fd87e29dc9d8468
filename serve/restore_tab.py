"""The tab on which a photograph is dropped and restored."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from ..errors import MfpsError
from ..images.photograph import FORMATS, Photograph, write_photograph
from .markup import lines
from .networks import Given, Network
from .restoring import Restoring, Wanted
from .visits import Visits

WAITING = "Drop a photograph. The faces in it are found, restored and put back; nothing else of it changes."

MOST_LINES = 12
"""Lines of notes that are shown."""

Shown = tuple[Any, Any, Any, Any]
"""What is shown: the lines, the comparison, the download, the faces found."""


def restore_tab(blocks: gr.Blocks, given: Given, restoring: Restoring, visits: Visits) -> None:
    """Lay the tab out.

    Args:
        blocks: the page, which is being laid out.
        given: the networks to choose from.
        restoring: what restores.
        visits: where photographs and results lie.
    """
    if not given.networks:
        reason = given.silent or "only evaluations were given"
        gr.HTML(lines(f"No network was given that restores: {reason}", kind="note"))
        return
    with gr.Row(elem_classes="mfps-columns"):
        with gr.Column(elem_classes="mfps-given"):
            upload = gr.File(label="Photograph", height=150, elem_id="mfps-drop")
        with gr.Column(elem_classes="mfps-results"):
            told = gr.HTML(lines(WAITING, kind="note"), padding=False, elem_id="mfps-told")
            slider = gr.ImageSlider(
                type="filepath", label="Before | after", buttons=["fullscreen"], interactive=False, visible=False,
                max_height=640, elem_id="mfps-slider",
            )  # fmt: skip
            download = gr.DownloadButton("Download", visible=False, size="md", elem_id="mfps-download")
            faces = gr.Image(
                type="filepath", label="Faces found", buttons=[], interactive=False, visible=False, elem_id="mfps-faces"
            )
        with gr.Column(elem_classes="mfps-options"):
            network, choices = _choices(given)
            button = gr.Button("Restore again", variant="primary", interactive=False, elem_id="mfps-again")

    def wanted(name: str, which: str, share: float, source: str, passes: int, form: str) -> Wanted:
        chosen = given.networks.get(name)
        if chosen is None:
            raise MfpsError("choose one of the networks")
        return Wanted(chosen, which, share, source, passes, form)  # pyright: ignore[reportArgumentType] - checked later

    def arrived(request: gr.Request, file: str, *chosen: Any) -> Iterator[tuple[Any, ...]]:
        """Look at a photograph that was dropped, and restore it."""
        try:
            visits.take(request.session_hash or "", Path(file))
        except MfpsError as error:
            yield (*_nothing(lines(str(error), kind="error")), gr.Button(interactive=False))
            return
        for shown in again(request, *chosen):
            yield (*shown, gr.Button(interactive=True))

    def again(request: gr.Request, *chosen: Any) -> Iterator[Shown]:
        """Look at the photograph that is here, and restore it."""
        seen = _nothing("")
        try:
            for seen in _steps(wanted(*chosen), restoring, visits, request.session_hash or ""):
                yield seen
        except (MfpsError, OSError, MemoryError, RuntimeError) as error:
            yield (seen[0] + lines(_reason(error), kind="error"), *seen[1:])

    def cleared(request: gr.Request) -> tuple[Any, ...]:
        visits.end(request.session_hash or "")
        return (*_nothing(lines(WAITING, kind="note")), gr.Button(interactive=False))

    def left(request: gr.Request) -> None:
        visits.end(request.session_hash or "")

    shown = [told, slider, download, faces]
    one = {"concurrency_limit": 1, "concurrency_id": "restoring", "api_visibility": "private"}
    running: list[Any] = [
        upload.upload(arrived, [upload, network, *choices], [*shown, button], trigger_mode="always_last", **one),
        button.click(again, [network, *choices], shown, **one),
    ]
    # In its turn, as it would otherwise remove a photograph that was dropped just afterwards.
    upload.clear(cleared, None, [*shown, button], cancels=running, show_progress="hidden", **one)
    blocks.unload(left)


def _choices(given: Given) -> tuple[gr.Dropdown, list[Any]]:
    """Lay out the network and how it restores: which faces, the blend, the priors, the iterations, the format."""
    first = next(iter(given.networks.values()))
    with gr.Group():
        network = gr.Dropdown(list(given.networks), value=first.name, label="Network", filterable=False)
        face = gr.Radio(["all", "largest", "centre"], value="all", label="Faces")
        blend = gr.Slider(0, 1, 1, step=0.05, label="Blend", info="0 keeps the photograph")
        priors = gr.Radio(["coarse", "degraded", "none"], label="Priors found in", **_priors_of(first))
        iterations = gr.Radio(label="Iterations", **_iterations_of(first))
        kind = gr.Radio(list(FORMATS), value="png", label="Format of the result")

    def other_network(name: str) -> tuple[Any, Any]:
        chosen = given.networks.get(name, first)
        return gr.Radio(**_priors_of(chosen)), gr.Radio(**_iterations_of(chosen))

    network.input(other_network, network, [priors, iterations], api_visibility="private", show_progress="hidden")
    return network, [face, blend, priors, iterations, kind]


def _steps(wanted: Wanted, restoring: Restoring, visits: Visits, visit: str) -> Iterator[Shown]:
    """What is shown of the photograph of a visit: its faces, then the result."""
    photo = visits.photograph(visit)
    seen = restoring.look(photo, wanted)
    place = visits.empty_folder(visit, "seen") / "faces.jpg"
    write_photograph(place, Photograph(seen.picture), "jpg")
    faces = gr.Image(str(place), visible=True)
    yield lines(seen.said) + _noted(seen.left), gr.ImageSlider(visible=False), gr.DownloadButton(visible=False), faces
    result = restoring.restore(photo, wanted, visits.empty_folder(visit, "restored"))
    yield (
        lines(f"{seen.said}. {result.said[:1].upper()}{result.said[1:]}.") + _noted((*seen.left, *result.notes)),
        gr.ImageSlider((str(result.before), str(result.after)), visible=True),
        gr.DownloadButton(f"Download {result.file.name}", str(result.file), visible=True),
        faces,
    )


def _nothing(told: str) -> Shown:
    return (
        told,
        gr.ImageSlider(None, visible=False),
        gr.DownloadButton(value=None, visible=False),
        gr.Image(None, visible=False),
    )


def _noted(notes: tuple[str, ...]) -> str:
    more = f"and {len(notes) - MOST_LINES} more" if len(notes) > MOST_LINES else ""
    return lines(*notes[:MOST_LINES], more, kind="note")


def _reason(error: Exception) -> str:
    """Why something failed, in one line; a fault of the program is raised again."""
    if isinstance(error, MfpsError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}: the machine cannot read or keep the photograph"
    out_of_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if out_of_memory or "DefaultCPUAllocator" in str(error):
        return "the photograph takes more memory than the machine has; make it smaller"
    raise error


def _priors_of(network: Network) -> dict[str, Any]:
    names = network.opened.priors
    info = ", ".join(names) if names else "this network takes none"
    return {"value": "coarse" if names else "none", "interactive": bool(names), "info": info}


def _iterations_of(network: Network) -> dict[str, Any]:
    passes = network.passes
    return {"choices": passes, "value": passes[-1], "interactive": len(passes) > 1}
