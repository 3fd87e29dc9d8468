"""Search strategies: what a step of a search trains, whole supernets or a part of them. One file each."""

from . import gumbel, mixed, single_path
from .strategy import Strategy

_DECIDING = frozenset(("architecture_lr", "architecture_weight_decay", "cost_weight", "stop_when_settled"))

STRATEGIES: dict[str, Strategy] = {
    "mixed": Strategy(mixed.mixtures, True, False, _DECIDING | {"mixing", "scale_edges"}),
    "single-path": Strategy(single_path.mixtures, False, True, frozenset(("draws",))),
    "gumbel": Strategy(gumbel.mixtures, True, True, _DECIDING | {"draws", "temperature", "last_temperature"}),
}
"""Every strategy, by its name in `SearchConfig.strategy`."""
