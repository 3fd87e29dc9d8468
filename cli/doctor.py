"""`mfps doctor`."""

from typing import Annotated

import typer

from . import options as o


def doctor(
    weights_dir: o.WeightsDir = None,
    check: Annotated[
        bool, typer.Option("--check", help="Also check the SHA-256 of the weights that are there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what is there and what is missing: torch, CUDA, dot, libraries, external weights and how to get them."""
    import json

    from ..engine.examination import examine

    findings = examine(weights_dir, check)
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], indent=1))
        return
    for finding in findings:
        mark = {True: "ok", False: "missing", None: "-"}[finding.there]
        typer.echo(f"{mark:9} {finding.name:18} {finding.found}")
        if finding.remedy:
            typer.echo(f"{'':9} {'':18} {finding.remedy}")
