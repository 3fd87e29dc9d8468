"""From a genotype to a fixed network, and from a weights file back to its network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from ..engine.weights import load_weights
from ..errors import MfpsError, first_violation
from ..genotypes.branch_genotype import space_of
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import parse_genotype
from ..genotypes.space import BranchSpace, fusion_width
from ..networks.network_config import NetworkConfig
from ..networks.path import FixedPath
from ..networks.restorer import Restorer
from ..networks.slices import may_be_slice, parts_of, slice_of
from .network_facts import GenotypeFacts


@dataclass(frozen=True)
class CompiledNetwork(GenotypeFacts):
    """A fixed network with its weights, and what is known about it.

    Attributes:
        restorer: the network, in eval mode on the CPU.
    """

    restorer: Restorer


def compile_genotype(genotype: Genotype, config: NetworkConfig) -> Restorer:
    """Build the fixed network of a genotype.

    Args:
        genotype: the architecture.
        config: iterations, blocks and prior channels.

    Returns:
        The network, with random weights.

    Raises:
        MfpsError: the priors of `config` are not the genotype's.
    """
    present = genotype.present
    spaces = {name: space_of(branch, name) for name, branch in present.items()}
    fused = fusion_width(present["upsample"].width, [present[prior].width for prior in genotype.priors])

    def make_path(space: BranchSpace) -> FixedPath:
        return FixedPath(present[space.name], fused if space.name == "fusion" else None)

    return Restorer(config, spaces, make_path, genotype.backbone)


def slice_supernet(network: Restorer, supernet: Mapping[str, Tensor], where: str) -> None:
    """Fill a compiled network with the weights that its modules had in the supernet.

    A fixed path's modules have the same names as in the supernet, so slicing takes a subset of its tensors, and where
    the genotype's backbone is narrower the first channels of those.

    Args:
        network: the compiled network; changed in place.
        supernet: state dict of a search's network.
        where: the supernet's file, for error messages.

    Raises:
        MfpsError: the supernet lacks a tensor, or has it in another shape.
    """
    wanted, parts = network.state_dict(), parts_of(network)
    sliced: dict[str, Tensor] = {}
    for name, tensor in wanted.items():
        if name not in supernet:
            raise MfpsError(
                f"{where}: lacks {name}; this genotype is not part of that search (another space or `blocks`)"
            )
        found = supernet[name]
        if found.shape != tensor.shape and may_be_slice(name, network.backbone):
            found = slice_of(found, tensor.shape, parts.get(name.rpartition(".")[0], (1, 1)))
        if found is None or found.shape != tensor.shape:
            raise MfpsError(
                f"{where}: {name} has shape {tuple(supernet[name].shape)}, the network {tuple(tensor.shape)}; "
                "start from a supernet of the same width and priors"
            )
        sliced[name] = found
    network.load_state_dict(sliced)


def weights_header(genotype: Genotype, config: NetworkConfig, provenance: dict[str, Any]) -> dict[str, Any]:
    """The header of a fixed network's weights file; `load_network` reads it back."""
    return {
        "genotype": genotype.model_dump(mode="json", by_alias=True, exclude_none=True),
        "network": config.model_dump(mode="json"),
        "provenance": provenance,
    }


def load_network(file: Path) -> CompiledNetwork:
    """Rebuild a fixed network from its weights file, or from the run folder that holds it.

    Args:
        file: the weights file or run folder.

    Returns:
        The network in eval mode on the CPU, its genotype and its provenance.

    Raises:
        MfpsError: the file is not a weights file, holds a supernet, or has tensors that do not fit its own genotype.
    """
    opened = load_weights(file)
    if "hand_made" in opened.header:
        raise MfpsError(
            f"{file}: a hand-made network, which has no genotype; only `mfps evaluate`, `mfps restore` and "
            "`mfps bench` take it"
        )
    if "genotype" not in opened.header:
        raise MfpsError(f"{file}: holds a supernet, not a fixed network; train its genotype with `mfps retrain` first")
    genotype = parse_genotype(json.dumps(opened.header["genotype"]), str(file))
    try:
        config = NetworkConfig.model_validate(opened.header.get("network"))
    except ValidationError as error:
        raise first_violation(error, f"{file}: network") from None
    provenance = opened.header.get("provenance", {})
    if not isinstance(provenance, dict):
        raise MfpsError(f"{file}: its provenance is damaged; give a file written by mfps")
    try:
        # A header may claim a network of any size, so first compare its shapes with those of the tensors in the file.
        with torch.device("meta"):
            shapes = compile_genotype(genotype, config)
        shapes.load_state_dict({name: tensor.to("meta") for name, tensor in opened.state.items()}, assign=True)
    except (RuntimeError, TypeError, OverflowError) as error:
        raise MfpsError(
            f"{file}: its tensors do not fit its genotype ({str(error).splitlines()[-1].strip()}); "
            "give a file written by mfps"
        ) from None
    restorer = compile_genotype(genotype, config)
    restorer.load_state_dict(opened.state)
    return CompiledNetwork(genotype, config, provenance, restorer.eval())
