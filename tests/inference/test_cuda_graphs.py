"""Recording a network's launches: what is done in which order. Stand-ins take torch's calls, as tests run on CPUs."""

from contextlib import contextmanager

import pytest
import torch
from mfps.inference.cuda_graphs import MOST_SHAPES, WARM_UPS, CudaGraphs, Form

CPU = torch.device("cpu")


class Recorder:
    """Stands in for torch.cuda: a graph keeps what was run in it, and replaying runs that again."""

    def __init__(self, fails=False):
        self.log, self.fails, self.recording = [], fails, None

    def Stream(self, device):
        return Stream(self, "apart")

    def current_stream(self, device):
        return Stream(self, "main")

    @contextmanager
    def stream(self, stream):
        self.log.append(f"on {stream.name}")
        yield
        self.log.append("back")

    def CUDAGraph(self):
        return Graph(self)

    def graph_pool_handle(self):
        self.log.append("pool")
        return "pool"

    @contextmanager
    def graph(self, graph, pool):
        assert pool == "pool"
        if self.fails:
            raise RuntimeError("operation not permitted when stream is capturing\nmore")
        self.log.append("capture")
        self.recording = graph
        yield
        self.recording = None
        self.log.append("captured")


class Stream:
    def __init__(self, calls, name):
        self.calls, self.name = calls, name

    def wait_stream(self, other):
        self.calls.log.append(f"{self.name} waits for {other.name}")


class Graph:
    def __init__(self, calls):
        self.calls, self.again = calls, None

    def replay(self):
        self.calls.log.append("replay")
        self.again()


class Network:
    """Stands in for a network: adds the prior's mean; notes its calls, and gives a graph what is to be run again."""

    def __init__(self, cuda):
        self.cuda = cuda

    def __call__(self, degraded, priors, iterations):
        self.cuda.log.append("network")
        outputs = [degraded + 1, degraded + priors["parsing"].mean((1, 2, 3), keepdim=True)][: iterations or 2]
        if self.cuda.recording is not None:

            def again():
                new = [degraded + 1, degraded + priors["parsing"].mean((1, 2, 3), keepdim=True)]
                for output, value in zip(outputs, new, strict=False):
                    output.copy_(value)

            self.cuda.recording.again = again
        return outputs


class OnGpu(Form):
    """A form on a device that is called a GPU, and is not one."""

    def of(self, tensor):
        return tensor.to(self.dtype)


@pytest.fixture
def graphs():
    def make(fails=False):
        cuda = Recorder(fails)
        return CudaGraphs(Network(cuda), OnGpu(torch.device("cuda", 0), torch.float32, torch.channels_last), cuda), cuda

    return make


def batch(faces, seed=0, size=4):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(faces, 3, size, size, generator=generator), {
        "parsing": torch.rand(faces, 5, size, size, generator=generator)
    }


def expected(degraded, priors):
    return [degraded + 1, degraded + priors["parsing"].mean((1, 2, 3), keepdim=True)]


RECORDED = [
    "apart waits for main",
    "on apart",
    *["network"] * WARM_UPS,
    "back",
    "main waits for apart",
    "pool",
    "capture",
    "network",
    "captured",
    "replay",
]


def close(outputs, truths):
    return len(outputs) == len(truths) and all(torch.allclose(*pair) for pair in zip(outputs, truths, strict=True))


def test_a_shape_is_warmed_up_apart_recorded_and_then_only_replayed(graphs):
    run, cuda = graphs()
    first = batch(2)
    kept = run(*first)
    assert cuda.log == RECORDED
    assert close(kept, expected(*first))
    for seed in (1, 2):
        given = batch(2, seed)
        assert close(run(*given), expected(*given))
    assert cuda.log == [*RECORDED, "replay", "replay"]
    assert close(kept, expected(*first)), "a later batch leaves the pictures of an earlier one"


def test_another_shape_is_recorded_anew_and_a_smaller_batch_filled_up(graphs):
    run, cuda = graphs()
    for given in (batch(2), batch(1), batch(2, size=8), batch(3)):
        assert close(run(*given), expected(*given))
    assert cuda.log.count("captured") == 3
    assert cuda.log.count("pool") == 1
    degraded, priors = batch(2)
    assert close(run(degraded, priors, 1), expected(degraded, priors)[:1])
    assert cuda.log.count("captured") == 4


def test_few_recordings_are_kept(graphs):
    run, cuda = graphs()
    sizes = [4 * number for number in range(1, MOST_SHAPES + 2)]
    for size in sizes:
        run(*batch(1, size=size))
    run(*batch(1, size=sizes[-1]))
    assert cuda.log.count("captured") == MOST_SHAPES + 1
    run(*batch(1, size=sizes[0]))  # was dropped
    assert cuda.log.count("captured") == MOST_SHAPES + 2


def test_where_recording_fails_the_network_runs_as_it_is(graphs):
    run, cuda = graphs(fails=True)
    for seed in range(2):
        given = batch(2, seed)
        assert close(run(*given), expected(*given))
    assert run.failure == "operation not permitted when stream is capturing"
    assert cuda.log.count("on apart") == 1, "it is tried once"


def test_on_a_cpu_nothing_is_recorded():
    cuda = Recorder()
    run = CudaGraphs(Network(cuda), Form(CPU, torch.float32, torch.channels_last), cuda)
    given = batch(2)
    assert close(run(*given), expected(*given))
    assert cuda.log == ["network"]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_a_gpu_what_is_replayed_is_what_is_run():
    device = torch.device("cuda", 0)
    convolution = torch.nn.Conv2d(3, 3, 3, padding=1).to(device)

    def network(degraded, priors, iterations):
        return [convolution(degraded), convolution(convolution(degraded)) + priors["parsing"][:, :3]]

    run = CudaGraphs(network, Form(device, torch.float32, torch.channels_last))
    for faces in (4, 4, 2, 5):
        degraded, priors = batch(faces, size=16)
        truths = network(degraded.to(device), {"parsing": priors["parsing"].to(device)}, None)
        for output, truth in zip(run(degraded, priors), truths, strict=True):
            assert torch.allclose(output, truth, atol=1e-4)
    assert not run.failure
