"""What is known about a trained network, whatever runs it: architecture, configuration, origin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MfpsError
from ..genotypes.genotype import Genotype
from ..genotypes.hand_made import HandMade
from ..networks.network_config import NetworkConfig


@dataclass(frozen=True)
class NetworkFacts:
    """What is known about a trained network.

    Attributes:
        genotype: its architecture; or what a hand-made network is, which has none.
        config: its configuration, apart from its paths.
        provenance: what its file says about the training.
    """

    genotype: Genotype | HandMade
    config: NetworkConfig
    provenance: dict[str, Any]

    @property
    def priors(self) -> tuple[str, ...]:
        """The facial priors that it takes, in order."""
        return self.genotype.priors

    @property
    def size(self) -> int:
        """Side in pixels of the faces it was trained on; 128, the published one, if the file does not say."""
        size = self.provenance.get("size")
        return size if isinstance(size, int) else 128

    @property
    def heatmap_rgb(self) -> bool:
        """Whether its heatmap prior begins with the picture's three channels, as the published one does."""
        return bool(self.provenance.get("heatmap_rgb", False))

    @property
    def last_pass(self) -> int:
        """The number, from 1 on, of the pass that runs last if nothing else is asked for."""
        return self.config.iterations

    def gives_pass(self, number: int) -> bool:
        """Whether the picture of a pass can be had; they are numbered from 1 on."""
        return number >= 1

    def check_dropped(self, dropped: Sequence[str]) -> None:
        """Raise an MfpsError unless the network takes every prior of `dropped`."""
        for prior in dropped:
            if prior not in self.priors:
                takes = ", ".join(self.priors) or "none"
                raise MfpsError(f"`drop_prior` {prior}: the network does not take it; it takes {takes}")

    def check_priors(self, channels: Mapping[str, int], where: Path) -> None:
        """Raise an MfpsError unless each prior of `channels`, read from `where`, is what the network takes."""
        for prior, count in channels.items():
            if count != (expected := self.config.prior_channels[prior]):
                raise MfpsError(
                    f"{where}: its {prior} prior has {count} channels but the network takes {expected}; "
                    "use the data it was trained with"
                )


@dataclass(frozen=True)
class GenotypeFacts(NetworkFacts):
    """The same for a network that has a genotype.

    Attributes:
        genotype: its architecture.
    """

    genotype: Genotype
