"""Ranking genotypes by their scores on a finished search's supernet, and checking the ranking against real networks."""

import json
from typing import Any

from rich.console import Console

from ...engine.progress import track
from ...errors import printable
from ...files.atomic_file import write_atomically
from ...files.atomic_folder import atomic_folder, check_free
from ...genotypes.genotype_file import read_genotype
from ...genotypes.membership import check_in_space
from ...inference.cost_report import compiled_costs
from ..open_search import open_search
from .config import RankConfig
from .report import Scored, ranking_csv, ranking_markdown, ranking_report
from .stand_alone import read_stand_alone


def rank(config: RankConfig, console: Console | None = None) -> dict[str, Any]:
    """Score genotypes and write `ranking.csv`, `.md` and `.json` to a new folder, with evaluations also `.png`.

    Args:
        config: the genotypes, the supernet, and evaluations to compare with.
        console: where progress is shown; by default nowhere.

    Returns:
        The report, as written.

    Raises:
        MfpsError: an input cannot be used, a genotype is not in the supernet's space, or the evaluations are not those
            of the genotypes; nothing is written then.
    """
    console = console or Console(quiet=True)
    check_free(config.out)
    genotypes = {name: read_genotype(name) for name in config.genotype}
    alone = read_stand_alone(genotypes, config.against) if config.against else None
    opened = open_search(config.supernet, config.device)
    searched = opened.searched
    for name, genotype in genotypes.items():
        check_in_space(genotype, searched.spaces, searched.fixed, name, searched.backbones)
    scored: list[Scored] = []
    with atomic_folder(config.out) as unfinished, track("rank", len(genotypes), console) as tick:
        for name, genotype in genotypes.items():
            cost = compiled_costs(genotype, searched.restorer.config, opened.config.size)["total"]
            scored.append(Scored(name, genotype, cost, opened.judge.psnr(genotype)))
            tick()
        supernet = {
            "supernet": printable(config.supernet.absolute().name),
            "strategy": opened.config.strategy,
            "digest": opened.judge.digest,
            "size": opened.config.size,
            "iterations": opened.config.passes,
        }
        report = ranking_report(supernet, scored, alone)
        write_atomically(unfinished / "ranking.csv", ranking_csv(report))
        write_atomically(unfinished / "ranking.md", ranking_markdown(report))
        write_atomically(unfinished / "ranking.json", json.dumps(report, indent=1) + "\n")
        if alone is not None:
            # Imported here: it takes half a second, and without evaluations there is no picture.
            from .figure import ranking_png

            write_atomically(unfinished / "ranking.png", ranking_png(report))
    return report
