"""Variants of one measurement, each in a process of its own, taking turns: ratios then hold on a noisy machine."""

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence

Measured = dict[str, float]
"""`seconds`, and `peak_mb` beyond the libraries'."""


def take_turns(variants: Sequence[str], rounds: int) -> dict[str, list[Measured]]:
    """Run this script once a variant and round, with `--one VARIANT`; its last line is the measurement as JSON."""
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

    lines = [f"| variant | ms a {unit} | ratio | peak MB | ratio |", "|---|---|---|---|---|"]
    for variant, measured in results.items():
        seconds, peak = (middle(m[key] for m in measured) for key in ("seconds", "peak_mb"))
        slower, larger = (
            middle(m[key] / b[key] for m, b in zip(measured, base, strict=True)) for key in ("seconds", "peak_mb")
        )
        lines.append(f"| {variant} | {1000 * seconds:.0f} | {slower:.2f} | {peak:.0f} | {larger:.2f} |")
    return "\n".join(lines)
