"""`mfps genotype space`, `cheapest` and `random`: a search space before any search, and baselines from it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from . import options as o

if TYPE_CHECKING:
    from ..genotypes.branch_genotype import BranchGenotype
    from ..genotypes.space import BranchSpace
    from ..nas.space_costs import SpaceCosts

Priors = Annotated[str, typer.Option(help="Facial priors: any of parsing,heatmap,dictionary, or none.")]
Width = Annotated[int, typer.Option(help="Base width.")]
Layers = Annotated[int, typer.Option(help="Layers of every branch except fusion.")]
FusionLayers = Annotated[int, typer.Option(help="Layers of the fusion branch.")]
Monotone = Annotated[bool, typer.Option(help="The upsample branch never moves to a lower rate.")]
Operations = Annotated[
    str | None, typer.Option(help="Candidate operations of every edge, with commas. [default: all]", show_default=False)
]
Size = Annotated[int, typer.Option(help="Side of a face in pixels, for counting the FLOPs.")]
Iterations = Annotated[int | None, typer.Option(help="Passes over the image. [default: 2 with priors, else 1]")]
Blocks = Annotated[int, typer.Option(help="Residual dense blocks in the encoder, and again after re-distillation.")]
MaxGflops = Annotated[
    str | None, typer.Option(help="Most GFLOPs of the whole network: a number, or percent of the space's median (60%).")
]
MinGflops = Annotated[str | None, typer.Option(help="Least GFLOPs, likewise.")]
MaxParameters = Annotated[str | None, typer.Option(help="Most parameters: a number (3e6), or percent of the median.")]
MinParameters = Annotated[str | None, typer.Option(help="Least parameters, likewise.")]


def space(
    priors: Priors = "none",
    width: Width = 8,
    layers: Layers = 6,
    fusion_layers: FusionLayers = 8,
    monotone: Monotone = False,
    operations: Operations = None,
    size: Size = 128,
    iterations: Iterations = None,
    blocks: Blocks = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON instead of tables.")] = False,
) -> None:
    """Show a search space before any search: how large it is, and what its architectures cost."""
    costs = _costs(_spaces(priors, width, layers, fusion_layers, monotone, operations), size, iterations, blocks)
    from ..nas.space_report import space_facts

    facts = space_facts(costs)
    if as_json:
        o.report_json(facts)
    else:
        _show(costs, facts)


def cheapest(
    out: Annotated[Path, typer.Option(help="Genotype file to write.")],
    by: Annotated[Literal["flops", "parameters"], typer.Option(help="What is to be least.")] = "flops",
    priors: Priors = "none",
    width: Width = 8,
    layers: Layers = 6,
    fusion_layers: FusionLayers = 8,
    monotone: Monotone = False,
    operations: Operations = None,
    size: Size = 128,
    iterations: Iterations = None,
) -> None:
    """Write the cheapest architecture of a search space: the baseline of a search for small networks."""
    costs = _costs(_spaces(priors, width, layers, fusion_layers, monotone, operations), size, iterations)
    _write(getattr(costs.least, by).branches, costs, out, "cheapest", by=by)


def random(
    out: Annotated[Path, typer.Option(help="Genotype file to write.")],
    seed: Annotated[int, typer.Option(help="Seed of the random choice.")] = 0,
    priors: Priors = "none",
    width: Width = 8,
    layers: Layers = 6,
    fusion_layers: FusionLayers = 8,
    monotone: Monotone = False,
    operations: Operations = None,
    max_gflops: MaxGflops = None,
    min_gflops: MinGflops = None,
    max_parameters: MaxParameters = None,
    min_parameters: MinParameters = None,
    size: Size = 128,
    iterations: Iterations = None,
    blocks: Blocks = 3,
) -> None:
    """Pick a random architecture, uniformly from the search space: the baseline that every search must beat.

    With limits on what the whole network may cost, it is uniform among those that keep them.
    """
    spaces = _spaces(priors, width, layers, fusion_layers, monotone, operations)
    limits = {
        "max_gflops": max_gflops,
        "min_gflops": min_gflops,
        "max_parameters": max_parameters,
        "min_parameters": min_parameters,
    }
    if not any(limits.values()):
        from ..genotypes.genotype_file import write_genotype
        from ..genotypes.sampling import random_genotype

        write_genotype(random_genotype(spaces, seed), out)
        o.report(f"genotype  {out}")
        return
    costs = _costs(spaces, size, iterations, blocks)
    from ..nas.budget import resolve_budget
    from ..nas.random_within import random_within

    budget = resolve_budget(costs, **limits)
    _write(random_within(costs, budget, seed), costs, out, "random", seed=seed, budget=budget.describe())


def _spaces(
    priors: str, width: int, layers: int, fusion_layers: int, monotone: bool, operations: str | None
) -> "dict[str, BranchSpace]":
    from ..genotypes.prior_branches import known_priors
    from ..genotypes.space import OPERATIONS, search_space

    return search_space(
        known_priors(priors),
        width=width,
        layers=layers,
        fusion_layers=fusion_layers,
        monotone_upsample=monotone,
        operations=OPERATIONS if operations is None else tuple(name.strip() for name in operations.split(",")),
    )


def _costs(spaces: "dict[str, BranchSpace]", size: int, iterations: int | None, blocks: int = 3) -> "SpaceCosts":
    with o.quick_imports():
        from ..genotypes.space import PRIORS
        from ..inference.cost_report import usual_config
        from ..nas.space_costs import SpaceCosts

    return SpaceCosts(spaces, usual_config([name for name in spaces if name in PRIORS], iterations, blocks), size)


def _write(branches: "dict[str, BranchGenotype]", costs: "SpaceCosts", out: Path, kind: str, **provenance: Any) -> None:
    from ..genotypes.genotype import Branches, Genotype
    from ..genotypes.genotype_file import write_genotype
    from ..nas.budget import amount

    cost = costs.of(branches)
    counted = {"size": costs.size, "iterations": costs.config.iterations}
    made = {"kind": kind, **provenance, **counted, **cost._asdict()}
    write_genotype(Genotype(name=kind, provenance=made, branches=Branches(**branches)), out)  # pyright: ignore[reportCallIssue, reportArgumentType]
    o.report(f"genotype  {out}: {amount(cost.flops, 'flops')}, {amount(cost.parameters, 'parameters')}")


def _show(costs: "SpaceCosts", facts: dict[str, Any]) -> None:
    from ..engine.terminal import add_row, say, show_table
    from ..nas.space_report import LANDMARKS

    console = o.console()
    say(console, f"{_power(facts['architectures'])} architectures ({facts['architectures']:,})", style="bold")
    table = _table("branch", "starts at", right=("width", "layers", "paths", "cells", "architectures"))
    for name, row in facts["branches"].items():
        numbers = [f"{row[key]:,}" for key in ("width", "layers", "paths", "cells")]
        add_row(table, name, f"x{row['start_rate']}", *numbers, _power(row["architectures"]))
    show_table(console, table)

    shown = {
        f"{what} {'FLOPs' if resource == 'flops' else resource}": getattr(getattr(costs, what), resource)
        for resource in facts["costs"]
        for what in LANDMARKS
    }
    passes = f"{(n := costs.config.iterations)} iteration{'s' if n > 1 else ''}"
    say(console, f"Whole network, one {costs.size} x {costs.size} face, {passes}", style="bold")
    table = _table("architecture", right=("GFLOPs", "parameters"))
    for label, (cost, _) in shown.items():
        add_row(table, label, f"{cost.flops / 1e9:,.3f}", f"{cost.parameters:,}", end_section=label == "greatest FLOPs")
    show_table(console, table)
    ratio, share = facts["ratio"], facts["searched"]
    say(
        console, f"ratio     greatest : least is {ratio['flops']:.2f} in FLOPs, {ratio['parameters']:.2f} in parameters"
    )
    say(
        console,
        f"searched  {share['flops']:.0%} of the FLOPs, {share['parameters']:.0%} of the parameters (at the medians)",
    )
    say(console, f"median    {facts['median']}")
    say(console, "")

    operations = next(iter(costs.searched.values())).operations
    say(console, "Their paths and cells: how many of a cell's six edges have which operation", style="bold")
    table = _table("architecture", "branch", "path", right=tuple(name.removeprefix("conv_") for name in operations))
    for label, (_, branches) in shown.items():
        cells = [[kept.op for kept in branch.cell] for branch in branches.values()]
        counts = [[str(cell.count(name) or "") for cell in cells] for name in operations]
        paths = ["-".join(map(str, branch.path)) for branch in branches.values()]
        add_row(
            table, label, list(branches), paths, *counts, end_section=label == "greatest FLOPs" or len(branches) > 1
        )
    show_table(console, table)


def _power(number: int) -> str:
    """A large number as people read it: `1.7e7`."""
    return f"{number:.1e}".replace("e+0", "e").replace("e+", "e") if number >= 10**6 else f"{number:,}"


def _table(*left: str, right: tuple[str, ...]) -> Table:
    table = Table(*left, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in right:
        table.add_column(column, justify="right")
    return table
