"""Budgets: limits on what a whole network costs, kept exactly, as filters; nothing is weighed against quality."""

import math
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from itertools import combinations, product
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from ..errors import MAX_VALUE, MfpsError, shortened
from ..files.config_model import Panel

if TYPE_CHECKING:
    from ..networks.cost import Cost
    from .backbone_costs import BackboneCosts
    from .space_costs import SpaceCosts

Resource = Literal["flops", "parameters", "nanoseconds"]
"""What an architecture costs: a field of `Cost`."""

RESOURCES: tuple[Resource, ...] = ("flops", "parameters", "nanoseconds")


def _limit_text(value: Any) -> str:
    """A limit as a text: a number, or a percentage of the space's median."""
    text = str(value).replace(" ", "") if isinstance(value, str | int | float) and type(value) is not bool else ""
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        got = shortened(repr(value), MAX_VALUE)
        raise MfpsError(f"must be a number above 0, or a percentage of the space's median such as 90% (got {got})")
    return text


Limit = Annotated[str, BeforeValidator(_limit_text)]
"""The type of a field that limits a cost: `1.2` or, relative to the median of the search space, `90%`."""

_OF_THE_MEDIAN = "or a percentage of the search space's median, such as 90%."

MaxGflops = Annotated[
    Limit | None,
    Panel.BUDGET,
    Field(description=f"Most GFLOPs of the whole network for one face, in all iterations: a number, {_OF_THE_MEDIAN}"),
]
MaxParameters = Annotated[
    Limit | None,
    Panel.BUDGET,
    Field(description=f"Most parameters of the whole network: a number such as 3e6, {_OF_THE_MEDIAN}"),
]
MinGflops = Annotated[Limit | None, Panel.BUDGET, Field(description=f"Least GFLOPs: a number, {_OF_THE_MEDIAN}")]
MinParameters = Annotated[
    Limit | None, Panel.BUDGET, Field(description=f"Least parameters: a number, {_OF_THE_MEDIAN}")
]
MaxMs = Annotated[
    Limit | None,
    Panel.BUDGET,
    Field(
        description="Most milliseconds that the whole network takes for one face, as the table `latency` predicts: a "
        f"number, {_OF_THE_MEDIAN}"
    ),
]

GIGA = 1e9
"""FLOPs in a GFLOP."""

UNITS: dict[Resource, float] = {"flops": GIGA, "parameters": 1, "nanoseconds": 1e6}
"""How much of a resource a limit's number counts: GFLOPs, parameters, milliseconds."""


class TooManyError(MfpsError):
    """There are too many combinations to compare."""


class Budget(NamedTuple):
    """What a whole network may cost, for one face, in all iterations."""

    max_flops: float = math.inf
    max_parameters: float = math.inf
    min_flops: float = 0
    min_parameters: float = 0
    max_nanoseconds: float = math.inf
    min_nanoseconds: float = 0

    def admits(self, cost: "Cost") -> bool:
        """Whether a network of this cost lies within the budget, its limits included."""
        return all(self.limit(r, -1) <= getattr(cost, r) <= self.limit(r, 1) for r in RESOURCES)

    def describe(self) -> str:
        """The limits in words, such as `at most 5.2 GFLOPs and at least 3,000,000 parameters`."""
        said = [
            f"{word} {amount(limit, resource, digits=8)}"
            for resource in RESOURCES
            for word, limit in (("at least", self.limit(resource, -1)), ("at most", self.limit(resource, 1)))
            if 0 < limit < math.inf
        ]
        return " and ".join(said) or "any cost"

    def limit(self, resource: Resource, sign: int) -> int | float:
        """The upper limit of a resource, or with sign -1 the lower one."""
        return getattr(self, f"{'max' if sign > 0 else 'min'}_{resource}")


def amount(value: int | float, resource: Resource, rounding: str = ROUND_HALF_EVEN, digits: int = 4) -> str:
    """A cost in words: `5.254 GFLOPs` or `3.1 ms`, to some digits, or `2,682,819 parameters`."""
    if resource == "parameters":
        return f"{value:,.0f} parameters"
    unit = "GFLOPs" if resource == "flops" else "ms"
    return f"{Context(digits, rounding).create_decimal(round(value)) / int(UNITS[resource]):,f} {unit}"


