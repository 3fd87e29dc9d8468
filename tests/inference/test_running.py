"""A network that is made ready to run gives its pictures, whatever is folded, laid out or rounded for it."""

import time

import pytest
import torch
from mfps.engine.execution import Execution, is_native
from mfps.errors import MfpsError
from mfps.inference.compile import load_network
from mfps.inference.running import WORTH_TIMING, Asked, FirstFastest, RunningNetwork, executions

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
PRIORS = {"parsing": 19, "heatmap": 68}


@pytest.fixture(scope="module")
def restorer(write_weights, tmp_path_factory):
    file = tmp_path_factory.mktemp("weights") / "w.safetensors"
    write_weights(file, tuple(PRIORS))
    return load_network(file).restorer


def batch(faces=2):
    generator = torch.Generator().manual_seed(0)
    priors = {prior: torch.rand(faces, count, 16, 16, generator=generator) for prior, count in PRIORS.items()}
    return torch.rand(faces, 3, 16, 16, generator=generator), priors


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("layout", ["contiguous", "channels-last"])
@torch.no_grad()
def test_every_execution_gives_the_networks_pictures(restorer, layout, precision):
    before = {name: tensor.clone() for name, tensor in restorer.state_dict().items()}
    model = RunningNetwork(restorer, CPU, [Execution(layout, precision)])
    degraded, priors = batch()
    for given in ((degraded, priors), (degraded, priors, 1), (degraded, None, 1)):
        outputs, expected = model(*given), restorer(*given)
        assert len(outputs) == len(expected)
        for output, truth in zip(outputs, expected, strict=True):
            assert output.dtype == torch.float32
            assert (output - truth).abs().max() < (1e-5 if precision == "float32" else 0.05)
    after = restorer.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_what_is_chosen_among(monkeypatch):
    monkeypatch.setattr("mfps.engine.execution.is_native", lambda device, precision: precision != "float16")
    last, plain = Execution("channels-last"), Execution("contiguous")
    half = Execution("channels-last", "bfloat16")
    many = WORTH_TIMING
    for asked, device, faces, expected in (
        (Asked(), CPU, None, [last]),
        (Asked(), CPU, many - 1, [last]),
        (Asked(), CPU, many, [plain, last]),
        (Asked(precision="auto"), CPU, None, [last]),
        (Asked(precision="auto"), CPU, many - 1, [last]),
        (Asked(precision="auto"), CPU, many, [plain, last, half]),
        (Asked("contiguous", "auto"), CPU, many, [plain, Execution("contiguous", "bfloat16")]),
        (Asked("contiguous"), CPU, many, [plain]),
        (Asked(precision="bfloat16"), CPU, 1, [half]),
        (Asked(), CUDA, many - 1, [last]),
        (Asked("channels-last"), CUDA, many, [last, last._replace(compiled=True)]),
        (Asked("channels-last", compile="off"), CUDA, many, [last]),
    ):
        assert executions(asked, device, faces) == expected, (asked, device, faces)


def test_a_format_that_the_processor_lacks(restorer, refused, console, monkeypatch):
    monkeypatch.setattr("mfps.engine.execution.is_native", lambda device, precision: precision == "float32")
    monkeypatch.setattr("mfps.engine.execution.slowdown", lambda device, precision: 85.2)
    with refused("`precision` float16: this processor cannot compute in it"):
        executions(Asked(precision="float16"), CPU, 1)
    RunningNetwork(restorer, CPU, executions(Asked(precision="bfloat16"), CPU, 1), console)
    (line,) = console.file.getvalue().splitlines()
    assert "emulates bfloat16: a convolution takes 85.2 times as long" in line
    assert executions(Asked(precision="auto"), CPU, WORTH_TIMING)[-1].precision == "float32"


@torch.no_grad()
def test_the_fastest_that_is_right_is_chosen_once_and_said(restorer, console, monkeypatch):
    tried = executions(Asked(precision="auto"), CPU, WORTH_TIMING)
    tried = [*tried, Execution("channels-last", "bfloat16")] if not is_native(CPU, "bfloat16") else tried
    model = RunningNetwork(restorer, CPU, tried, console)
    assert model.choice is None
    seen = []
    real = model._prepared

    def slow_unless(execution):
        run = real(execution)

        def call(degraded, priors, iterations):
            seen.append((execution, len(degraded)))
            time.sleep(0 if execution == tried[1] else 0.2)
            return run(degraded, priors, iterations)

        return call

    monkeypatch.setattr(model, "_prepared", slow_unless)
    degraded, priors = batch()
    for _ in range(2):
        for output, truth in zip(model(degraded, priors), restorer(degraded, priors), strict=True):
            assert torch.allclose(output, truth, atol=1e-5)
    assert model.choice is not None
    assert model.choice.execution == tried[1]
    assert {execution for execution, _ in seen} == set(tried)
    assert seen[-2:] == [(tried[1], 2)] * 2
    assert {faces for _, faces in seen[:-2]} == {1}, "each face of a batch takes as long as any other"
    (line,) = console.file.getvalue().splitlines()
    assert line.startswith(f"computed  {tried[1]} (")


@torch.no_grad()
def test_nothing_is_settled_on_a_face_that_is_only_for_its_priors(restorer):
    tried = executions(Asked(), CPU, WORTH_TIMING)
    degraded, priors = batch()
    coarse = RunningNetwork(restorer, CPU, tried, faces=WORTH_TIMING)
    assert torch.allclose(coarse(degraded, None, 1)[0], restorer(degraded, None, 1)[0], atol=1e-5)
    assert coarse.choice is None
    coarse(degraded, priors)
    assert coarse.choice is not None
    once = RunningNetwork(restorer, CPU, tried, faces=WORTH_TIMING, passes=1)
    once(degraded, None, 1)
    assert once.choice is not None


def test_the_first_batch_shows_the_fastest_way_and_one_that_fails_is_dropped():
    calls = []

    def way(name, seconds):
        def run(*given):
            calls.append(name)
            time.sleep(seconds)
            if name == "broken":
                raise MfpsError(name)
            return [torch.full((1,), seconds)]

        return run

    run = FirstFastest([way("slow", 0.05), way("broken", 0), way("fast", 0)], CPU)
    assert run(1)[0] == 0
    assert run(1)[0] == 0
    assert calls == ["slow", "slow", "broken", "fast", "fast", "fast", "fast"]
