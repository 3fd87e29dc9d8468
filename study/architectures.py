"""What a study's arms train that no search has to find first: drawn, extreme, known and hand-made networks."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import torch

from ..errors import MfpsError
from ..genotypes.genotype import Genotype
from ..genotypes.genotype_file import read_genotype
from ..genotypes.hand_made import HandMade
from ..genotypes.membership import check_in_space
from ..inference.cost_report import compiled_costs, network_config
from ..nas.backbone_costs import BackboneCosts
from ..nas.budget import GIGA, Budget, amount
from ..nas.config import SearchConfig
from ..nas.random_within import random_within
from ..nas.search_network import SearchNetwork, build_search_network
from ..nas.space_costs import Landmark, SpaceCosts
from .arms import ExtremeArm, GenotypeArm, HandMadeArm, RandomArm
from .hand_made_size import sized
from .plan import Plan
from .recipe import Recipe, named_in

MOST_EQUAL = 200
"""Draws in a range of cost, one after the other, that may have been drawn before."""


class Architecture(NamedTuple):
    """One architecture of an arm."""

    label: str
    """Its name within the arm; empty where the arm has no other."""
    genotype: Genotype | HandMade
    in_space: bool
    """Whether the supernets of the study's search contain it."""


class Space:
    """The search's space, without any weights.

    Args:
        search: the search.
        channels: of each prior in the data.

    Attributes:
        costs: of whole networks, for one face.

    Raises:
        MfpsError: the search holds a branch that does not fit.
    """

    def __init__(self, search: SearchConfig, channels: dict[str, int]) -> None:
        with torch.device("meta"):
            self._network: SearchNetwork = build_search_network(search, channels)
        self.costs: SpaceCosts | BackboneCosts = self._network.costs(search.size)

    def genotype(self, one: Landmark, name: str) -> Genotype:
        """The genotype of an architecture of the space."""
        return Genotype.of({**one.branches, **self._network.fixed}, one.backbone, name, {"kind": name})

    def drawn(self, budget: Budget, seed: int) -> Genotype:
        """A random genotype within a budget."""
        branches, backbone = random_within(self.costs, budget, seed)
        made = {"kind": "random", "seed": seed, "budget": budget.describe()}
        return Genotype.of({**branches, **self._network.fixed}, backbone, "random", made)

    def holds(self, genotype: Genotype) -> bool:
        """Whether a genotype is of the space."""
        try:
            check_in_space(genotype, self._network.spaces, self._network.fixed, "", self._network.backbones)
        except MfpsError:
            return False
        return True


def architectures(
    plan: Plan, recipe: Recipe, recipes: Mapping[str, Recipe], file: Path
) -> dict[str, list[Architecture]]:
    """The architectures of all arms that are known before any training, by arm.

    Args:
        plan: the study's.
        recipe: its recipe.
        recipes: those of its arms, by name.
        file: the plan's file; genotypes are named relative to its folder.

    Raises:
        MfpsError: a range of cost has too few architectures, a genotype cannot be used, or no hand-made network costs
            what it should.
    """
    space = None if recipe.search is None else Space(recipe.search, recipe.channels)
    found: dict[str, list[Architecture]] = {}
    # Hand-made networks come last, as they may cost as much as another arm's.
    for name, arm in sorted(plan.arms.items(), key=lambda item: isinstance(item[1], HandMadeArm)):
        try:
            if isinstance(arm, HandMadeArm):
                found[name] = [Architecture("", _hand_made(arm, recipes[name], found), False)]
            elif isinstance(arm, RandomArm) and space is not None:
                found[name] = [Architecture(label, one, True) for label, one in random_genotypes(arm, space)]
            elif isinstance(arm, ExtremeArm) and space is not None:
                landmarks = space.costs.least if arm.kind == "cheapest" else space.costs.greatest
                found[name] = [Architecture("", space.genotype(landmarks.flops, arm.kind), True)]
            elif isinstance(arm, GenotypeArm):
                known = _known(arm, recipes[name], file.absolute().parent)
                found[name] = [Architecture("", known, space is not None and space.holds(known))]
        except MfpsError as error:
            raise MfpsError(f"{file}: arms.{name}: {error}") from None
    return {name: found[name] for name in plan.arms if name in found}


