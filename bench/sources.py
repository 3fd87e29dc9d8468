"""The networks that a benchmark was given: weights, exported files, or genotypes."""

from pathlib import Path

import torch
from rich.console import Console

from ..engine.weights import load_weights, save_weights, weights_in
from ..errors import MfpsError
from ..export.config import ExportConfig
from ..export.export import export
from ..genotypes.genotype_file import read_genotype
from ..inference.compile import CompiledNetwork, compile_genotype, weights_header
from ..inference.cost_report import network_config
from ..inference.exported_network import is_exported, open_exported
from ..inference.hand_made_network import HandMadeNetwork, load_hand_made
from ..inference.open_network import open_network
from .config import BenchConfig
from .ways import Point, Source


def open_sources(config: BenchConfig, folder: Path, console: Console) -> list[Source]:
    """Look at the networks, and export those that onnxruntime is to run.

    Args:
        config: the benchmark's.
        folder: where exported files are put.
        console: says what is exported.

    Raises:
        MfpsError: a network cannot be opened or exported.
    """
    sources: list[Source] = []
    for number, network in enumerate(config.network):
        if is_exported(Path(network)):
            exported = open_exported(Path(network))
            takes = Point(exported.size, exported.metadata.batch or 0, 0)
            sources.append(Source(network, exported.size, {(exported.runtime, 0): network}, takes))
            continue
        compiled = fixed_network(network, config.iterations)
        if isinstance(compiled, HandMadeNetwork):
            _check_hand_made(network, compiled, config)
        files = {("torch", 0): network} if "torch" in config.runtimes else {}
        if "onnxruntime" in config.runtimes and not isinstance(compiled, HandMadeNetwork):
            weights = folder / f"{number}.safetensors"
            header = weights_header(compiled.genotype, compiled.config, compiled.provenance)
            save_weights(weights, compiled.restorer.state_dict(), **header)
            for size in dict.fromkeys(config.sizes or (compiled.size,)):
                out = folder / f"{number}-{size}"
                iterations = None if config.iterations is None else str(config.iterations)
                export(
                    ExportConfig(weights=weights, out=out, name="network", size=size, iterations=iterations), console
                )
                files["onnxruntime", size] = str(out / "network.onnx")
        sources.append(Source(network, compiled.size, files))
    return sources


def fixed_network(network: str, iterations: int | None = None) -> CompiledNetwork | HandMadeNetwork:
    """The network of a weights file or run folder; or that of a genotype, with random weights.

    Args:
        network: a weights file, the run folder of a training or of a search, a genotype file or a published name.
        iterations: passes of a genotype's network over the image; by default 2 with priors and 1 without.

    Raises:
        MfpsError: it is none of these, or is damaged.
    """
    path = Path(network)
    weights = weights_in(path) if path.is_dir() else path
    if path.suffix != ".json" and weights.is_file() and {"genotype", "hand_made"} & load_weights(weights).header.keys():
        return load_hand_made(path) or open_network(path)
    genotype = read_genotype(network)
    config = network_config(genotype, iterations)
    torch.manual_seed(0)
    return CompiledNetwork(genotype, config, {}, compile_genotype(genotype, config).eval())


def _check_hand_made(network: str, opened: HandMadeNetwork, config: BenchConfig) -> None:
    if "onnxruntime" in config.runtimes:
        raise MfpsError(
            f"{network}: {opened.genotype} is hand-made, and `mfps export`, which comes before onnxruntime, needs a "
            "genotype; give torch alone as `runtimes`"
        )
    if (config.iterations or 1) > 1:
        raise MfpsError(f"{network}: {opened.genotype} has one iteration; leave `iterations` out")
