"""`mfps demo`: the whole of mfps on drawn faces, in minutes, with nothing to download."""

from pathlib import Path
from typing import Annotated

import typer

from . import options as o


def demo(
    out: Annotated[Path, typer.Option(help="Folder to make; it overwrites nothing.")] = Path("demo"),
    faces: Annotated[int, typer.Option(min=32, help="Drawn faces to learn from.")] = 120,
    seed: Annotated[int, typer.Option(help="Seed of faces, search and training.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Draw faces, search an architecture on them, train its network, and show what it gained."""
    from ..engine.configuration import resolve
    from ..engine.device import make_fabric
    from ..engine.run_folder import check_free
    from ..faces.drawn import write_drawn_faces
    from ..nas.config import SearchConfig
    from ..nas.search import search
    from ..retrain.config import RetrainConfig
    from ..retrain.evaluate import evaluate
    from ..retrain.train import retrain
    from .evaluate import report_table

    console = o.console()
    data, test = out / "faces", 24
    # Noise alone: a network this small, trained for two minutes, does not yet beat the `full` degradation.
    shared = {"data": data, "list": data / "train.txt", "degradation": "noise", "seed": seed, "device": device}
    searching = resolve(SearchConfig, "search", "tiny", None, {**shared, "out": out / "search"})
    training = {**shared, "out": out / "retrain", "genotype": str(out / "search")}
    retraining = resolve(RetrainConfig, "retrain", "tiny", None, training)
    make_fabric(device, searching.precision)
    check_free(out)
    console.print(f"drawing {faces + test} faces", highlight=False)
    write_drawn_faces(data, faces + test, searching.size, seed, val=test)
    search(searching, console)
    retrain(retraining, console)
    judged = {"lists": [data / "val.txt"], "degradations": [retraining.degradation], "device": device}
    report = evaluate(out / "retrain", data, out / "evaluation", console, **judged)
    console.print(report_table(report))
    typer.echo(f"genotype  {out / 'search' / 'genotype.json'}")
    typer.echo(f"drawing   {out / 'search' / 'genotype.svg'}")
    typer.echo(f"pictures  {out / 'evaluation' / 'comparison.png'}")
    typer.echo(f"table     {out / 'evaluation' / 'evaluation.md'}")
