"""The members of a front, timed as whole networks in the way a table of latencies was made."""

from collections.abc import Sequence

from rich.console import Console

from ...engine.progress import track
from ...files.temporary_folder import temporary_folder
from ...genotypes.genotype import Genotype
from ...nas.latency_table import LatencyTable
from .running import Ways, with_threads
from .turns import take_turns


def measured_ms(table: LatencyTable, genotypes: Sequence[Genotype], console: Console | None = None) -> list[float]:
    """The milliseconds that the networks of some genotypes take for one face, on the table's machine.

    Args:
        table: says how they are run; see `nas.latency_table.usable_table`.
        genotypes: of the table's space, all different.
        console: where progress is shown; by default nowhere.

    Raises:
        MfpsError: the runtime is missing.
    """
    machine, space = table.machine, table.space
    with temporary_folder("latency") as folder, with_threads(machine.threads):
        ways = Ways(machine, space.size, folder)
        total = len(genotypes) * (table.rounds + 2)
        with track("measure", total, console or Console(quiet=True)) as tick:
            runs = {}
            for number, genotype in enumerate(genotypes):
                runs[number] = ways.network(genotype, space.network)
                tick()
            seconds = take_turns(runs, table.rounds, ways.clock, tick)
    return [1000 * seconds[number] for number in range(len(genotypes))]
