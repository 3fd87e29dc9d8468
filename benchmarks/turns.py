"""Measure variants in turn, each in its own process, so that ratios hold on a noisy machine."""

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence

Measured = dict[str, float]
"""`seconds`, and `peak_mb` beyond that of the libraries."""


def run(
    parser: argparse.ArgumentParser,
    variants: Sequence[str],
    unit: str,
    measure: Callable[[str, argparse.Namespace], Measured],
) -> None:
    """What every benchmark does: measure each variant in turn and print a table.

    Args:
        parser: of the benchmark's own options; `--rounds` and `--one` are added.
        variants: names of the variants; ratios are to the first.
        unit: what the milliseconds are for.
        measure: measures one variant, given the options, in this process.
    """
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", metavar="VARIANT", help="measure one variant in this process")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments)))
        return
    print(f"{vars(arguments)}, {platform.machine()}, Python {platform.python_version()}")
    print(table(take_turns(variants, arguments.rounds), unit))


def resident_mb() -> float:
    """Peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def take_turns(variants: Sequence[str], rounds: int) -> dict[str, list[Measured]]:
    """Run this script once per variant and round, with `--one VARIANT`; its last line is the measurement as JSON."""
    results: dict[str, list[Measured]] = {variant: [] for variant in variants}
    for _ in range(rounds):
        for variant in variants:
            command = [sys.executable, *sys.argv, "--one", variant]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            results[variant].append(json.loads(output.splitlines()[-1]))
    return results


def table(results: dict[str, list[Measured]], unit: str) -> str:
    """Medians, and median ratios to the first variant in the same round, as Markdown."""
    base = next(iter(results.values()))

    def middle(values) -> float:
        return statistics.median(values)

    lines = [f"| variant | ms per {unit} | ratio | peak MB | ratio |", "|---|---|---|---|---|"]
    for variant, measured in results.items():
        seconds, peak = (middle(m[key] for m in measured) for key in ("seconds", "peak_mb"))
        slower, larger = (
            middle(m[key] / b[key] for m, b in zip(measured, base, strict=True)) for key in ("seconds", "peak_mb")
        )
        lines.append(f"| {variant} | {1000 * seconds:.0f} | {slower:.2f} | {peak:.0f} | {larger:.2f} |")
    return "\n".join(lines)
