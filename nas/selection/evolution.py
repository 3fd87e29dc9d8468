"""Paths and cells evolved together by NSGA-II, with pymoo's ranking, crowding and tournaments.

Individuals are genotypes. What is outside the budget, or was there before, is dropped before it is measured: the budget
is exact and cheap to check, so it is no constraint that a ranking must weigh. pymoo is imported here when a selection
runs, as that takes half a second.

Source: Deb et al. (2002); pymoo 0.6.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...genotypes.genotype import Genotype
from .candidates import Candidates
from .variation import crossed, mutated

Objectives = Callable[[Genotype, int], tuple[float, float]]
"""What is minimised, of a genotype that generation number k proposed."""


def evolve(
    candidates: Candidates,
    first: Sequence[Genotype],
    objectives: Objectives,
    population: int,
    generations: int,
    seed: int,
) -> None:
    """Let genotypes evolve. What `objectives` is called with is the result.

    Args:
        candidates: the space and the budget.
        first: the genotypes to begin with, all different and within the budget; generation 0.
        objectives: measures one genotype.
        population: how many survive a generation, and how many are new in the next one.
        generations: how many follow the first. Fewer if nothing new is found any more.
        seed: of everything random.
    """
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.config import Config
    from pymoo.core.crossover import Crossover
    from pymoo.core.duplicate import DuplicateElimination
    from pymoo.core.mutation import Mutation
    from pymoo.core.problem import ElementwiseProblem
    from pymoo.core.sampling import Sampling
    from pymoo.core.termination import NoTermination

    Config.warnings["not_compiled"] = False  # it would print that its compiled parts are missing, where they are
    generation, met = 0, set[str]()

    class Measured(ElementwiseProblem):
        def _evaluate(self, x: Any, out: Any, *_: Any, **__: Any) -> None:
            met.add(x[0].hash)
            out["F"] = objectives(x[0], generation)

    class Given(Sampling):
        def _do(self, *_: Any, **__: Any) -> Any:
            return _column(first)

    class Shared(Crossover):
        def _do(self, _problem: Any, pairs: np.ndarray, *_: Any, random_state: Any, **__: Any) -> Any:
            born = [crossed(candidates, one, other, random_state) for one, other in zip(*pairs[:, :, 0], strict=True)]
            return np.stack([_column(children) for children in zip(*born, strict=True)])

    class Changed(Mutation):
        def _do(self, _problem: Any, alive: np.ndarray, *_: Any, random_state: Any, **__: Any) -> np.ndarray:
            return _column([mutated(candidates, genotype, random_state) for genotype in alive[:, 0]])

    class NewWithinBudget(DuplicateElimination):
        def _do(self, pop: Any, other: Any, is_duplicate: np.ndarray) -> np.ndarray:
            seen = set(met) if other is None else {individual.X[0].hash for individual in other}
            for i, individual in enumerate(pop):
                key = individual.X[0].hash
                is_duplicate[i] = key in seen or not candidates.admits(individual.X[0])
                seen.add(key)
            return is_duplicate

    algorithm = NSGA2(
        pop_size=population,
        sampling=Given(),  # pyright: ignore[reportArgumentType]
        crossover=Shared(2, 2),  # pyright: ignore[reportArgumentType]
        mutation=Changed(),  # pyright: ignore[reportArgumentType]
        eliminate_duplicates=NewWithinBudget(),
        output=None,  # pyright: ignore[reportArgumentType]
        seed=seed,
    )
    algorithm.setup(Measured(n_var=1, n_obj=2), termination=NoTermination())
    for generation in range(generations + 1):  # noqa: B007 - `Measured` reads it
        proposed = algorithm.ask()
        if proposed is None:
            return
        algorithm.evaluator.eval(algorithm.problem, proposed)  # pyright: ignore[reportArgumentType]
        algorithm.tell(infills=proposed)


def _column(genotypes: Sequence[Genotype]) -> np.ndarray:
    """Genotypes as pymoo holds individuals of one variable: (N, 1) objects."""
    column = np.empty((len(genotypes), 1), dtype=object)
    column[:, 0] = list(genotypes)
    return column
