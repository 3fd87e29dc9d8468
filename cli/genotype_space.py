"""`mfps genotype space`, `cheapest` and `random`: a search space before any search, and baselines from it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import MfpsError
from . import options as o

if TYPE_CHECKING:
    from ..genotypes.backbone import Backbone, BackboneSpace
    from ..genotypes.branch_genotype import BranchGenotype
    from ..genotypes.space import BranchSpace
    from ..nas.backbone_costs import BackboneCosts
    from ..nas.space_costs import SpaceCosts

Space = Annotated[
    Literal["published", "wide"],
    typer.Option(
        help="What may differ: paths and cells (published), or also the depth of paths and the depth and width of the "
        "layers around them, with separable convolutions besides (wide)."
    ),
]
Priors = Annotated[str, typer.Option(help="Facial priors: any of parsing,heatmap,dictionary, or none.")]
Width = Annotated[int, typer.Option(help="Base width.")]
Layers = Annotated[int, typer.Option(help="Layers of every branch except fusion; wide: the most.")]
FusionLayers = Annotated[int, typer.Option(help="Layers of the fusion branch; wide: the most.")]
Monotone = Annotated[bool, typer.Option(help="The upsample branch never moves to a lower rate.")]
Operations = Annotated[
    str | None,
    typer.Option(help="Candidate operations of every edge, with commas. [default: the space's]", show_default=False),
]
Size = Annotated[int, typer.Option(help="Side of a face in pixels, for counting the FLOPs.")]
Iterations = Annotated[int | None, typer.Option(help="Passes over the image. [default: 2 with priors, else 1]")]
Blocks = Annotated[
    int, typer.Option(help="Residual dense blocks in the encoder, and again after re-distillation; wide: the most.")
]
MaxGflops = Annotated[
    str | None, typer.Option(help="Most GFLOPs of the whole network: a number, or percent of the space's median (60%).")
]
MinGflops = Annotated[str | None, typer.Option(help="Least GFLOPs, likewise.")]
MaxParameters = Annotated[str | None, typer.Option(help="Most parameters: a number (3e6), or percent of the median.")]
MinParameters = Annotated[str | None, typer.Option(help="Least parameters, likewise.")]
MaxMs = Annotated[
    str | None,
    typer.Option(
        help="Most milliseconds of the whole network, as --latency predicts: a number, or percent of the median."
    ),
]
Latency = Annotated[
    Path | None,
    typer.Option(help="Table of `mfps latency measure`, made on this machine for this space: costs have a time too."),
]


def space(
    space: Space = "wide",
    priors: Priors = "none",
    width: Width = 8,
    layers: Layers = 6,
    fusion_layers: FusionLayers = 8,
    monotone: Monotone = False,
    operations: Operations = None,
    size: Size = 128,
    iterations: Iterations = None,
    blocks: Blocks = 3,
    latency: Latency = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON instead of tables.")] = False,
) -> None:
    """Show a search space before any search: how large it is, and what its architectures cost."""
    spaces = _spaces(space, priors, width, layers, fusion_layers, monotone, operations)
    costs = _costs(space, spaces, size, iterations, blocks, latency)
    from ..nas.space_report import space_facts

    facts = space_facts(costs)
    if as_json:
        o.report_json(facts)
    else:
        from .space_tables import show_space

        show_space(costs, facts)


def cheapest(
    out: Annotated[Path, typer.Option(help="Genotype file to write.")],
    by: Annotated[Literal["flops", "parameters"], typer.Option(help="What is to be least.")] = "flops",
    space: Space = "wide",
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
    spaces = _spaces(space, priors, width, layers, fusion_layers, monotone, operations)
    costs = _costs(space, spaces, size, iterations)
    least = getattr(costs.least, by)
    _write(least.branches, least.backbone, costs, out, "cheapest", by=by)


def random(
    out: Annotated[Path, typer.Option(help="Genotype file to write.")],
    seed: Annotated[int, typer.Option(help="Seed of the random choice.")] = 0,
    space: Space = "wide",
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
    max_ms: MaxMs = None,
    latency: Latency = None,
    size: Size = 128,
    iterations: Iterations = None,
    blocks: Blocks = 3,
) -> None:
    """Pick a random architecture, uniformly from the search space: the baseline that every search must beat.

    With limits on what the whole network may cost, it is uniform among those of the published space that keep them, and
    in the wide one even over cost: over the logarithm of the FLOPs that they leave.
    """
    spaces = _spaces(space, priors, width, layers, fusion_layers, monotone, operations)
    limits = {
        "max_gflops": max_gflops,
        "min_gflops": min_gflops,
        "max_parameters": max_parameters,
        "min_parameters": min_parameters,
        "max_ms": max_ms,
    }
    if latency is not None and max_ms is None:
        raise MfpsError(
            "`latency` says how long networks take, and here only `max_ms` asks for that: give both, or neither"
        )
    if not any(limits.values()):
        from ..genotypes.genotype_file import write_genotype
        from ..genotypes.sampling import random_genotype

        write_genotype(random_genotype(spaces, seed, backbones=_backbones(space, spaces, blocks)), out)
        o.report(f"genotype  {out}")
        return
    costs = _costs(space, spaces, size, iterations, blocks, latency)
    from ..nas.budget import resolve_budget
    from ..nas.random_within import random_within

    budget = resolve_budget(costs, **limits)
    _write(*random_within(costs, budget, seed), costs, out, "random", seed=seed, budget=budget.describe())


def _spaces(
    space: str, priors: str, width: int, layers: int, fusion_layers: int, monotone: bool, operations: str | None
) -> "dict[str, BranchSpace]":
    from ..genotypes.prior_branches import known_priors
    from ..genotypes.space import SPACES, search_space

    kind = SPACES[space]
    chosen = kind.operations if operations is None else tuple(name.strip() for name in operations.split(","))
    if newer := [name for name in chosen if name not in kind.operations]:
        raise MfpsError(
            f"`operations`: unknown operation {newer[0]!r}: the {space} space has {', '.join(kind.operations)}"
        )
    return search_space(
        known_priors(priors),
        width=width,
        layers=layers,
        fusion_layers=fusion_layers,
        monotone_upsample=monotone,
        operations=chosen,
        any_end=kind.any_end,
    )


def _backbones(space: str, spaces: "dict[str, BranchSpace]", blocks: int) -> "BackboneSpace | None":
    from ..genotypes.backbone import backbone_space
    from ..genotypes.space import SPACES

    return backbone_space(blocks, "fusion" in spaces) if SPACES[space].backbone else None


def _costs(
    space: str,
    spaces: "dict[str, BranchSpace]",
    size: int,
    iterations: int | None,
    blocks: int = 3,
    latency: Path | None = None,
) -> "SpaceCosts | BackboneCosts":
    with o.quick_imports():
        from ..genotypes.space import PRIORS
        from ..inference.cost_report import usual_config
        from ..nas.backbone_costs import space_costs

    config = usual_config([name for name in spaces if name in PRIORS], iterations, blocks)
    backbones, times = _backbones(space, spaces, blocks), None
    if latency is not None:
        from ..nas.latency_table import measured_space, times_for, usable_table

        times = times_for(usable_table(latency), latency, measured_space(spaces, config, size, backbones), {})
    return space_costs(spaces, config, size, backbones=backbones, times=times)


def _write(
    branches: "dict[str, BranchGenotype]",
    backbone: "Backbone | None",
    costs: "SpaceCosts | BackboneCosts",
    out: Path,
    kind: str,
    **provenance: Any,
) -> None:
    from ..genotypes.genotype import Genotype
    from ..genotypes.genotype_file import write_genotype
    from ..nas.budget import amount

    cost = costs.of(branches, backbone)
    counted = {"size": costs.size, "iterations": costs.config.iterations}
    made = {"kind": kind, **provenance, **counted, **cost.record()}
    write_genotype(Genotype.of(branches, backbone, kind, made), out)
    said = [amount(getattr(cost, resource), resource) for resource in costs.resources]
    o.report(f"genotype  {out}: {', '.join(said)}")
