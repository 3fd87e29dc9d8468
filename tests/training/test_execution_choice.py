"""A training chooses how it is computed without a trace: its bytes are those of a run that was told the same."""

import json
import random
import shutil
from types import SimpleNamespace
from unittest.mock import Mock

import mfps.nas.search_files
import mfps.retrain.train
import mfps.training.execution_choice
import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from mfps.engine.configuration import RunConfig
from mfps.engine.execution import DTYPES, LAYOUTS, Execution
from mfps.engine.timed_choice import Choice
from mfps.genotypes.genotype_file import write_genotype
from mfps.nas.config import SearchConfig
from mfps.nas.search import train_supernet
from mfps.nas.strategies import STRATEGIES
from mfps.networks.synchronised_norm import SynchronisedBatchNorm, synchronise_norms
from mfps.retrain.config import RetrainConfig
from mfps.retrain.train import retrain
from mfps.training.execution_choice import (
    LEAST_COMPILED_STEPS,
    agreed,
    fastest,
    training_candidates,
)
from safetensors.torch import load_file

from ..inference.conftest import drawn_genotype

__all__ = ["drawn_genotype"]

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
BOTH = [Execution(layout) for layout in LAYOUTS]
TINY = {
    "size": 16, "blocks": 1, "epochs": 1, "epoch_steps": 1, "batch_size": 2, "accumulate": 2, "val_list": "val.txt",
    "val_images": 1, "device": "cpu",
}  # fmt: skip
OF_STAGE = {
    "retrain": {"perceptual": 0},
    "search": {"width": 1, "layers": 1, "fusion_layers": 1, "warmup_epochs": 0, "norm_batches": 1, "select_images": 1},
}


@pytest.fixture
def stage(drawn_folder, drawn_genotype, tmp_path, monkeypatch):
    """`stage(name, out, **options)` runs a tiny stage; returns what it printed."""
    monkeypatch.setattr(mfps.nas.search_files, "draw_genotype", lambda *_: None)
    monkeypatch.setattr(mfps.retrain.train, "draw_genotype", lambda *_: None)
    write_genotype(drawn_genotype(), tmp_path / "genotype.json")

    def run(console, name, out, **options):
        given = {"data": drawn_folder, "out": tmp_path / out, **TINY, **OF_STAGE[name], **options}
        before = console.file.tell()
        random.seed(0), np.random.seed(0)  # checkpoints hold their states, which nothing in a run draws from
        if name == "retrain":
            retrain(RetrainConfig(genotype=tmp_path / "genotype.json", **given), console)
        else:
            train_supernet(SearchConfig(**given), console)
        return console.file.getvalue()[before:]

    return run


@pytest.fixture
def chosen(monkeypatch):
    """`chosen(layout)`: every candidate makes a pass, and this layout is found the fastest; returns what was tried."""

    def choose_in_place(layout, precision="float32"):
        tried_so_far = []

        def choose(tried, run, device, prepare):
            for execution in tried:
                prepare(execution)
                assert all(picture.isfinite().all() for picture in run(execution))
            tried_so_far.append(list(tried))
            found = next(e for e in tried if (e.layout, e.precision) == (layout, precision))
            return Choice(found, {str(e): 1.0 for e in tried})

        monkeypatch.setattr(mfps.training.execution_choice, "choose", choose)
        return tried_so_far

    return choose_in_place


def result(folder):
    """What follows from the seed and the choice, without the run's own place."""
    files = {name: (folder / name).read_bytes() for name in ("history.jsonl", "weights.safetensors")}
    config = (folder / "config.yaml").read_text().replace(str(folder), "run")
    state = load_file(sorted((folder / "checkpoints").glob("*.safetensors"))[-1])
    return files | {"config.yaml": config, "state": {name: tensor.tolist() for name, tensor in state.items()}}


CASES = [
    ("contiguous", "retrain", {}),
    ("channels-last", "retrain", {}),
    *(("channels-last", "search", {"strategy": name}) for name in STRATEGIES),
    ("contiguous", "search", {"hold_trunk": True, "warmup_epochs": 1, "epochs": 2}),
]


