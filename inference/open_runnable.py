"""Opening whatever holds a trained network, weights or an exported file, and making it ready to run."""

from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from ..engine.device import choose_device
from ..engine.weights import is_foreign
from ..errors import MfpsError
from .compile import CompiledNetwork
from .exported_model import ExportedModel
from .exported_network import ExportedNetwork, is_exported, open_exported
from .hand_made_network import HandMadeNetwork, load_hand_made
from .open_network import check_architecture, open_network
from .running import Asked, RunningNetwork, executions

Runnable = CompiledNetwork | HandMadeNetwork | ExportedNetwork
"""A trained network, whatever runs it."""


def open_runnable(file: Path, genotype: str | Path | None, runtime: str) -> Runnable:
    """Open the network in a file of weights or in an exported file.

    Args:
        file: a weights file, the run folder that holds it, a file of others, or an exported file.
        genotype: the architecture of a file of others; other files say their own.
        runtime: what is to run it: torch, onnxruntime, or auto for what the file is for.

    Raises:
        MfpsError: the file cannot be used, has another architecture, or is not for that runtime.
    """
    if not is_exported(file):
        if runtime == "onnxruntime":
            raise MfpsError(
                f"`runtime` onnxruntime: {file} holds weights, which torch runs; make an ONNX file of them with "
                "`mfps export`, and give that"
            )
        if genotype is None and not is_foreign(file) and (made := load_hand_made(file)) is not None:
            return made
        return open_network(file, genotype)
    opened = open_exported(file)
    check_architecture(opened.genotype, genotype, file)
    if runtime not in ("auto", opened.runtime):
        raise MfpsError(
            f"`runtime` {runtime}: {file} is run by {opened.runtime}; leave `runtime` out, or give the "
            f"{'weights' if runtime == 'torch' else 'ONNX file'} of the network"
        )
    return opened


def make_ready(
    opened: Runnable,
    device: str,
    asked: Asked,
    faces: int | None,
    console: Console,
    passes: int | None = None,
) -> RunningNetwork | ExportedModel:
    """Make a network ready to run.

    Args:
        opened: the network.
        device: auto, cpu, cuda or cuda:N.
        asked: how it is to be computed; in an exported file that is settled.
        faces: how many follow; None for a choice that is the same every time.
        console: where the choice is shown.
        passes: iterations that are wanted of each face; None for the network's own number.

    Raises:
        MfpsError: the device or the file lacks what was asked for.
    """
    if isinstance(opened, ExportedNetwork):
        opened.check_form(asked.layout, asked.precision)
        return opened.model(device=device)
    where = choose_device(device)
    return RunningNetwork(opened.restorer, where, executions(asked, where, faces), console, faces, passes)


def computed(opened: Runnable, model: RunningNetwork | ExportedModel) -> dict[str, Any]:
    """What a report says about how its pictures were computed: `computed`, and which `iterations` came out if not all.

    Args:
        opened: the network.
        model: what ran it.
    """
    if isinstance(opened, ExportedNetwork):
        outputs = list(opened.metadata.outputs)
        zeros = " with zeros in place of priors" if opened.metadata.priors == "zeros" else ""
        said = {"computed": f"{opened.described()}{zeros}"}
        return said if outputs == list(range(len(outputs))) else {**said, "iterations": outputs}
    assert isinstance(model, RunningNetwork)
    assert model.choice is not None
    return {"computed": f"torch {torch.__version__}, {model.choice.execution} on {model.device.type}"}