def random_genotypes(arm: RandomArm, space: Space) -> Iterator[tuple[str, Genotype]]:
    """The genotypes of a random arm: in each range of cost the first different ones of a row of draws.

    The ranges are even in the logarithm of the FLOPs; a range has its lower end and, but for the last, not its upper
    one. With a greater `per_bin` those of a smaller one come first.

    Args:
        arm: the arm.
        space: where they are drawn.

    Yields:
        `bin2-0` for the first of the third range, and the genotype.

    Raises:
        MfpsError: a range has too few different architectures.
    """
    for number, budget in enumerate(bins_of(space, arm.bins)):
        drawn: list[str] = []
        equal, draw = 0, 0
        while len(drawn) < arm.per_bin:
            genotype = space.drawn(budget, _seed(arm.draw_seed, number, draw))
            draw += 1
            if genotype.hash not in drawn:
                yield f"bin{number}-{len(drawn)}", genotype
                drawn.append(genotype.hash)
                equal = 0
            elif (equal := equal + 1) >= MOST_EQUAL:
                raise MfpsError(
                    f"only {len(drawn)} different architectures were found between {amount(budget.min_flops, 'flops')} "
                    f"and {amount(budget.max_flops, 'flops')}; lower `per_bin`, or take fewer `bins`"
                )


def bins_of(space: Space, count: int) -> list[Budget]:
    """Ranges of cost, even in the logarithm of the FLOPs, from the space's least to its greatest; none overlap."""
    least, greatest = space.costs.least.flops.cost.flops, space.costs.greatest.flops.cost.flops
    edges = [least * (greatest / least) ** (number / count) for number in range(count + 1)]
    bounds = [least, *(math.ceil(edge) for edge in edges[1:-1]), greatest + 1]
    return [Budget(min_flops=low, max_flops=high - 1) for low, high in pairwise(bounds)]


def _seed(draw_seed: int, number: int, draw: int) -> int:
    """The seed of a draw: each of a study's draws has its own."""
    return (draw_seed * 100 + number) * 1_000_000 + draw


def _known(arm: GenotypeArm, recipe: Recipe, folder: Path) -> Genotype:
    genotype = read_genotype(named_in(folder, arm.genotype))
    if genotype.priors != recipe.retrain.priors:
        raise MfpsError(
            f"{arm.genotype} takes the priors {', '.join(genotype.priors) or 'none'}, and the recipe has "
            f"{', '.join(recipe.retrain.priors) or 'none'}; give a genotype with the same"
        )
    return genotype if arm.width is None else genotype.with_width(arm.width)


def _hand_made(arm: HandMadeArm, recipe: Recipe, found: Mapping[str, Sequence[Architecture]]) -> HandMade:
    if recipe.retrain.priors or recipe.retrain.passes > 1:
        raise MfpsError("a hand-made network takes no priors and has one iteration; leave the arm out of such a study")
    if arm.gflops is not None:
        flops = arm.gflops * GIGA
    else:
        (like,) = found[arm.like or ""]
        assert isinstance(like.genotype, Genotype)
        flops = network_flops(like.genotype, recipe)
    return sized(arm.network, flops, recipe.retrain.size)


def network_flops(genotype: Genotype, recipe: Recipe) -> int:
    """FLOPs of a genotype's network, for one face, as the recipe trains it."""
    config = recipe.retrain
    network = network_config(genotype, config.passes, config.blocks, recipe.channels, config.attention)
    return compiled_costs(genotype, network, config.size)["total"].flops
