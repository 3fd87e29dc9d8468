"""`mfps genotype`: show, draw, validate, diff, import, export; and what `genotype_space.py` has."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from . import options as o
from .fields import Commands
from .genotype_space import cheapest, random, space

app = typer.Typer(
    name="genotype",
    cls=Commands,
    help="Architectures: show, draw, validate, diff, space, cheapest, random, import, export.",
    no_args_is_help=True,
)

Source = Annotated[
    str,
    typer.Argument(
        help="Genotype file, run folder (RUN@12 for epoch 12 of a search, RUN#3 for member 3 of its front), or "
        "published name such as mfpsnet."
    ),
]


@app.command()
def show(
    genotype: Source,
    size: Annotated[int, typer.Option(help="Side of a face in pixels, for counting the FLOPs.")] = 128,
    iterations: Annotated[
        int | None, typer.Option(help="Passes over the image. [default: 2 with priors, else 1]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON instead of tables.")] = False,
) -> None:
    """Print the paths and cells, and the cost of the compiled network: parameters and FLOPs of each branch."""
    with o.quick_imports():
        from ..engine.terminal import add_row, say, show_table
        from ..genotypes.genotype_file import read_genotype
        from ..inference.cost_report import assumed_channels, genotype_costs

    read = read_genotype(genotype)
    costs, channels = genotype_costs(read, size, iterations), assumed_channels(read)
    if as_json:
        numbers = {name: cost.record() for name, cost in costs.items()}
        report = {"name": read.name, "hash": read.hash, "size": size, "prior_channels": channels, "cost": numbers}
        chosen = {} if read.backbone is None else {"backbone": read.backbone.model_dump(exclude_none=True)}
        o.report_json({**report, **chosen})
        return
    console = o.console()
    say(console, f"{read.name}  {read.hash[:16]}", style="bold")
    for key, value in read.provenance.items():
        if isinstance(value, str | int | float):
            say(console, f"  {key}: {value}")
    architecture = Table("branch", "starts at", "width", "path (rate of each layer)", "cell")
    for name, branch in read.present.items():
        cell = [f"{kept.source} -> {kept.target}  {kept.op}" for kept in branch.cell]
        start, path = f"x{branch.start_rate}", " ".join(map(str, branch.path))
        add_row(architecture, name, start, str(branch.width), path, cell, end_section=True)
    show_table(console, architecture)
    if read.backbone is not None:
        say(console, "backbone: " + ", ".join(f"{name} {words}" for name, words in read.backbone.described.items()))
    cost_table = Table("part", title=f"one {size} x {size} face", title_justify="left")
    for column in ("parameters", "share", "GFLOPs", "share"):
        cost_table.add_column(column, justify="right")
    total = costs["total"]
    for name, cost in costs.items():
        add_row(
            cost_table,
            name,
            f"{cost.parameters:,}",
            f"{cost.parameters / total.parameters:.1%}",
            f"{cost.flops / 1e9:.3f}",
            f"{cost.flops / total.flops:.1%}",
            end_section=name == "total",
        )
    show_table(console, cost_table)
    if channels:
        counts = ", ".join(f"{prior} {count}" for prior, count in channels.items())
        say(console, f"prior channels assumed: {counts}")


@app.command()
def draw(
    genotype: Source,
    out: Annotated[Path, typer.Option(help="File to write; its suffix (.svg, .png, .pdf, .gv) sets the format.")],
    epoch: Annotated[
        int | None,
        typer.Option(
            help="Draw this epoch of a search, with its transition probabilities; GENOTYPE must be the run folder."
        ),
    ] = None,
    renderer: Annotated[str, typer.Option(help="auto, matplotlib or graphviz.")] = "auto",
    title: Annotated[str | None, typer.Option(help="Title of the drawing.")] = None,
) -> None:
    """Draw an architecture: each branch's trellis with its path, and its cell."""
    from ..genotypes.drawing.drawing import draw_genotype
    from ..genotypes.genotype_file import read_genotype

    if epoch is None:
        draw_genotype(read_genotype(genotype), out, title=title, renderer=renderer)
    else:
        # Only here: it imports torch, which takes seconds.
        from ..nas.derive import searched_epoch

        drawn, probabilities = searched_epoch(Path(genotype), epoch)
        draw_genotype(drawn, out, probabilities, title=title, renderer=renderer)
    o.report(f"drawing   {out}")


