"""`mfps retrain`."""

from typing import TYPE_CHECKING

from . import options as o

if TYPE_CHECKING:
    from ..retrain.config import RetrainConfig


def model() -> "type[RetrainConfig]":
    """The command's fields."""
    from ..retrain.config import RetrainConfig

    return RetrainConfig


def retrain(config: "RetrainConfig", _preset: str | None) -> None:
    """Train the fixed network of a genotype; writes weights.safetensors to --out."""
    from ..retrain.train import retrain as run

    run(config, o.console())
    network = o.quoted(str(config.out))
    degraded = {"pairs": config.pairs} if config.pairs else {"degradation": config.degradation}
    same = o.written(data=config.data, **degraded, follow_links=config.follow_links)
    o.report(
        f"weights   {config.out / 'weights.safetensors'}",
        f"next      mfps evaluate {network} {same} --list ... --out ...   (a list of other faces)",
    )
