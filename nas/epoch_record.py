"""What is said of a search: an epoch in a line, and where its genotypes come from."""

from collections.abc import Mapping
from typing import Any

from .. import __version__
from ..engine.position import Position
from ..errors import printable
from .config import SearchConfig
from .health import alarms_text
from .search_network import SearchNetwork


def search_provenance(config: SearchConfig, position: Position, searched: SearchNetwork) -> dict[str, Any]:
    """What a genotype says about its search: enough to identify it, and nothing that differs between equal runs."""
    return {
        "kind": "search",
        "mfps": __version__,
        "data": printable(config.data.absolute().name),
        "size": config.size,
        "degradation": config.degradation,
        "mixing": config.mixing,
        "strategy": config.strategy,
        "seed": config.seed,
        "epochs": position.epoch + 1,
        "steps": position.step,
        "fixed": sorted(searched.fixed),
    }


def epoch_line(record: Mapping[str, Any], epochs: int) -> str:
    """An epoch's record in a line for the user.

    Args:
        record: as it goes into the history.
        epochs: of the whole search.
    """
    psnr = record["psnr"]
    oracle = " with oracle priors" if "oracle_priors" in record else ""
    mixed = f"mixed {psnr['mixed'][-1]:.2f}, " if "mixed" in psnr else ""
    alarms = f"; {text}" if (text := alarms_text(record["alarms"])) else ""
    worth = ", ".join(f"{name} {round(value, 2) + 0.0:+.2f}" for name, value in record["worth"].items())
    return (
        f"epoch {record['epoch']}/{epochs}: PSNR input {psnr['input']:.2f}, {mixed}genotype stored "
        f"{psnr['stored'][-1]:.2f}, re-estimated {psnr['reestimated'][-1]:.2f} dB{oracle}; worth {worth}; "
        f"{loss_text(record['loss'])}; hash {record['hash'][:8]}{alarms}"
    )


def loss_text(losses: Mapping[str, float]) -> str:
    """The weights' loss, for the progress and for an epoch's line."""
    return f"loss {losses['weights']:.4f}" if "weights" in losses else "no loss"