@app.command()
def validate(
    files: Annotated[
        list[str], typer.Argument(help="Genotype files, run folders (or RUN@12, RUN#3) or published names.")
    ],
) -> None:
    """Check genotypes against the rules of the format: one line each; the first bad one ends it with status 1."""
    from ..genotypes.genotype_file import read_genotype

    for file in files:
        read = read_genotype(file)
        backbone = "" if read.backbone is None else ", with a backbone"
        o.report(f"valid     {file}: {read.name}, branches {', '.join(read.present)}{backbone}, hash {read.hash}")


@app.command()
def diff(before: Source, after: Source) -> None:
    """List the differences between two architectures; the exit status is 0 in any case."""
    from ..genotypes.diff import diff_genotypes
    from ..genotypes.genotype_file import read_genotype

    differences = diff_genotypes(read_genotype(before), read_genotype(after))
    for difference in differences:
        o.report(str(difference))
    o.report(f"{len(differences)} differences" if differences else "the same architecture")


app.command()(space)
app.command()(cheapest)
app.command()(random)


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            help="Folder with net_path.npy and cell_structure.npy, folder of such folders named for the branches, or "
            "text file with a DARTS-style Genotype(...)."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Genotype file to write; nothing is overwritten.")],
    branch: Annotated[
        str | None,
        typer.Option(help="Branch that the arrays or text describe, or the only one to import. [default: upsample]"),
    ] = None,
    into: Annotated[
        str | None, typer.Option(help="Genotype that provides everything else.", show_default=False)
    ] = None,
    width: Annotated[int | None, typer.Option(help="Base width. [default: that of --into, else 8]")] = None,
    part: Annotated[str, typer.Option(help="Which cell of a text to import: normal or reduce.")] = "normal",
    pairing: Annotated[
        str,
        typer.Option(
            help="Which operation an edge has, where an array's rows are not in edge order: that of its row (rows), as "
            "the search decided, or the one that the published cell runs on it (published), as its checkpoints were "
            "trained."
        ),
    ] = "rows",
) -> None:
    """Convert what the published code or a DARTS search saved into a genotype; no code in it is run."""
    from ..genotypes.formats.genotype_import import import_genotype
    from ..genotypes.genotype_file import read_genotype, write_genotype

    imported = import_genotype(source, branch, None if into is None else read_genotype(into), width, part, pairing)
    write_genotype(imported, out)
    o.report(f"genotype  {out}: branches {', '.join(imported.present)}, hash {imported.hash}")
    moved = imported.provenance.get("rows_out_of_order")
    if isinstance(moved, list):
        o.report(
            f"note      the rows of {', '.join(map(str, moved))} are not in edge order, so the published cell runs "
            f"operations on other edges than the rows say; here each edge has {USED[pairing]}"
        )


USED = {
    "rows": "the operation of its row. For a checkpoint of the published code, import with --pairing published",
    "published": "the one that the published cell runs on it",
}
"""What `mfps genotype import` says of a pairing that matters."""


@app.command()
def export(
    genotype: Source,
    out: Annotated[Path, typer.Option(help="New folder; each branch gets a folder in it.")],
) -> None:
    """Write an architecture as the published code's arrays; `mfps genotype import` reads them back."""
    from ..files.atomic_folder import atomic_folder
    from ..genotypes.formats.genotype_import import write_arrays
    from ..genotypes.genotype_file import read_genotype

    read = read_genotype(genotype)
    with atomic_folder(out) as folder:
        written = write_arrays(read, folder)
    o.report(f"arrays    {len(written)} in {out}: {', '.join(read.present)}")
