"""The network of a search: a restorer whose searched branches are supernets and whose held branches are fixed paths."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import MfpsError
from ..genotypes.backbone import Backbone, BackboneSpace, backbone_space
from ..genotypes.branch_genotype import BranchGenotype, space_of
from ..genotypes.decode import BranchProbabilities
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import read_genotype
from ..genotypes.space import SPACES, BranchSpace, search_space
from ..networks.network_config import NetworkConfig
from ..networks.path import Active, FixedPath
from ..networks.restorer import STRIDE, Restorer
from .backbone_costs import BackboneCosts, space_costs
from .choices import entropies, probabilities_of
from .config import SearchConfig
from .even_draws import even_architecture
from .expected_cost import expected_cost
from .latency_table import measured_space, times_for, usable_table
from .space_costs import SpaceCosts
from .supernet import Supernet, restriction


@dataclass(frozen=True)
class SearchNetwork:
    """A restorer under search.

    Attributes:
        restorer: the network.
        spaces: the space of every branch.
        fixed: the branches that are held at a known architecture.
        backbones: what the layers around the paths may be, if that is searched.
    """

    restorer: Restorer
    spaces: dict[str, BranchSpace]
    fixed: dict[str, BranchGenotype]
    backbones: BackboneSpace | None = None

    @property
    def supernets(self) -> dict[str, Supernet]:
        """The searched branches' paths."""
        return {name: path for name, path in self.restorer.paths.items() if isinstance(path, Supernet)}

    def architecture(self) -> dict[str, nn.Parameter]:
        """The parameters of all choices, by name."""
        choices = {id(p) for supernet in self.supernets.values() for p in supernet.architecture_parameters()}
        return {name: p for name, p in self.restorer.named_parameters() if id(p) in choices}

    def weights(self) -> dict[str, nn.Parameter]:
        """All other parameters, by name."""
        choices = self.architecture()
        return {name: p for name, p in self.restorer.named_parameters() if name not in choices}

    def probabilities(self) -> dict[str, BranchProbabilities]:
        """The probabilities of each supernet, as plain numbers."""
        return {name: probabilities_of(supernet.choices()) for name, supernet in self.supernets.items()}

    def entropies(self) -> dict[str, dict[str, float]]:
        """How undecided each supernet is, by kind of choice; see `choices.entropies`."""
        return {name: entropies(supernet.choices()) for name, supernet in self.supernets.items()}

    def expected_flops(self, size: int) -> Tensor:
        """Expected FLOPs () of all searched branches together for one face of side `size`; differentiable."""
        costs = [expected_cost(path.space, path.mixture(), size) for path in self.supernets.values()]
        return torch.stack([torch.as_tensor(cost.flops) for cost in costs]).sum()

    def costs(self, size: int, latency: Path | None = None) -> SpaceCosts | BackboneCosts:
        """What the whole networks of this space cost, for one face of side `size`.

        Args:
            size: in pixels.
            latency: a table of how long their parts take; by default nothing takes any time.

        Raises:
            MfpsError: the table cannot be used on this machine, or for this space.
        """
        config, times = self.restorer.config, None
        if latency is not None:
            space = measured_space(self.spaces, config, size, self.backbones)
            times = times_for(usable_table(latency), latency, space, self.fixed)
        return space_costs(self.spaces, config, size, self.fixed, self.backbones, times)

    def restricted(self, genotype: Genotype) -> Active:
        """What runs of the network if it is restricted to a genotype; the held branches need no mixture."""
        return Active({name: restriction(genotype.present[name]) for name in self.supernets}, genotype.backbone)

    @property
    def whole(self) -> Backbone | None:
        """The deepest and widest backbone, where that is searched."""
        return None if self.backbones is None else self.backbones.whole

    @cached_property
    def _relative_costs(self) -> BackboneCosts:
        """Costs for comparing architectures with each other, which the side of a face does not change."""
        assert self.backbones is not None
        return BackboneCosts(self.spaces, self.restorer.config, STRIDE, self.backbones, self.fixed)

    def drawn_evenly(self, rng: np.random.Generator) -> tuple[dict[str, BranchGenotype], Backbone]:
        """The searched branches of a random architecture, and its backbone: evenly over the logarithm of the FLOPs."""
        assert self.backbones is not None
        drawn, backbone = even_architecture(self.spaces, self.backbones, self.fixed, self._relative_costs, rng)
        assert backbone is not None  # as there is a choice
        return drawn, backbone

    def header(self) -> dict[str, Any]:
        """What a weights file's header needs to say about this network."""
        spaces = {
            name: {
                "width": space.width,
                "layers": space.layers,
                "monotone": space.monotone,
                "operations": space.operations,
                "least_layers": space.least_layers,
            }
            for name, space in self.spaces.items()
        }
        held = {name: branch.model_dump(mode="json", by_alias=True) for name, branch in self.fixed.items()}
        network = self.restorer.config.model_dump(mode="json")
        backbones = {} if self.backbones is None else {"backbones": self.backbones.choices}
        return {"network": network, "space": spaces, "fixed": held, **backbones}