@pytest.mark.parametrize(("layout", "name", "options"), CASES)
def test_a_run_that_chose_has_the_bytes_of_one_that_was_told(stage, chosen, console, tmp_path, layout, name, options):
    tried = chosen(layout)
    said = stage(console, name, "auto", **options)
    assert tried == [BOTH]
    assert f"fastest   {layout} float32 (contiguous float32 1.0 ms, channels-last float32 1.0 ms)\n" in said
    assert json.loads((tmp_path / "auto/environment.json").read_text())["execution"]["layout"] == layout
    assert "fastest" not in stage(console, name, "told", layout=layout, **options)
    assert tried == [BOTH]
    assert result(tmp_path / "auto") == result(tmp_path / "told")


@pytest.mark.parametrize("name", OF_STAGE)
def test_a_resumed_run_keeps_its_choice_and_one_that_begins_again_chooses_again(
    stage, chosen, console, tmp_path, refused, name
):
    tried = chosen("channels-last")
    stage(console, name, "whole", epochs=2)
    for place, last in (
        ("run", "*-s00000002-*"),
        ("unsaved", "*"),
    ):  # killed in epoch 2, or before the first checkpoint
        shutil.copytree(tmp_path / "whole", tmp_path / place)
        for file in (tmp_path / place / "checkpoints").glob(last):
            file.unlink()
    assert len(tried) == 1
    chosen("contiguous")  # what this machine would choose now
    with refused("layout was channels-last and is contiguous"):
        stage(console, name, "run", resume=True, epochs=2, layout="contiguous")
    assert "fastest" not in stage(console, name, "run", resume=True, epochs=2)
    assert "fastest" not in stage(console, name, "unsaved", resume=True, epochs=2)
    for place in ("run", "unsaved"):
        assert result(tmp_path / place) == result(tmp_path / "whole")
    assert "fastest   contiguous" in stage(console, name, "run", overwrite=True)


def test_a_number_format_is_chosen_as_it_is_told(stage, chosen, console, tmp_path, monkeypatch):
    monkeypatch.setattr("mfps.engine.execution.is_native", lambda device, precision: True)
    tried = chosen("contiguous", "bfloat16")
    stage(console, "retrain", "auto", precision="auto")
    assert {e.precision for e in tried[0]} == {"float32", "bfloat16"}
    stage(console, "retrain", "told", layout="contiguous", precision="bfloat16")
    assert result(tmp_path / "auto") == result(tmp_path / "told")


def test_an_emulated_number_format_is_said_before_the_first_step(stage, console, monkeypatch):
    monkeypatch.setattr("mfps.engine.execution.is_native", lambda device, precision: False)
    monkeypatch.setattr(mfps.engine.execution, "slowdown", lambda *_: 85.2)
    said = stage(console, "retrain", "run", layout="contiguous", precision="bfloat16", max_steps=1)
    note = "this processor emulates bfloat16: a convolution takes 85.2 times as long as in float32; "
    assert said.startswith(f"note      {note}set `precision` float32\n")
    said = stage(console, "retrain", "run", layout="contiguous", precision="bfloat16", resume=True)
    assert f"note      {note}the run was started with it; continue it on a device that has it, or start anoth" in said
    monkeypatch.undo()


