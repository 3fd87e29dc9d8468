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
        Path, typer.Argument(help="The official checkpoint, or another one made by the published code (.pth).")
    ],
    out: Annotated[Path, typer.Option(help="File to write, .safetensors; nothing is overwritten.")],
    genotype: Annotated[
        str, typer.Option(help="Architecture that the checkpoint was trained with: file, run folder or published name.")
    ] = "mfpsnet",
) -> None:
    """Convert a checkpoint of the published code into a weights file; every key is used once or known to be unused."""
    from ..engine.weights import check_weights_target, save_weights
    from ..genotypes.genotype_file import read_genotype
    from ..inference.compile import weights_header
    from ..inference.published_checkpoint import import_checkpoint

    check_weights_target(out)
    read = read_genotype(genotype)
    imported = import_checkpoint(checkpoint, read)
    header = weights_header(read, imported.restorer.config, imported.provenance)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_weights(out, imported.restorer.state_dict(), **header)
    o.report(
        f"used      {len(imported.used)} tensors, {sum(p.numel() for p in imported.restorer.parameters()):,} parameters"
    )
    o.report(f"left out  {len(imported.unused)} tensors that no forward pass uses (docs/published-network.md)")
    o.report(f"weights   {out}")


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="weights.safetensors, or the run folder that holds it.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show what a weights file holds: architecture, parameters, number format and origin."""
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
