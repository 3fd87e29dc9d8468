import pytest
import torch
from mfps.bench.latency.running import Ways, with_threads
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.cost_report import usual_config
from mfps.nas.costs.parts import Part
from mfps.nas.latency_table import Machine, runtime_version


def machine(runtime, precision="float32"):
    layout = "channels-last" if runtime == "torch" else ""
    return Machine(
        device="cpu", name="x", runtime=runtime, version=runtime_version(runtime), layout=layout, precision=precision,
        threads=1,
    )  # fmt: skip


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_networks_and_parts_run_in_torch(tmp_path, precision):
    ways = Ways(machine("torch", precision), 16, tmp_path)
    spaces = search_space(("dictionary",), width=1, layers=1, fusion_layers=1)
    for run in (
        ways.nothing(),
        ways.part(Part("conv_3x3", 2, 2, 1, 1)),
        ways.part(Part("head", 24, 3, 1)),
        ways.network(random_genotype(spaces, 0), usual_config(("dictionary",), blocks=1)),
    ):
        run()
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_networks_and_parts_run_in_onnxruntime(tmp_path):
    ways = Ways(machine("onnxruntime"), 16, tmp_path)
    (outputs,) = ways.part(Part("conv_3x3", 2, 2, 1, 1))()
    assert outputs.shape == (1, 2, 2, 2)
    spaces = search_space((), width=1, layers=1)
    (picture,) = ways.network(random_genotype(spaces, 0), usual_config((), blocks=1))()
    assert picture.shape == (1, 3, 16, 16)
    assert ways.nothing()()


def test_the_number_of_threads_is_put_back():
    before = torch.get_num_threads()
    with with_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
