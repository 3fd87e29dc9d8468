"""What a training starts from: random weights, a search's supernet, or a trained network that it goes on with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..engine.weights import load_weights, weights_in
from ..errors import MfpsError, printable
from ..files.hashes import sha256_of
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import read_genotype
from ..genotypes.hand_made import HandMade
from ..inference.compile import CompiledNetwork, compile_genotype, slice_supernet
from ..inference.open_network import open_network
from ..networks.hand_made import HandMadeRestorer
from ..networks.network_config import NetworkConfig
from ..networks.restorer import Restorer
from .config import RetrainConfig

MAY_DIFFER = ("iterations",)
"""Fields of the network's configuration for which any weights fit, if all iterations share their batch norms."""


def take_on(config: RetrainConfig) -> tuple[RetrainConfig, CompiledNetwork | None]:
    """Read the network that a training starts from, and take what is not given of the network's configuration from it.

    Args:
        config: as given. Fields that were set count as given; a preset sets none of these (see `resolve`).

    Returns:
        The configuration with that network's priors, width and so on; and the network, if one is named.

    Raises:
        MfpsError: the weights cannot be used, or something that was given is not what they have.
    """
    if config.init_from is None:
        return config, None
    of_network = [name for name in NetworkConfig.model_fields if name in RetrainConfig.model_fields]
    known = {name: getattr(config, name) for name in of_network if name in config.model_fields_set}
    start = open_network(config.init_from, config.genotype, known)
    may_differ = MAY_DIFFER if start.config.shared_norms else ()
    has: dict[str, Any] = {name: getattr(start.config, name) for name in of_network}
    has |= {"priors": start.priors, "heatmap_rgb": start.heatmap_rgb}
    if config.width is not None:
        has["width"] = start.genotype.branches.upsample.width
    for name, value in has.items():
        given = getattr(config, name)
        if name in config.model_fields_set and name not in may_differ and given not in (None, value):
            raise MfpsError(
                f"`{name}` is {_shown(given)}, but the network of `init_from` {config.init_from} has {_shown(value)}; "
                f"leave `{name}` out, or give other weights"
            )
    kept = {name for name in may_differ if name in config.model_fields_set and getattr(config, name) is not None}
    return config.model_copy(update={name: value for name, value in has.items() if name not in kept}), start


def genotype_to_train(config: RetrainConfig, start: CompiledNetwork | None) -> Genotype | HandMade:
    """The architecture to train: that of the network to start from, or the genotype at the requested width.

    A hand-made network has none, and is named itself.
    """
    if start is not None:
        return start.genotype
    if config.hand_made is not None:
        return HandMade.parse(config.hand_made)
    assert config.genotype is not None  # the configuration checks it
    genotype = read_genotype(config.genotype)
    if config.width is not None and config.width != genotype.branches.upsample.width:
        return genotype.with_width(config.width)
    return genotype


def network_to_train(
    config: RetrainConfig, genotype: Genotype | HandMade, channels: dict[str, int], start: CompiledNetwork | None
) -> Restorer | HandMadeRestorer:
    """The genotype's network, with random weights, a supernet's, or those of the network to start from.

    Args:
        config: the training's.
        genotype: as `genotype_to_train` returns it.
        channels: of each prior, in the data.
        start: the network to start from.

    Raises:
        MfpsError: the priors or the supernet do not fit.
    """
    if isinstance(genotype, HandMade):
        of_base = {name: getattr(config, name) for name in ("base", "base_window")}
        return HandMadeRestorer(genotype, NetworkConfig(iterations=1, **of_base))
    network = compile_genotype(
        genotype,
        NetworkConfig(
            iterations=config.passes,
            blocks=config.blocks if genotype.backbone is None else genotype.backbone.blocks,
            prior_channels=channels,
            attention=config.attention,
            base=config.base,
            base_window=config.base_window,
            shared_norms=config.shared_norms,
        ),
    )
    if start is not None:
        start.check_priors(channels, config.data)
        network.load_state_dict(start.restorer.state_dict())
    if config.from_supernet is not None:
        supernet = load_weights(config.from_supernet)
        if "genotype" in supernet.header:
            raise MfpsError(
                f"`from_supernet` {config.from_supernet}: a trained network, not the supernet of a search; start from "
                "it with `init_from`"
            )
        _check_searched(config, supernet.header)
        slice_supernet(network, supernet.state, str(config.from_supernet))
    return network


def _check_searched(config: RetrainConfig, header: Mapping[str, Any]) -> None:
    """Refuse a supernet with another base, to which its last layers would not fit, or with other sets of norms."""
    searched = header.get("network", {})
    for name, absent in (("base", "none"), ("base_window", config.base_window), ("shared_norms", True)):
        if (was := searched.get(name, absent)) != (given := getattr(config, name)):
            raise MfpsError(
                f"`{name}` is {given}, but the supernet of `from_supernet` {config.from_supernet} was searched with "
                f"{was}; give the same"
            )


class StartFile(NamedTuple):
    """A weights file that a training starts from."""

    file: Path
    name: str
    """Of the file or run folder, as it was given."""
    sha256: str


def start_files(config: RetrainConfig) -> dict[str, StartFile]:
    """The weights files that a training starts from, by the fields that name them."""
    found: dict[str, StartFile] = {}
    for field in ("from_supernet", "init_from"):
        if (place := getattr(config, field)) is not None:
            file = weights_in(place)
            found[field] = StartFile(file, printable(place.absolute().name), sha256_of(file))
    return found


def _shown(value: object) -> str:
    return (",".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)
