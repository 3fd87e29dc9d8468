"""What a training is given besides its faces, by content: the genotype, weights to start from, and other networks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..engine.run_inputs import RunInput, file_input
from ..files.external_weights import weights_of
from ..files.hashes import sha256_of
from ..genotypes.genotype import Genotype
from ..genotypes.hand_made import HandMade
from ..networks.shift_tolerant_file import ST_LPIPS
from .config import RetrainConfig
from .start import StartFile

FOUND_WITH = {"parsing sha256": "parser", "dictionary dictionary_sha256": "dictionary"}
"""The field that names what finds a prior; all others are external weights, which are looked for in `weights_dir`."""


def training_inputs(
    config: RetrainConfig,
    genotype: Genotype | HandMade,
    starts: Mapping[str, StartFile],
    found_by: Mapping[str, Mapping[str, Any]],
) -> dict[str, RunInput]:
    """The files of a training, except for its faces.

    Args:
        config: the training's.
        genotype: the architecture that it trains; what a hand-made network is, its options say.
        starts: the weights files that it starts from, as `start_files` returns them.
        found_by: what finds each prior on the fly, as `PriorExtractor.provenance` describes it; empty if nothing does.

    Returns:
        By field; see `engine.run_inputs.Inputs`.
    """
    inputs: dict[str, RunInput] = {}
    if isinstance(genotype, Genotype):
        named = "init_from" if config.genotype is None else "genotype"
        place = str(getattr(config, named))
        inputs["genotype"] = RunInput(named, place, f"an architecture of SHA-256 {genotype.hash}")
    inputs |= {field: file_input(field, start.file, start.sha256) for field, start in starts.items()}
    if config.perceptual > 0:  # any other file is refused
        network = config.perceptual_network
        weights = weights_of("vgg19" if network == "vgg19" else ST_LPIPS)
        inputs[network] = file_input(network, str(getattr(config, network) or weights.file), weights.sha256)
    for prior, description in found_by.items():
        for key, value in description.items():
            if key.endswith("sha256"):
                field = FOUND_WITH.get(f"{prior} {key}", "weights_dir")
                place = getattr(config, field) or f"the default for {prior}"
                inputs[f"{field} {prior}"] = file_input(field, place, f"{value}{_classes(field, place)}")
    return inputs


def _classes(field: str, place: str | Path) -> str:
    """What is said of the configuration beside a face parser's weights, which names its classes."""
    file = Path(place) / "config.json"
    return f" with a configuration of SHA-256 {sha256_of(file)}" if field == "parser" and file.is_file() else ""
