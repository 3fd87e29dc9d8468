"""`mfps search`."""

from typing import TYPE_CHECKING

from . import options as o
from .select import selected, stopwatch

if TYPE_CHECKING:
    from ..nas.config import SearchConfig


def model() -> "type[SearchConfig]":
    """The command's fields."""
    from ..nas.config import SearchConfig

    return SearchConfig


def search(config: "SearchConfig", preset: str | None) -> None:
    """Search an architecture on a folder of faces: train a supernet, then select on it, within a budget if given.

    Writes genotype.json, the front of quality and cost, and report.html, which shows all of it, to --out.
    """
    from ..nas.search import search as run

    if run(config, o.console(), stopwatch()) is None:  # another process selects and reports
        return
    same = o.written(
        **_of_network(config, preset),
        data=config.data,
        follow_links=config.follow_links,
        list=config.list,
        val_list=config.val_list,
        priors=",".join(config.priors),
        size=config.size,
        degradation=None if config.pairs else config.degradation,
        pairs=config.pairs,
        preset=preset,
    )
    o.report(
        *selected(config.out),
        f"report    {config.out / 'report.html'}",
        f"next      mfps retrain {o.written(genotype=config.out)} {same} --out ...",
    )


def _of_network(config: "SearchConfig", preset: str | None) -> dict[str, object]:
    """Options without which a training would build another network around the genotype than the search did."""
    from ..engine.configuration import resolve
    from ..genotypes.space import SPACES
    from ..networks.network_config import NetworkConfig
    from ..retrain.config import RetrainConfig

    given = {"genotype": config.out, "data": config.data, "out": config.out, "priors": config.priors}
    usual = resolve(RetrainConfig, preset, None, given)
    names = [name for name in NetworkConfig.model_fields if name in RetrainConfig.model_fields]
    if SPACES[config.space].backbone:
        names.remove("blocks")  # the genotype has its own
    differing = {name: getattr(config, name) for name in names if getattr(config, name) != getattr(usual, name)}
    return {f"no_{name}" if value is False else name: value is False or value for name, value in differing.items()}
