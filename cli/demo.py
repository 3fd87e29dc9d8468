"""`mfps demo`: all of mfps on drawn faces, in minutes, with nothing to download."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import options as o

if TYPE_CHECKING:
    from .demo_config import DemoConfig


def model() -> "type[DemoConfig]":
    """The command's fields."""
    from .demo_config import DemoConfig

    return DemoConfig


def demo(config: "DemoConfig") -> None:
    """Try all of mfps on drawn faces: make priors, search an architecture, train its network, and evaluate it."""
    from ..drawn.demo_faces import DemoCounts, write_demo_faces
    from ..engine.configuration import resolve
    from ..engine.device import choose_device
    from ..engine.terminal import show_table
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
    # Only noise: a network this small, trained for two minutes, does not yet beat the `full` degradation.
    shared = {
        "data": data,
        "list": data / "train.txt",
        "val_list": data / "val.txt",
        "degradation": "noise",
        "priors": config.priors,
    }
    shared |= {"degradation": "noise", "priors": config.priors, "seed": config.seed, "device": device}
    search_config = resolve(SearchConfig, "tiny", None, {**shared, "out": out / "search"})
    retrain_values = {**shared, "out": out / "retrain", "genotype": str(out / "search")}
    retrain_config = resolve(RetrainConfig, "tiny", None, retrain_values)
    choose_device(device)
    check_free(out)
    counts = DemoCounts(config.faces)
    write_demo_faces(data, counts, search_config.size, config.priors, config.seed, console, device)
    with _one_thread():
        try:
            search(search_config, console)
            retrain(retrain_config, console)
        except RunStopped as stop:
            signum = signal.Signals(stop.signum)
            raise RunStopped(
                f"the demo was stopped by {signum.name}; start again with a new folder for --out", signum
            ) from None
    evaluate_config = EvaluateConfig(
        weights=out / "retrain",
        data=data,
        out=out / "evaluation",
        list=(data / "test.txt",),
        degradation=(retrain_config.degradation,),
        device=device,
    )
    report = evaluate(evaluate_config, console)
    show_table(console, report_table(report))
    o.report(f"priors    {report['convention']['priors']}")
    o.report(f"genotype  {out / 'search' / 'genotype.json'}")
    o.report(f"drawing   {out / 'search' / 'genotype.svg'}")
    o.report(f"pictures  {out / 'evaluation' / 'comparison.png'}")
    o.report(f"table     {out / 'evaluation' / 'evaluation.md'}")


@contextmanager
def _one_thread() -> Iterator[None]:
    """Use one thread: for networks this small a second one gains nothing, and on a busy CPU it waits for long."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
