"""`mfps demo`: all of mfps on drawn faces, in minutes, with nothing to download."""

import json
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
    """Try all of mfps on drawn faces: make priors, search an architecture, train its network, and evaluate it.

    Given again after an interruption, it continues.
    """
    from ..drawn.demo_faces import DemoCounts, write_demo_faces
    from ..engine.configuration import resolve
    from ..engine.device import choose_device
    from ..engine.terminal import show_table
    from ..errors import RunStopped
    from ..files.atomic_folder import atomic_folder
    from ..inference.config import EvaluateConfig
    from ..inference.evaluate import evaluate
    from ..nas.config import SearchConfig
    from ..nas.search import search
    from ..retrain.config import RetrainConfig
    from ..retrain.train import retrain
    from .evaluate import report_table

    console, out, device = o.console(), config.out, config.device
    data = out / "faces"
    # Only noise: `full` blurs eyes and mouths of 48 px away, and no network this small brings them back.
    shared = {"data": data, "list": data / "train.txt", "val_list": data / "val.txt", "resume": True}
    shared |= {"degradation": "noise", "priors": config.priors, "seed": config.seed, "device": device}
    search_config = resolve(SearchConfig, "tiny", None, {**shared, "out": out / "search"})
    retrain_values = {**shared, "out": out / "retrain", "genotype": str(out / "search")}
    retrain_config = resolve(RetrainConfig, "tiny", None, retrain_values)
    choose_device(device)
    _begin(config)
    if not data.is_dir():
        with atomic_folder(data) as drawn:
            counts = DemoCounts(config.faces)
            write_demo_faces(drawn, counts, search_config.size, config.priors, config.seed, console, device)
    with _one_thread():
        try:
            search(search_config, console)
            retrain(retrain_config, console)
        except RunStopped as stop:
            signum = signal.Signals(stop.signum)
            raise RunStopped(f"the demo was stopped by {signum.name}; the same command continues it", signum) from None
    evaluate_config = EvaluateConfig(
        weights=out / "retrain",
        data=data,
        out=out / "evaluation",
        list=(data / "test.txt",),
        degradation=(retrain_config.degradation,),
        metrics=("psnr", "ssim"),
        device=device,
    )
    finished = out / "evaluation" / "evaluation.json"
    report = json.loads(finished.read_bytes()) if finished.is_file() else evaluate(evaluate_config, console)
    show_table(console, report_table(report))
    o.report(f"priors    {report['convention']['priors']}")
    o.report(f"genotype  {out / 'search' / 'genotype.json'}")
    o.report(f"search    {out / 'search' / 'report.html'}")
    o.report(f"pictures  {out / 'evaluation' / 'comparison.png'}")
    o.report(f"table     {out / 'evaluation' / 'evaluation.md'}")


def _begin(config: "DemoConfig") -> None:
    """Let a demo continue in its own folder, and in no other that holds anything."""
    from ..files.atomic_file import remove_leftovers, write_atomically
    from ..files.atomic_folder import check_free, made_folder

    started = config.out / "demo.json"
    options = json.dumps(config.model_dump(mode="json", exclude={"out", "device"}), indent=1) + "\n"
    remove_leftovers(started)
    if started.is_file() and started.read_text(encoding="utf-8") == options:
        return
    check_free(config.out)
    with made_folder(config.out):
        write_atomically(started, options)


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