def configured_space(config: SearchConfig) -> dict[str, BranchSpace]:
    """The space of every branch as a search has it, before any branch is held."""
    return search_space(
        config.priors,
        width=config.width,
        layers=config.layers,
        fusion_layers=config.fusion_layers,
        monotone_upsample=config.monotone,
        operations=config.operations,
        any_end=SPACES[config.space].any_end,
    )


def configured_backbones(config: SearchConfig) -> BackboneSpace | None:
    """What the layers around the paths may be; None if they are not searched."""
    return backbone_space(config.blocks, bool(config.priors)) if SPACES[config.space].backbone else None


def build_search_network(
    config: SearchConfig, prior_channels: Mapping[str, int], fixed: Mapping[str, BranchGenotype] | None = None
) -> SearchNetwork:
    """Build the supernets, and the fixed paths of the branches in `config.fix`.

    Args:
        config: the search.
        prior_channels: channels of each prior tensor in the data.
        fixed: the branches in `config.fix`; by default they are read from what it names.

    Returns:
        The network, with random weights.

    Raises:
        MfpsError: a branch to hold is not part of the network, its genotype lacks it or has another width, or every
            branch is held.
    """
    spaces = configured_space(config)
    if fixed is None:
        fixed = {branch: _held_branch(branch, source, spaces) for branch, source in config.fix.items()}
    if set(fixed) == set(spaces):
        raise MfpsError("`fix` holds every branch: nothing is left to search; leave one out")
    spaces |= {name: space_of(branch, name) for name, branch in fixed.items()}
    network_config = NetworkConfig(
        iterations=config.passes,
        blocks=config.blocks,
        prior_channels=dict(prior_channels),
        attention=config.attention,
        base=config.base,
        base_window=config.base_window,
        shared_norms=config.shared_norms,
    )

    def make_path(space: BranchSpace) -> nn.Module:
        return (
            FixedPath(fixed[space.name]) if space.name in fixed else Supernet(space, config.mixing, config.scale_edges)
        )

    return SearchNetwork(Restorer(network_config, spaces, make_path), spaces, dict(fixed), configured_backbones(config))


def _held_branch(branch: str, source: str, spaces: Mapping[str, BranchSpace]) -> BranchGenotype:
    if branch not in spaces:
        raise MfpsError(
            f"`fix` {branch}={source}: this search has the branches {', '.join(spaces)}; add its prior to `priors`"
        )
    genotype = read_genotype(source)
    if branch not in genotype.present:
        raise MfpsError(f"`fix` {branch}={source}: that genotype has only the branches {', '.join(genotype.present)}")
    held = genotype.present[branch]
    if held.width != spaces[branch].width:
        raise MfpsError(
            f"`fix` {branch}={source}: its width is {held.width} but the search's {branch} branch has "
            f"{spaces[branch].width}; search at the same width and with the same priors"
        )
    return held
