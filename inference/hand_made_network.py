"""A hand-made network opened from its weights file, whose header says `hand_made` in place of `genotype`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..engine.weights import load_weights
from ..errors import MfpsError, first_violation
from ..genotypes.hand_made import HandMade
from ..networks.hand_made import HandMadeRestorer
from ..networks.network_config import NetworkConfig
from .network_facts import NetworkFacts

HAND_MADE = "hand_made"
"""The field of the header."""


@dataclass(frozen=True)
class HandMadeNetwork(NetworkFacts):
    """A hand-made network with its weights, and what is known about it.

    Attributes:
        genotype: what it is.
        restorer: the network, in eval mode on the CPU.
    """

    genotype: HandMade
    restorer: HandMadeRestorer


def hand_made_header(made: HandMade, config: NetworkConfig, provenance: dict[str, Any]) -> dict[str, Any]:
    """The header of a hand-made network's weights file; `load_hand_made` reads it back."""
    return {HAND_MADE: str(made), "network": config.model_dump(mode="json"), "provenance": provenance}


def load_hand_made(file: Path) -> HandMadeNetwork | None:
    """Rebuild a hand-made network from its weights file, or from the run folder that holds it.

    Args:
        file: a weights file of mfps, or a run folder.

    Returns:
        The network in eval mode on the CPU; None if the file holds another one.

    Raises:
        MfpsError: the file is not a weights file, or has tensors that do not fit its header.
    """
    opened = load_weights(file)
    if HAND_MADE not in opened.header:
        return None
    try:
        made = HandMade.parse(str(opened.header[HAND_MADE]))
        config = NetworkConfig.model_validate(opened.header.get("network"))
    except ValidationError as error:
        raise first_violation(error, f"{file}: network") from None
    except MfpsError as error:
        raise MfpsError(f"{file}: {HAND_MADE} {error}; give a file written by mfps") from None
    provenance = opened.header.get("provenance", {})
    if not isinstance(provenance, dict):
        raise MfpsError(f"{file}: its provenance is damaged; give a file written by mfps")
    restorer = HandMadeRestorer(made, config)
    try:
        restorer.load_state_dict(opened.state)
    except RuntimeError as error:
        raise MfpsError(
            f"{file}: its tensors do not fit {made} ({str(error).splitlines()[-1].strip()}); give a file written by "
            "mfps"
        ) from None
    return HandMadeNetwork(made, config, provenance, restorer.eval())
