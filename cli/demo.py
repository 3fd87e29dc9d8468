"""`mfps demo`: the whole of mfps on drawn faces, in minutes, with nothing to download."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from . import options as o

if TYPE_CHECKING:
    from .demo_config import DemoConfig

TEST_FACES = 8
DICTIONARY_FACES = 8
"""Faces that the demo's dictionary is made of, twice as many as it has entries: VGG19 at 512 px is slow on a CPU."""


def model() -> "type[DemoConfig]":
    """The command's fields."""
    from .demo_config import DemoConfig

    return DemoConfig


def demo(config: "DemoConfig") -> None:
    """Draw faces, make their priors, search an architecture, train its network, and show what it gained."""
    from ..drawn.demo_faces import write_demo_faces
    from ..engine.configuration import resolve
    from ..engine.device import make_fabric
    from ..errors import RunStopped
    from ..files.atomic_folder import check_free
    from ..inference.config import EvaluateConfig
    from ..inference.evaluate import evaluate
    from ..nas.config import SearchConfig
    from ..nas.search import search
    from ..retrain.config import RetrainConfig
    from ..retrain.train import retrain
    from .evaluate import report_table

    console, out, device = o.console(), config.out, config.device
    data = out / "faces"
    # Noise alone: a network this small, trained for two minutes, does not yet beat the `full` degradation.
    shared = {"data": data, "list": data / "train.txt", "degradation": "noise", "priors": config.priors}
    shared |= {"seed": config.seed, "device": device}
    searching = resolve(SearchConfig, "search", "tiny", None, {**shared, "out": out / "search"})
    training = {**shared, "out": out / "retrain", "genotype": str(out / "search")}
    retraining = resolve(RetrainConfig, "retrain", "tiny", None, training)
    make_fabric(device, searching.precision)
    check_free(out)
    write_demo_faces(
        data, config.faces, TEST_FACES, searching.size, config.priors, config.seed, DICTIONARY_FACES, console, device
    )
    with _one_thread():
        try:
            search(searching, console)
            retrain(retraining, console)
        except RunStopped as stop:
            signum = signal.Signals(stop.signum)
            raise RunStopped(
                f"the demo was stopped by {signum.name}; begin again with a new folder, --out", signum
            ) from None
    judging = EvaluateConfig(
        weights=out / "retrain",
        data=data,
        out=out / "evaluation",
        list=(data / "val.txt",),
        degradation=(retraining.degradation,),
        device=device,
    )
    report = evaluate(judging, console)
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
