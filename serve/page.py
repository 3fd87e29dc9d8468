"""The page: its tabs, and how it looks."""

from importlib import resources

import gradio as gr
from gradio import themes

from .networks import Given
from .restore_tab import restore_tab
from .restoring import Restoring
from .runs_tab import runs_tab
from .visits import Visits

FONTS = ("system-ui", "-apple-system", "Segoe UI", "Helvetica", "Arial", "sans-serif")
MONOSPACED = ("ui-monospace", "Menlo", "Consolas", "monospace")

MOST_WAITING = 20
"""Restorations that may wait for their turn; the next one is refused."""

HEAD = """
<header class="mfps-head"><h1>mfps</h1>
<p>Restore the faces of a photograph with a trained network, and look at runs. A photograph is removed from this
server when the next one is dropped or the page is closed.</p></header>
"""


def page(given: Given, restoring: Restoring, visits: Visits) -> gr.Blocks:
    """The page.

    Args:
        given: networks and runs.
        restoring: what restores.
        visits: where photographs and results lie.
    """
    with gr.Blocks(title="mfps", analytics_enabled=False, fill_width=True) as blocks:
        gr.HTML(HEAD, padding=False)
        with gr.Tabs():
            with gr.Tab("Restore"):
                restore_tab(blocks, given, restoring, visits)
            with gr.Tab("Runs"):
                runs_tab(blocks, given.runs)
    blocks.queue(max_size=MOST_WAITING, default_concurrency_limit=2)
    return blocks


def theme() -> themes.Base:
    """Calm and light, also where the system is dark, as drawings and charts are; with the fonts of the system."""
    made = themes.Default(primary_hue="blue", neutral_hue="slate", radius_size="md", font=FONTS, font_mono=MONOSPACED)
    for name in [name for name in vars(made) if name.endswith("_dark") and not name.startswith("_")]:
        setattr(made, name, getattr(made, name.removesuffix("_dark"), None))
    return made


def style() -> str:
    """The rules that the page has besides its theme."""
    return (resources.files(str(__package__)) / "page.css").read_text(encoding="utf-8")
