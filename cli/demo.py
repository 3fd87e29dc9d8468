"""`mfps demo`: the whole of mfps on drawn faces, in minutes, with nothing to download."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from . import options as o
from .config_file import ConfigFile

TEST_FACES = 8
DICTIONARY_FACES = 8
"""Faces that the demo's dictionary is made of, twice as many as it has entries: VGG19 at 512 px is slow on a CPU."""


def demo(
    out: Annotated[Path, typer.Option(help="Folder to make; it overwrites nothing.")] = Path("demo"),
    faces: Annotated[int, typer.Option(min=32, help="Drawn faces to learn from.")] = 40,
    priors: Annotated[str, typer.Option(help="none, or any of parsing,heatmap,dictionary.")] = (
        "parsing,heatmap,dictionary"
    ),
    seed: Annotated[int, typer.Option(help="Seed of faces, dictionary, search and training.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    config: ConfigFile = None,
) -> None:
    """Draw faces, make their priors, search an architecture, train its network, and show what it gained."""
    from ..drawn.demo_faces import write_demo_faces
    from ..engine.configuration import resolve
    from ..engine.device import make_fabric
    from ..errors import RunStopped
    from ..files.atomic_folder import check_free
    from ..inference.evaluate import evaluate
    from ..nas.config import SearchConfig
    from ..nas.search import search
    from ..retrain.config import RetrainConfig
    from ..retrain.train import retrain
    from .evaluate import report_table

    console = o.console()
    data = out / "faces"
    # Noise alone: a network this small, trained for two minutes, does not yet beat the `full` degradation.
    shared = {"data": data, "list": data / "train.txt", "degradation": "noise", "seed": seed, "device": device}
    shared["priors"] = o.names(priors)
    searching = resolve(SearchConfig, "search", "tiny", None, {**shared, "out": out / "search"})
    training = {**shared, "out": out / "retrain", "genotype": str(out / "search")}
    retraining = resolve(RetrainConfig, "retrain", "tiny", None, training)
    make_fabric(device, searching.precision)
    check_free(out)
    write_demo_faces(data, faces, TEST_FACES, searching.size, searching.priors, seed, DICTIONARY_FACES, console, device)
    with _one_thread():
        try:
            search(searching, console)
            retrain(retraining, console)
        except RunStopped as stop:
            signum = signal.Signals(stop.signum)
            raise RunStopped(
                f"the demo was stopped by {signum.name}; begin again with a new folder, --out", signum
            ) from None
    judged = {"lists": [data / "val.txt"], "degradations": [retraining.degradation], "device": device}
    report = evaluate(out / "retrain", data, out / "evaluation", console, **judged)
    console.print(report_table(report))
    typer.echo(f"priors    {report['convention']['priors']}")
    typer.echo(f"genotype  {out / 'search' / 'genotype.json'}")
    typer.echo(f"drawing   {out / 'search' / 'genotype.svg'}")
    typer.echo(f"pictures  {out / 'evaluation' / 'comparison.png'}")
    typer.echo(f"table     {out / 'evaluation' / 'evaluation.md'}")


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for networks this small: a second one gains nothing, and waits for long where others use the CPU."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
