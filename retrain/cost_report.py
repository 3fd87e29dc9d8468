"""What the network of a genotype costs, without its data."""

from pydantic import ValidationError

from ..errors import MfpsError, rule_of
from ..genotypes.genotype import Genotype
from ..networks.cost import Cost, network_cost
from ..networks.restorer import STRIDE, NetworkConfig
from .compile import compile_genotype

USUAL_CHANNELS = {"parsing": 19, "heatmap": 68, "dictionary": 256}
"""Channels assumed for a genotype's priors: CelebAMask-HQ classes, iBUG landmarks, VGG19 relu3_4."""


def genotype_costs(genotype: Genotype, size: int, iterations: int | None = None, blocks: int = 3) -> dict[str, Cost]:
    """Parameters and FLOPs of the compiled network for one face: `total`, each branch, and `rest`.

    Args:
        genotype: the architecture.
        size: side of the face in pixels, a multiple of 8.
        iterations: passes over the image; by default 2 with priors and 1 without.
        blocks: residual dense blocks.

    Raises:
        MfpsError: the size is no multiple of 8, or a number is out of its range.
    """
    if size < STRIDE or size % STRIDE:
        raise MfpsError(f"--size is {size}: the side of a face is a positive multiple of {STRIDE} pixels, such as 128")
    try:
        config = NetworkConfig(
            iterations=iterations if iterations is not None else (2 if genotype.priors else 1),
            blocks=blocks,
            prior_channels={prior: USUAL_CHANNELS[prior] for prior in genotype.priors},
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise MfpsError(f"--{first['loc'][0]}: {rule_of(first)}") from None
    return network_cost(compile_genotype(genotype, config).eval(), size)
