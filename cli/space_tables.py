"""What is known of a search space before any search, as tables in the terminal."""

from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from . import options as o

if TYPE_CHECKING:
    from ..nas.backbone_costs import BackboneCosts
    from ..nas.space_costs import SpaceCosts

NAMES = {"flops": "FLOPs", "parameters": "parameters", "nanoseconds": "time"}
"""The resources, in tables."""


def show_space(costs: "SpaceCosts | BackboneCosts", facts: dict[str, Any]) -> None:
    """Print the size of a space and the costs of its architectures.

    Args:
        costs: of the space.
        facts: those of `space_facts`.
    """
    from ..engine.terminal import add_row, say, show_table
    from ..nas.space_report import LANDMARKS

    console = o.console()
    say(console, f"{_power(facts['architectures'])} architectures ({facts['architectures']:,})", style="bold")
    table = _table("branch", "starts at", right=("width", "layers", "paths", "cells", "architectures"))
    for name, row in facts["branches"].items():
        numbers = [f"{row[key]:,}" for key in ("width", "layers", "paths", "cells")]
        add_row(table, name, f"x{row['start_rate']}", *numbers, _power(row["architectures"]))
    show_table(console, table)
    if "backbone" in facts:
        say(console, "The layers around the paths may have", style="bold")
        table = _table("choice", "options", right=())
        for name, options in facts["backbone"].items():
            add_row(table, name, ", ".join(map(str, options)))
        show_table(console, table)

    shown = {
        f"{what} {NAMES[resource]}": getattr(getattr(costs, what), resource)
        for resource in facts["costs"]
        for what in LANDMARKS
    }
    timed, ends = (
        "nanoseconds" in facts["costs"],
        {f"greatest {NAMES[resource]}" for resource in [*facts["costs"]][:-1]},
    )
    passes = f"{(n := costs.config.iterations)} iteration{'s' if n > 1 else ''}"
    say(console, f"Whole network, one {costs.size} x {costs.size} face, {passes}", style="bold")
    table = _table("architecture", right=("GFLOPs", "parameters", *(["ms"] if timed else [])))
    for label, one in shown.items():
        numbers = [f"{one.cost.flops / 1e9:,.3f}", f"{one.cost.parameters:,}"]
        numbers += [f"{one.cost.nanoseconds / 1e6:,.3g}"] if timed else []
        add_row(table, label, *numbers, end_section=label in ends)
    show_table(console, table)
    ratio = [f"{facts['ratio'][resource]:.2f} in {NAMES[resource]}" for resource in facts["costs"]]
    say(console, f"ratio     greatest : least is {', '.join(ratio)}")
    searched = [f"{facts['searched'][resource]:.0%} of the {NAMES[resource]}" for resource in facts["costs"]]
    say(console, f"searched  {', '.join(searched)} (at the medians)")
    say(console, f"median    {facts['median']}")
    say(console, "")

    operations = next(iter(costs.searched.values())).operations
    say(console, "Their paths and cells: how many of a cell's six edges have which operation", style="bold")
    table = _table(
        "architecture",
        "branch",
        "path",
        right=tuple(name.removeprefix("conv_").replace("separable_", "sep\n") for name in operations),
    )
    for label, one in shown.items():
        branches = one.branches
        cells = [[kept.op for kept in branch.cell] for branch in branches.values()]
        counts = [[str(cell.count(name) or "") for cell in cells] for name in operations]
        paths = ["-".join(map(str, branch.path)) for branch in branches.values()]
        add_row(table, label, list(branches), paths, *counts, end_section=label in ends or len(branches) > 1)
    show_table(console, table)
    if "backbone" in facts:
        say(console, "The layers around them", style="bold")
        table = _table("architecture", right=tuple(facts["backbone"]))
        for label, one in shown.items():
            chosen = [str(getattr(one.backbone, name)) for name in facts["backbone"]]
            add_row(table, label, *chosen, end_section=label in ends)
        show_table(console, table)


def _power(number: int) -> str:
    """A large number as people read it: `1.7e7`."""
    return f"{number:.1e}".replace("e+0", "e").replace("e+", "e") if number >= 10**6 else f"{number:,}"


def _table(*left: str, right: tuple[str, ...]) -> Table:
    table = Table(*left, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in right:
        table.add_column(column, justify="right")
    return table
