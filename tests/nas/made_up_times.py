"""Times of parts that nobody measured: a function of the parts, in no order that a network has."""

import hashlib

import torch
from mfps.engine.device import device_name
from mfps.nas.costs.parts import PartTimes, space_parts
from mfps.nas.latency_table import Calibration, CheckedNetwork, LatencyTable, Machine, measured_space


def made_up_times(spaces, config, backbones=None, constant=1000):
    """Times between 1 and 1000 ns of all parts of a space."""
    parts = {part.name for part in space_parts(spaces, config, backbones)}
    return PartTimes({name: 1 + hashlib.sha256(name.encode()).digest()[0] * 4 % 1000 for name in parts}, constant)


def made_up_table(spaces, config, size, backbones=None):
    """A table with these times, as if it had been measured here."""
    times = made_up_times(spaces, config, backbones)
    device = torch.device("cpu")
    machine = Machine(
        device="cpu", name=device_name(device), runtime="torch", version=torch.__version__, layout="channels-last",
        precision="float32", threads=1,
    )  # fmt: skip
    networks = [CheckedNetwork(hash="a" * 64, gflops=1.0, predicted_ms=1.1, measured_ms=1.0)]
    return LatencyTable(
        schema="mfps.latency/1", mfps="0", torch=torch.__version__, machine=machine, batch=1, rounds=1,
        space=measured_space(spaces, config, size, backbones), parts=dict(times.nanoseconds),
        calibration=Calibration(networks=1, constant=times.constant, factor=1.0), networks=networks,
    )  # fmt: skip
