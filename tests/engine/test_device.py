import pytest
import torch
from mfps.engine.device import make_fabric
from mfps.errors import MfpsError


def test_auto_takes_a_gpu_where_there_is_one():
    assert make_fabric("auto", "float32").device.type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_bfloat16_keeps_weights_in_float32():
    fabric = make_fabric("cpu", "bfloat16")
    module = torch.nn.Conv2d(2, 2, 3)
    model = fabric.setup(module)
    seen = []
    module.register_forward_hook(lambda _, __, output: seen.append(output.dtype))
    model(torch.rand(1, 2, 8, 8))
    assert seen == [torch.bfloat16]
    assert module.weight.dtype == torch.float32


@pytest.mark.parametrize("device", ["gpu", "cpu:1", "cuda:x", "cuda:99", ""])
def test_what_is_not_there(device):
    with pytest.raises(MfpsError, match="device"):
        make_fabric(device, "float32")


def test_unknown_precision():
    with pytest.raises(MfpsError, match="float32, bfloat16"):
        make_fabric("cpu", "float16")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_by_number():
    assert make_fabric("cuda:0", "bfloat16").device == torch.device("cuda", 0)
