"""What a table of latencies says about itself, in words and rows."""

from collections.abc import Iterator

from ...nas.latency_table import LatencyTable

COLUMNS = ("genotype", "GFLOPs", "predicted ms", "measured ms", "error")


def facts(table: LatencyTable) -> str:
    """What the times hold for, and how they were found, in one line."""
    return f"{table.described}; medians of {table.rounds} rounds in turns"


def quality(table: LatencyTable) -> str:
    """How well the table predicts, in one line."""
    return (
        f"{len(table.networks)} random networks: median error {table.median_error:.1%}, "
        f"rank correlation {table.rank_correlation:.3f}"
    )


def rows(table: LatencyTable) -> Iterator[tuple[str, ...]]:
    """The networks of the report, a row each, by predicted time."""
    for one in table.networks:
        error = one.predicted_ms / one.measured_ms - 1
        yield (
            one.hash[:8], f"{one.gflops:.3f}", f"{one.predicted_ms:.3g}", f"{one.measured_ms:.3g}", f"{error:+.1%}",
        )  # fmt: skip
