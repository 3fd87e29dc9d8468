"""The machine's rate is above that of any single convolution that is part of it."""

import torch
from mfps.bench import convolution_rate as module


def test_the_rate_is_that_of_the_fastest_convolution(monkeypatch):
    monkeypatch.setattr(module, "SHAPES", ((8, 8, 3, 16), (16, 16, 3, 16)))
    taken = iter((1.0, 0.5, 2.0, 4.0))
    monkeypatch.setattr(module, "_seconds", lambda *_: next(taken))
    assert module.convolution_rate(torch.device("cpu")) == max(2 * 8 * 8 * 9 * 256 / 0.5, 2 * 16 * 16 * 9 * 256 / 2.0)