def resolve_budget(
    costs: "SpaceCosts | BackboneCosts",
    *,
    max_gflops: str | None = None,
    max_parameters: str | None = None,
    min_gflops: str | None = None,
    min_parameters: str | None = None,
    max_ms: str | None = None,
) -> Budget:
    """The budget that limits set in a search space, if an architecture of the space meets it.

    Whether one does is decided exactly for limits of different resources together. A lower and an upper limit of the
    same resource are each compared with what the space can do; whether anything lies between them is not decided. Nor
    is it for an upper limit of one resource and a lower limit of another where too many costs would be compared.

    Args:
        costs: of the space, at the size and iterations that count.
        max_gflops: most GFLOPs; a `Limit`, as are the others. None for no limit.
        max_parameters: most parameters.
        min_gflops: least GFLOPs.
        min_parameters: least parameters.
        max_ms: most milliseconds, where the costs have a time.

    Raises:
        MfpsError: there is a limit on time and no time is known; or no architecture meets the limits. The message says
            the least (or the most) that the space can do.
    """
    asked: dict[tuple[Resource, int], tuple[str, str | None]] = {
        ("flops", 1): ("max_gflops", max_gflops),
        ("flops", -1): ("min_gflops", min_gflops),
        ("parameters", 1): ("max_parameters", max_parameters),
        ("parameters", -1): ("min_parameters", min_parameters),
        ("nanoseconds", 1): ("max_ms", max_ms),
    }
    if max_ms is not None and "nanoseconds" not in costs.resources:
        raise MfpsError(
            f"`max_ms` {max_ms} needs a table of how long this space's parts take: make one with `mfps latency "
            "measure`, and give it as `latency`"
        )
    limits = {key: _Limited(name, text, *key, costs) for key, (name, text) in asked.items() if text is not None}
    for limit in limits.values():
        limit.check_alone()
    for resource in RESOURCES:
        low, high = limits.get((resource, -1)), limits.get((resource, 1))
        if low and high and low.value > high.value:
            raise MfpsError(
                f"{low} is more than {high}: nothing lies between them; give the lower limit the lower number"
            )
    of_each = [[one for (r, _), one in limits.items() if r == resource] for resource in RESOURCES]
    for many in (2, 3):  # what two limits rule out is said of these two
        for some in combinations(of_each, many):
            for together in product(*some):
                _check_together(together, costs)
    return Budget(**{f"{'max' if sign > 0 else 'min'}_{r}": limit.value for (r, sign), limit in limits.items()})


class _Limited:
    """A limit that somebody asked for."""

    def __init__(
        self, name: str, text: str, resource: Resource, sign: int, costs: "SpaceCosts | BackboneCosts"
    ) -> None:
        try:
            text = _limit_text(text)
        except MfpsError as error:
            raise MfpsError(f"`{name}`: {error}") from None
        self.name, self.text, self.sign, self.costs = name, text, sign, costs
        self.resource: Resource = resource
        if text.endswith("%"):
            self.value = float(text[:-1]) / 100 * getattr(getattr(costs.median, resource).cost, resource)
        else:
            self.value = float(Decimal(text) * int(UNITS[resource]))

    def __str__(self) -> str:
        return f"`{self.name}` {self.text}" + (
            f" ({amount(self.value, self.resource)})" if self.text.endswith("%") else ""
        )

    def reachable(self, cost: int) -> str:
        """A cost in words, rounded so that it would do as the limit."""
        return amount(cost, self.resource, ROUND_CEILING if self.sign > 0 else ROUND_FLOOR)

    def meets(self, value: int | float) -> bool:
        return self.sign * value <= self.sign * self.value

    def check_alone(self) -> None:
        landmarks = self.costs.least if self.sign > 0 else self.costs.greatest
        reached = getattr(getattr(landmarks, self.resource).cost, self.resource)
        if not self.meets(reached):
            which, remedy = ("least", "raise") if self.sign > 0 else ("most", "lower")
            raise MfpsError(
                f"{self}: no architecture of this space meets it; the {which} that the space can do is "
                f"{self.reachable(reached)} ({_counted(self.costs)}), so {remedy} the limit"
            )


def _check_together(limits: Sequence[_Limited], costs: "SpaceCosts | BackboneCosts") -> None:
    """Refuse limits of different resources that no architecture meets together, though it may meet all but one."""
    try:
        front = costs.front(**dict.fromkeys(RESOURCES, 0) | {one.resource: one.sign for one in limits})
    except TooManyError:
        return
    meeting = [{one for one in limits if one.meets(getattr(cost, one.resource))} for cost in front]
    if any(len(met) == len(limits) for met in meeting):
        return

    def reached() -> Iterator[str]:
        for other in reversed(limits):
            within = [one for one in limits if one is not other]
            values = [
                getattr(cost, other.resource)
                for cost, met in zip(front, meeting, strict=True)
                if met.issuperset(within)
            ]
            if not values:  # two of the limits could not be compared
                continue
            best = min(values) if other.sign > 0 else max(values)
            word = "least" if other.sign > 0 else "most"
            yield f"within {' and '.join(map(str, within))} the {word} is {other.reachable(best)}"

    meets = "both" if len(limits) == 2 else "all of them"
    raise MfpsError(
        f"{' and '.join(map(str, limits))}: no architecture of this space meets {meets}; "
        f"{', '.join(reached())} ({_counted(costs)}), so relax one of them"
    )


def _counted(costs: "SpaceCosts | BackboneCosts") -> str:
    passes = costs.config.iterations
    return f"whole network, {costs.size} px, {passes} iteration{'s' if passes > 1 else ''}"
