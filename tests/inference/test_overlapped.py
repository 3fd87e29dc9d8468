"""Batches come out in order, whatever is overlapped, and few are in memory at a time."""

import threading
import weakref
from contextlib import contextmanager

import pytest
import torch
from mfps.inference.overlapped import Inputs, pictures, read_ahead

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def made(count, alive=None):
    for number in range(count):
        tensor = torch.full((1, 3, 2, 2), float(number))
        if alive is not None:
            alive.append(weakref.ref(tensor))
        yield Inputs(tensor, {"parsing": tensor + 0.5})


def test_items_come_in_order_from_another_thread():
    threads = set()

    def items():
        for number in range(5):
            threads.add(threading.get_ident())
            yield number

    assert list(read_ahead(items())) == list(range(5))
    assert threading.get_ident() not in threads
    assert list(read_ahead(())) == []


def test_an_error_comes_at_its_place():
    def items():
        yield 1
        yield 2
        raise ValueError("third")

    coming = read_ahead(items())
    assert [next(coming), next(coming)] == [1, 2]
    with pytest.raises(ValueError, match="third"):
        next(coming)


def test_the_next_batch_is_read_while_one_is_computed():
    read = [threading.Event() for _ in range(4)]

    def items():
        for number, event in enumerate(read):
            event.set()
            yield Inputs(torch.full((1, 3, 2, 2), float(number)), {})

    def run(degraded, priors):
        number = int(degraded.mean())
        assert number + 1 == len(read) or read[number + 1].wait(10)
        return degraded

    assert [int(output.mean()) for output in pictures(items(), run, CPU)] == [0, 1, 2, 3]


def test_memory_is_that_of_a_few_batches():
    alive, most = [], 0
    for output in pictures(made(50, alive), lambda degraded, priors: degraded + priors["parsing"], CPU):
        most = max(most, sum(ref() is not None for ref in alive))
        del output
    assert len(alive) == 50
    assert most <= 3


class Calls:
    """Stands in for torch.cuda: notes the calls, on streams that are done at once."""

    def __init__(self):
        self.log = []
        self.now = "main"

    def Stream(self, device):
        return Stream(self, "up" if "up" not in str(self.log) and not hasattr(self, "made") else "down")

    def current_stream(self, device):
        return Stream(self, "main")

    @contextmanager
    def stream(self, stream):
        before, self.now = self.now, stream.name
        yield
        self.now = before

    def Event(self):
        return Event(self)


class Stream:
    def __init__(self, calls, name):
        self.calls, self.name = calls, name
        calls.made = True

    def wait_stream(self, other):
        self.calls.log.append(f"{self.name} waits for {other.name}")


class Event:
    def __init__(self, calls):
        self.calls = calls

    def record(self, stream):
        self.calls.log.append(f"event on {stream.name}")

    def synchronize(self):
        self.calls.log.append("arrived")


def test_on_a_gpu_copies_have_streams_of_their_own(monkeypatch):
    calls = Calls()
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self)
    monkeypatch.setattr(torch.Tensor, "record_stream", lambda self, stream: calls.log.append(f"kept for {stream.name}"))
    real_to, real_empty = torch.Tensor.to, torch.empty

    def to(self, device, non_blocking=False):
        calls.log.append(f"copied on {calls.now}{'' if non_blocking else ', waiting'}")
        return real_to(self, CPU)

    monkeypatch.setattr(torch.Tensor, "to", to)
    monkeypatch.setattr(torch, "empty", lambda shape, dtype, pin_memory: real_empty(shape, dtype=dtype))

    def run(degraded, priors):
        calls.log.append(f"run on {calls.now}")
        return degraded + priors["parsing"]

    outputs = [float(output.mean()) for output in pictures(made(3), run, CUDA, calls)]
    assert outputs == [0.5, 2.5, 4.5]
    one = ["copied on up", "copied on up", "main waits for up", "kept for main", "kept for main", "run on main"]
    back = ["down waits for main", "kept for down", "event on down"]
    assert calls.log == [*one, *back, *one, *back, "arrived", *one, *back, "arrived", "arrived"]
