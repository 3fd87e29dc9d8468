"""The optimizers of a search: Adam for the architecture, SGD or Adam for the weights.

They are fused: one call of torch updates all parameters, of which a supernet has thousands of small ones. A run that
was begun with other ones goes on as it began, since its checkpoints say so.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..training.layer_rates import parameter_groups
from .config import SearchConfig
from .strategies import STRATEGIES


def search_optimizers(
    config: SearchConfig, levels: Mapping[str, Mapping[str, nn.Parameter]]
) -> dict[str, torch.optim.Optimizer]:
    """An optimizer for the architecture and one for the weights.

    Args:
        config: the search's.
        levels: the parameters of `architecture` and `weights`, by name.
    """
    choices = levels["architecture"].values()
    weights = parameter_groups(levels["weights"], config.layer_rates, config.prior_rate)
    return {
        "architecture": torch.optim.Adam(
            choices, config.architecture_lr, weight_decay=config.architecture_weight_decay, fused=True
        ),
        "weights": _weight_optimizer(config, weights),
    }


def _weight_optimizer(config: SearchConfig, weights: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """Its state of a weight is made when the weight is first used, so it grows with what is drawn."""
    if config.solver == "adam":
        return torch.optim.Adam(
            weights, config.weight_lr, betas=(0.9, 0.99), weight_decay=config.weight_decay, fused=True
        )
    return torch.optim.SGD(
        weights,
        config.weight_lr,
        config.weight_momentum,
        weight_decay=config.weight_decay,
        # The fused one cannot begin the momentum of some weights when others have theirs, as happens where weights
        # are drawn.
        fused=not STRATEGIES[config.strategy].samples,
    )
