"""`mfps search`."""

from typing import TYPE_CHECKING

from . import options as o

if TYPE_CHECKING:
    from ..nas.config import SearchConfig


def model() -> "type[SearchConfig]":
    """The command's fields."""
    from ..nas.config import SearchConfig

    return SearchConfig


def search(config: "SearchConfig", preset: str | None) -> None:
    """Search an architecture on a folder of faces; writes genotype.json and its drawings to --out."""
    from ..nas.search import search as run

    run(config, o.console())
    same = o.written(
        data=config.data,
        follow_links=config.follow_links,
        list=config.list,
        val_list=config.val_list,
        priors=",".join(config.priors),
        size=config.size,
        degradation=config.degradation,
        preset=preset,
    )
    o.report(
        f"genotype  {config.out / 'genotype.json'}",
        f"drawings  {config.out / 'genotype.svg'}, {config.out / 'supernet.svg'}",
        f"next      mfps retrain {o.written(genotype=config.out)} {same} --out ...",
    )
