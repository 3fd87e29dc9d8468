"""`mfps doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from . import options as o
from .fields import in_options


def doctor(
    context: typer.Context,
    weights_dir: Annotated[Path | None, typer.Option(help="Folder with external weights.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Also check the SHA-256 of the weights that are found.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show what is installed and what is missing (torch, CUDA, dot, libraries, external weights), and how to get it."""
    from ..engine.examination import examine

    findings = [
        finding._replace(remedy=in_options(finding.remedy, context.command.params))
        for finding in examine(weights_dir, check)
    ]
    if as_json:
        o.report_json([finding._asdict() for finding in findings])
        return
    for finding in findings:
        mark = {True: "ok", False: "missing", None: "-"}[finding.there]
        o.report(f"{mark:9} {finding.name:18} {finding.found}")
        if finding.remedy:
            o.report(f"{'':9} {'':18} {finding.remedy}")
