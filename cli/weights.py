"""`mfps weights`: import, show."""

from pathlib import Path
from typing import Annotated

import typer

from . import options as o
from .fields import Commands

app = typer.Typer(
    name="weights",
    cls=Commands,
    help="Weights files: import official ones, show what a file holds.",
    no_args_is_help=True,
)


@app.command("import")
def import_(
    checkpoint: Annotated[
        Path,
        typer.Argument(
            help="The official checkpoint, or a .pth or safetensors file of any FRSNet or MFPSNet, under the published "
            "names or those of mfps."
        ),
    ],
    out: Annotated[Path, typer.Option(help="File to write, .safetensors; nothing is overwritten.")],
    genotype: Annotated[
        str,
        typer.Option(
            help="Architecture that the checkpoint was trained with, at any width: file, run folder (RUN@12 for epoch "
            "12 of a search, RUN#3 for member 3 of its front) or published name."
        ),
    ] = "mfpsnet",
    iterations: Annotated[
        int | None, typer.Option(help="Passes it was trained with. [default: 2 with priors, else 1]")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Side of the faces it was trained on. [default: 128]")] = None,
    base: Annotated[
        str, typer.Option(help="What its output is added to: none, input or lowpass, see `mfps retrain`.")
    ] = "none",
    base_window: Annotated[int, typer.Option(help="Side in pixels of the squares that lowpass averages over.")] = 4,
    pairing: Annotated[
        str,
        typer.Option(
            help="Which operation an edge has: that of the genotype (rows), or the one that the published cell ran on "
            "it (published), where the arrays that it was trained from are not in edge order."
        ),
    ] = "rows",
) -> None:
    """Convert a checkpoint of others into a weights file; every key is used once or known to be unused."""
    from ..engine.weights import check_weights_target, save_weights
    from ..files.atomic_folder import made_folder
    from ..genotypes.genotype_file import read_genotype
    from ..inference.compile import weights_header
    from ..inference.foreign_network import import_network

    check_weights_target(out)
    known = {"iterations": iterations, "base": base, "base_window": base_window}
    imported = import_network(checkpoint, read_genotype(genotype), known, size, pairing)
    header = weights_header(imported.genotype, imported.restorer.config, imported.provenance)
    with made_folder(out.parent):
        save_weights(out, imported.restorer.state_dict(), new=True, **header)
    o.report(
        f"used      {len(imported.used)} tensors, {sum(p.numel() for p in imported.restorer.parameters()):,} parameters"
    )
    o.report(f"left out  {len(imported.unused)} tensors that no forward pass uses (docs/published-network.md)")
    o.report(f"weights   {out}")


@app.command()
def show(
    file: Annotated[
        Path, typer.Argument(help="weights.safetensors, the run folder that holds it, or a file of `mfps export`.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show what a weights file or an exported file holds: architecture, parameters, number format and origin."""
    from ..inference.weights_report import weights_report

    report = weights_report(file)
    if as_json:
        o.report_json(report)
        return
    for key, value in report.items():
        lines = (
            [f"{name}: {shown(given)}" for name, given in value.items()] if isinstance(value, dict) else [shown(value)]
        )
        for number, line in enumerate(lines or ["none"]):
            o.report(f"{key if number == 0 else '':12}{line}")


def shown(value: object) -> str:
    """A value as people read it."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(given)}" for key, given in value.items()) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
