import pytest
import torch
from mfps.engine.device import choose_device, make_fabric
from mfps.errors import MfpsError


def test_auto_takes_a_gpu_if_there_is_one():
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_what_trains_and_what_runs_choose_the_same(device):
    assert make_fabric(device).device == choose_device(device)


@pytest.mark.parametrize("device", ["gpu", "cpu:1", "cuda:x", "cuda:99", ""])
def test_what_is_not_there(device):
    with pytest.raises(MfpsError, match="device"):
        choose_device(device)


def test_several_processes():
    fabric = make_fabric("cpu", devices=2, num_nodes=3)
    assert (fabric.world_size, fabric.device.type) == (6, "cpu")


def test_several_gpus_must_be_there(monkeypatch, refused):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for device, devices in (("cuda", 3), ("cuda:1", 2), ("auto", 3)):
        with refused(f"no device '{device}' for {devices} processes: torch sees 2 CUDA devices"):
            choose_device(device, devices)


def test_a_launcher_must_agree(monkeypatch, refused):
    monkeypatch.setenv("WORLD_SIZE", "4")
    with refused("the launcher started 4 processes, but `devices` 2 times `num_nodes` 1 is 2"):
        make_fabric("cpu", devices=2)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_by_number():
    assert make_fabric("cuda:0").device == torch.device("cuda", 0)
