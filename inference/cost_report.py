"""What the network of a genotype costs, without any data."""

from collections.abc import Mapping, Sequence

import torch
from pydantic import ValidationError

from ..errors import MfpsError, rule_of, shown
from ..genotypes.genotype import Genotype
from ..genotypes.prior_branches import PRIOR_BRANCHES
from ..networks.cost import Cost, network_cost
from ..networks.network_config import NetworkConfig
from ..networks.restorer import STRIDE
from .compile import compile_genotype


def assumed_channels(genotype: Genotype) -> dict[str, int]:
    """The channels of each prior with which a genotype's cost is counted.

    An architecture does not say how many channels its priors have. Its provenance may, under `prior_channels`; the
    default is that of `PRIOR_BRANCHES`.

    Args:
        genotype: the architecture.

    Raises:
        MfpsError: `prior_channels` is not positive integers by the names of priors.
    """
    said = genotype.provenance.get("prior_channels", {})
    if not isinstance(said, dict) or not all(type(count) is int and count > 0 for count in said.values()):
        raise MfpsError(
            f"{genotype.name}: its provenance has prior_channels {shown(said)}: "
            'they must be positive integers by prior, such as {"heatmap": 71}; correct it or leave it out'
        )
    return {prior: said.get(prior, PRIOR_BRANCHES[prior].channels) for prior in genotype.priors}  # pyright: ignore[reportReturnType]


def network_config(
    genotype: Genotype,
    iterations: int | None = None,
    blocks: int | None = None,
    prior_channels: Mapping[str, int] | None = None,
    attention: bool = False,
) -> NetworkConfig:
    """The configuration of a genotype's network where there is no data to take it from.

    Args:
        genotype: the architecture.
        iterations: passes over the image; by default 2 with priors and 1 without.
        blocks: residual dense blocks, by default 3. A genotype with a backbone has its own: those of the longer of
            its two rows, at least one.
        prior_channels: channels of each prior; by default those of `assumed_channels`.
        attention: a learned weight for each prior.

    Raises:
        MfpsError: a number is out of range.
    """
    channels = assumed_channels(genotype) if prior_channels is None else prior_channels
    if genotype.backbone is not None:
        blocks = genotype.backbone.blocks
    return usual_config(genotype.priors, iterations, 3 if blocks is None else blocks, channels, attention)


def usual_config(
    priors: Sequence[str],
    iterations: int | None = None,
    blocks: int = 3,
    prior_channels: Mapping[str, int] | None = None,
    attention: bool = False,
) -> NetworkConfig:
    """The configuration of a network that takes priors.

    Args:
        priors: names of priors.
        iterations: passes over the image; by default 2 with priors and 1 without.
        blocks: residual dense blocks.
        prior_channels: channels of each prior; by default those of `PRIOR_BRANCHES`.
        attention: a learned weight for each prior.

    Raises:
        MfpsError: a number is out of range.
    """
    usual = {prior: PRIOR_BRANCHES[prior].channels for prior in priors}
    try:
        return NetworkConfig(
            iterations=iterations if iterations is not None else (2 if priors else 1),
            blocks=blocks,
            prior_channels=usual if prior_channels is None else dict(prior_channels),
            attention=attention,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise MfpsError(f"`{first['loc'][0]}`: {rule_of(first)}") from None


def genotype_costs(
    genotype: Genotype, size: int, iterations: int | None = None, blocks: int | None = None
) -> dict[str, Cost]:
    """Parameters and FLOPs of the compiled network for one face: `total`, each branch, and `rest`.

    Args:
        genotype: the architecture.
        size: side of the face in pixels, a multiple of 8.
        iterations: passes over the image; by default 2 with priors and 1 without.
        blocks: residual dense blocks; see `network_config`.

    Raises:
        MfpsError: the size is not a positive multiple of 8, or a number is out of range. See also `assumed_channels`.
    """
    if size < STRIDE or size % STRIDE:
        raise MfpsError(f"`size` is {size}: the side of a face is a positive multiple of {STRIDE} pixels, such as 128")
    return compiled_costs(genotype, network_config(genotype, iterations, blocks), size)


def compiled_costs(genotype: Genotype, config: NetworkConfig, size: int) -> dict[str, Cost]:
    """The same for a network whose configuration is known.

    Args:
        genotype: the architecture.
        config: the network's.
        size: side of the face in pixels, a multiple of 8.
    """
    with torch.device("meta"):  # shapes alone, as a genotype may be of any width
        network = compile_genotype(genotype, config).eval()
    return network_cost(network, size)