class Noisy(torch.nn.Module):
    """A network with norms and a 1x1 convolution, whose layout is ambiguous, that draws from every generator."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4), torch.nn.Conv2d(4, 3, 3, padding=1), torch.nn.Dropout()
        )

    def forward(self, x):
        return self.layers(x) * np.random.rand() + torch.rand(())


def everything(network):
    """All that a pass may change."""
    parameters = [(p.data_ptr(), p.stride(), p.tolist(), p.requires_grad, id(p.grad)) for p in network.parameters()]
    buffers = [buffer.tolist() for buffer in network.buffers()]
    modes = [module.training for module in network.modules()]
    # Python's own generator is drawn from when argument types are checked; see test_training_state.py.
    generators = torch.get_rng_state().tolist(), str(np.random.get_state(legacy=True))
    return parameters, buffers, modes, generators


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("processes", [1, 2])
def test_timing_changes_nothing(fails, layout, processes):
    network = Noisy()
    if processes > 1:
        synchronise_norms(network)  # no other process takes part, so an exchange would fail
        assert any(isinstance(module, SynchronisedBatchNorm) for module in network.modules())
    network.to(memory_format=layout)
    network.layers[0].requires_grad_(False).eval()
    network.layers[2].weight.grad = torch.ones_like(network.layers[2].weight)
    before, runs = everything(network), []

    def step(execution):
        runs.append(execution)
        network.layers[0].requires_grad_(True)
        output = network(torch.rand(2, 3, 8, 8).to(memory_format=execution.memory_format))
        output.sum().backward()
        if fails and len(runs) == 4:
            raise RuntimeError("out of memory")
        return [torch.zeros(1)]

    if fails:
        with pytest.raises(RuntimeError, match="out of memory"):
            fastest(BOTH, network, step, CPU)
    else:
        assert fastest(BOTH, network, step, CPU).execution in BOTH
    assert len(runs) >= 4
    assert everything(network) == before


@pytest.mark.parametrize("works", [True, False])
def test_only_the_fastest_is_compiled(monkeypatch, works):
    now = [0.0]
    clock = SimpleNamespace(perf_counter=lambda: now[0], process_time=lambda: now[0])
    monkeypatch.setattr("mfps.engine.timed_choice.time", clock)
    monkeypatch.setattr("mfps.engine.clock.time", clock)
    compiled = set()

    def step(execution):
        if execution.compiled:
            compiled.add(execution)
            if not works:
                raise RuntimeError("no compiler")
        now[0] += (2 if execution.layout == "contiguous" else 1) / (4 if execution.compiled else 1)
        return [torch.zeros(1, 3, 8, 8)]

    tried = [execution._replace(compiled=c) for execution in BOTH for c in (False, True)]
    choice = fastest(tried, torch.nn.Conv2d(3, 3, 1), step, CPU)
    assert compiled == {Execution("channels-last", compiled=True)}
    assert choice.execution == Execution("channels-last", compiled=works)
    assert len(choice.milliseconds) == 2 + works
    assert bool(choice.failed) != works


def test_all_processes_take_the_first_ones_choice(monkeypatch):
    every = [Execution(layout, precision, c) for layout in LAYOUTS for precision in DTYPES for c in (False, True)]
    told = {}

    def largest(fabric, *values):
        told.setdefault("all", []).append(values)
        return tuple(map(max, zip(*told["all"], strict=True)))

    monkeypatch.setattr(mfps.training.execution_choice, "largest", largest)
    for execution in every:
        told.clear()
        first = agreed(Mock(spec=Fabric, is_global_zero=True), Choice(execution, {"x": 1.0}))
        other = agreed(Mock(spec=Fabric, is_global_zero=False), Choice(every[-1], {}))
        assert first == Choice(execution, {"x": 1.0})
        assert other.execution == execution


@pytest.mark.parametrize(
    ("device", "processes", "steps", "compile_", "tried"),
    [
        (CUDA, 1, LEAST_COMPILED_STEPS, "auto", {False, True}),
        (CUDA, 1, LEAST_COMPILED_STEPS, "off", {False}),
        (CUDA, 1, LEAST_COMPILED_STEPS - 1, "auto", {False}),
        (CUDA, 1, 0, "auto", {False}),
        (CUDA, 2, LEAST_COMPILED_STEPS, "auto", {False}),
        (CPU, 1, LEAST_COMPILED_STEPS, "auto", {False}),
    ],
)
def test_a_long_training_of_one_gpu_may_be_compiled(tmp_path, device, processes, steps, compile_, tried):
    given = {"data": "faces", "out": tmp_path, "epochs": 1, "batch_size": 2, "layout": "contiguous"}
    config = RunConfig(compile=compile_, **given)
    assert {e.compiled for e in training_candidates(config, device, processes, steps)} == tried
    if tried == {False, True}:
        (tmp_path / "config.yaml").touch()
        for before in (False, True):
            (tmp_path / "environment.json").write_text(json.dumps({"execution": {"compiled": before}}))
            resumed = RunConfig(resume=True, **given)
            assert {e.compiled for e in training_candidates(resumed, device, processes, steps)} == {before}
