"""Search strategies: what a step of a search trains, whole supernets or a part of them. One file each."""

from . import gumbel, mixed, single_path
from .strategy import Strategy

_DECIDING = frozenset(("architecture_lr", "architecture_weight_decay", "cost_weight", "stop_when_settled"))

STRATEGIES: dict[str, Strategy] = {
    "mixed": Strategy(mixed.active, True, False, False, _DECIDING | {"mixing", "scale_edges"}),
    "single-path": Strategy(single_path.active, False, True, True, frozenset(("draws",))),
    "gumbel": Strategy(gumbel.active, True, True, False, _DECIDING | {"draws", "temperature", "last_temperature"}),
}
"""Every strategy, by its name in `SearchConfig.strategy`."""
