"""A search that needs more memory than there is, refused before it begins, with what would fit."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch

from ..engine.free_memory import free_memory
from ..errors import MfpsError
from ..genotypes.prior_branches import PRIOR_BRANCHES, known_priors
from ..networks.restorer import STRIDE
from .config import SearchConfig
from .memory import NetworkCount, SearchMemory, amount, count_network, search_memory
from .strategies import STRATEGIES

MOST_NAMED = 3
"""How many changes that would do are named."""

SMALLEST_SIZE = 32
"""Side in pixels below which no smaller faces are proposed."""


def check_memory(
    config: SearchConfig,
    prior_channels: Mapping[str, int],
    device: torch.device,
    free: Mapping[str, int] | None = None,
) -> SearchMemory:
    """Estimate the memory that a search needs, and refuse a search that needs more than is free.

    Args:
        config: the search's.
        prior_channels: channels of each prior tensor in the data.
        device: where it is to run.
        free: free bytes of the machine, `cpu`, and of the GPU, `cuda`; by default what the system says, if it does.

    Returns:
        The estimate for each process.

    Raises:
        MfpsError: more is needed than is free; the message says what would fit. Or as `build_search_network`.
    """
    if free is None:
        asked = {"cpu": free_memory(torch.device("cpu")), device.type: free_memory(device)}
        free = {place: found for place, found in asked.items() if found is not None}
    estimate = search_memory(config, count_network(config, prior_channels))
    for place, needed in _needed(config, estimate, device.type).items():
        if needed > free.get(place, needed):
            where = "the GPU" if place == "cuda" else "this machine"
            raise MfpsError(
                f"the search needs {amount(needed)} of memory on {where}, of which {amount(free[place])} are free "
                f"({estimate}); {_remedy(config, prior_channels, device.type, free)}"
            )
    return estimate


def _needed(config: SearchConfig, estimate: SearchMemory, kind: str) -> dict[str, int]:
    """Bytes that the processes on one machine need, by place: of the GPU each of them has one."""
    if kind == "cpu":  # only the first process saves
        between_steps = config.devices * estimate.between_steps
        return {"cpu": max(config.devices * estimate.training, between_steps + estimate.checkpoint)}
    # The weights are made in the machine's memory, and then moved.
    own = config.devices * (estimate.parameters + estimate.data)
    return {"cuda": estimate.training, "cpu": max(own, estimate.checkpoint + config.devices * estimate.data)}


def _remedy(config: SearchConfig, prior_channels: Mapping[str, int], kind: str, free: Mapping[str, int]) -> str:
    """Changes of the configuration, each of which would do; or else several that would do together."""
    counts: dict[tuple[Any, ...], NetworkCount] = {}

    def total_if_it_fits(changes: Mapping[str, Any]) -> int | None:
        # A sampled strategy has Adam in all presets.
        solver = {"solver": "adam"} if "strategy" in changes else {}
        changed = config.model_copy(update={**changes, **solver})
        key = changed.width, changed.priors, changed.strategy, changed.mixing
        if key not in counts:
            channels = {name: prior_channels[name] for name in changed.priors}
            counts[key] = count_network(changed.model_copy(update={"size": config.size}), channels)
        scale = (changed.size / config.size) ** 2
        kept = counts[key].activations
        count = counts[key]._replace(activations=kept._replace(of_a_face=round(kept.of_a_face * scale)))
        estimate = search_memory(changed, count)
        fits = all(needed <= free.get(place, needed) for place, needed in _needed(changed, estimate, kind).items())
        return estimate.total if fits else None

    named: list[str] = []
    for field, values in _smaller(config):
        found = ((value, total_if_it_fits({field: value})) for value in values)
        first = next(((value, total) for value, total in found if total is not None), None)
        if first:
            named.append(f"`{field}` {_text(first[0])} ({amount(first[1])})")
        if len(named) == MOST_NAMED:
            break
    if named:
        return f"what would fit: {', or '.join(named)}"
    together: dict[str, Any] = {}
    for field, values in _smaller(config):
        if not (field == "batch_size" and "accumulate" in together):  # they do the same
            together[field] = values[-1]
        if (total := total_if_it_fits(together)) is not None:
            changes = " with ".join(f"`{name}` {_text(value)}" for name, value in together.items())
            return f"what would fit: {changes} ({amount(total)})"
    return "nothing smaller would fit either; run it where more memory is free"


def _smaller(config: SearchConfig) -> Iterator[tuple[str, list[Any]]]:
    """Changes that save memory, by field, from the least to the greatest; first those that change the result least."""
    strategy, processes = STRATEGIES[config.strategy], config.devices * config.num_nodes
    own = config.batch_size // processes
    piece = own // config.accumulate
    sizes = {config.size * eighths // 8 // STRIDE * STRIDE for eighths in range(1, 8)}
    rest = sorted(config.priors, key=lambda name: PRIOR_BRANCHES[name].channels)
    found = {
        "accumulate": [parts for parts in range(config.accumulate + 1, own + 1) if own % parts == 0],
        "mixing": ["input"] if config.mixing == "output" and "mixing" in strategy.options else [],
        "strategy": [] if strategy.samples else ["single-path"],
        "batch_size": [config.batch_size // piece * faces for faces in range(piece - 1, 0, -1)],
        "size": sorted((size for size in sizes if size >= SMALLEST_SIZE), reverse=True),
        # Branches that are held have a width and priors of their own.
        "priors": [] if config.fix else [known_priors(rest[:count]) for count in range(len(rest) - 1, -1, -1)],
        "width": [] if config.fix else [config.width >> halvings for halvings in range(1, config.width.bit_length())],
    }
    yield from ((field, values) for field, values in found.items() if values)


def _text(value: Any) -> str:
    return (",".join(value) or "none") if isinstance(value, tuple) else str(value)
