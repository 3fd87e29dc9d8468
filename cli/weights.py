"""`mfps weights`: import, show."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from . import options as o

app = typer.Typer(
    name="weights", help="Weights files: import official ones, show what one holds.", no_args_is_help=True
)


@app.command("import")
def import_(
    checkpoint: Annotated[Path, typer.Argument(help="The official checkpoint, or one of its code family (.pth).")],
    out: Annotated[Path, typer.Option(help="File to write, .safetensors; it overwrites nothing.")],
    genotype: Annotated[
        str, typer.Option(help="The architecture it was trained with: file, run folder or published name.")
    ] = "mfpsnet",
) -> None:
    """Turn a checkpoint of the published code into a weights file; every key is used once or known to be unused."""
    from ..engine.weights import check_weights_target, save_weights
    from ..genotypes.genotype_file import read_genotype
    from ..retrain.compile import weights_header
    from ..retrain.published_checkpoint import import_checkpoint

    check_weights_target(out)
    read = read_genotype(genotype)
    imported = import_checkpoint(checkpoint, read)
    header = weights_header(read, imported.restorer.config, imported.provenance)
    out.parent.mkdir(parents=True, exist_ok=True)
    save_weights(out, imported.restorer.state_dict(), **header)
    typer.echo(
        f"used      {len(imported.used)} tensors, {sum(p.numel() for p in imported.restorer.parameters()):,} parameters"
    )
    typer.echo(f"left out  {len(imported.unused)} tensors that no forward pass uses (docs/published-network.md)")
    typer.echo(f"weights   {out}")


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="weights.safetensors, or the run folder that holds it.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON instead of a table.")] = False,
) -> None:
    """Say what a weights file holds: architecture, parameters, number format, where it comes from."""
    from ..retrain.weights_report import weights_report

    report = weights_report(file)
    if as_json:
        typer.echo(json.dumps(report, indent=1))
        return
    table = Table(show_header=False)
    for key, value in report.items():
        text = "\n".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        table.add_row(key, text, end_section=True)
    o.console().print(table, highlight=False, markup=False)
