import warnings

import pytest
import torch
from mfps.engine.weights import save_weights
from mfps.genotypes.prior_branches import PRIOR_BRANCHES
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import compile_genotype, weights_header
from mfps.inference.export_metadata import ExportMetadata
from mfps.networks.network_config import NetworkConfig

CHANNELS = {row.name: row.channels for row in PRIOR_BRANCHES.values()} | {"dictionary": 6}


@pytest.fixture(scope="session")
def drawn_genotype():
    """`drawn_genotype(priors, seed)`: a random tiny architecture."""

    def make(priors=(), seed=0, width=1):
        return random_genotype(search_space(priors, width=width, layers=2, fusion_layers=2), seed)

    return make


@pytest.fixture(scope="session")
def write_weights(drawn_genotype, randomised):
    """`write_weights(file, priors)`: writes a weights file of an untrained network, and returns the network."""

    def write(file, priors=(), iterations=2, **provenance):
        genotype = drawn_genotype(priors)
        config = NetworkConfig(
            iterations=iterations, blocks=1, prior_channels={prior: CHANNELS[prior] for prior in priors}
        )
        torch.manual_seed(0)
        network = randomised(compile_genotype(genotype, config))
        save_weights(file, network.state_dict(), **weights_header(genotype, config, provenance))
        return network

    return write


class _Stand(torch.nn.Module):
    """Stands in for a network in an exported file: a scaled picture, and then the priors' means added to it."""

    def __init__(self, outputs=(0, 1)):
        super().__init__()
        self.outputs = outputs

    def forward(self, picture, *priors):
        first = 0.5 * picture
        both = first, sum((prior.mean((1, 2, 3))[:, None, None, None] for prior in priors), first + 0)
        return tuple(both[number] for number in self.outputs)


def _write_onnx(file, names, batch, size, texts, numbers):
    import onnx
    from onnx import TensorProto, helper

    shapes = {"input": 3, **{name: CHANNELS[name] for name in names}}
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch or "batch", channels, size, size])
        for name, channels in shapes.items()
    ]
    nodes = [helper.make_node("Mul", ["input", "half"], ["iteration_0"])]
    last = "iteration_0"
    for name in names:
        nodes.append(helper.make_node("ReduceMean", [name], [f"{name}_mean"], axes=[1, 2, 3]))
        nodes.append(helper.make_node("Add", [last, f"{name}_mean"], [last := f"{name}_added"]))
    nodes.append(helper.make_node("Identity", [last], ["iteration_1"]))
    outputs = [helper.make_tensor_value_info(f"iteration_{i}", TensorProto.FLOAT, None) for i in numbers]
    half = helper.make_tensor("half", TensorProto.FLOAT, [], [0.5])
    model = helper.make_model(
        helper.make_graph(nodes, "stand", inputs, outputs, [half]), opset_imports=[helper.make_opsetid("", 17)]
    )
    model.ir_version = 10
    helper.set_model_props(model, texts)
    onnx.save(model, file)


@pytest.fixture(scope="session")
def write_exported(drawn_genotype):
    """`write_exported(file, takes, **metadata)`: an exported file of the kind that its ending says, with a stand-in
    for the network; returns the stand-in."""

    def write(file, takes=(), network_outputs=(0, 1), **values):
        genotype = drawn_genotype(takes)
        config = NetworkConfig(blocks=1, prior_channels={prior: CHANNELS[prior] for prior in takes})
        values = {"size": 16, "outputs": (0, 1), "priors": "inputs" if takes else "none", **values}
        metadata = ExportMetadata(
            genotype=genotype.model_dump(mode="json", by_alias=True, exclude_none=True),
            **{"genotype_hash": genotype.hash, "network": config, "provenance": {}, "weights_sha256": "0", **values},
        )
        network, batch, side = (
            _Stand(network_outputs),
            metadata.batch,
            512 if metadata.wrap == "face512" else metadata.size,
        )
        names = takes if metadata.priors == "inputs" else ()
        if file.suffix == ".onnx":
            _write_onnx(file, names, batch, side, metadata.texts(), network_outputs)
            return network
        given = tuple(torch.rand(batch or 2, count, side, side) for count in (3, *(CHANNELS[name] for name in names)))
        if file.suffix == ".torchscript":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch prefers torch.export to it
                torch.jit.save(torch.jit.trace(network, given), file, _extra_files=metadata.texts())
        else:
            free = {0: torch.export.Dim("batch", min=1, max=64)} if batch is None else None
            shapes = (free, (free,) * len(names)) if names else (free,)
            program = torch.export.export(network, given, dynamic_shapes=shapes)
            torch.export.save(program, file, extra_files=metadata.texts())
        return network

    return write
