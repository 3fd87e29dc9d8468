"""What a step of a search draws and how fast it learns: functions of its position alone."""

from typing import NamedTuple

from ..data.batch import FaceBatch
from ..engine.position import Length, Position
from ..training.schedule import lr_factor
from .config import SearchConfig
from .strategies.strategy import Draw, Level, Strategy


class DrawnPiece(NamedTuple):
    """A piece of a step's batch, and the draw that it goes through."""

    faces: FaceBatch
    draw: Draw

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the photographs."""
        return self.faces.names


def is_warming_up(config: SearchConfig, position: Position) -> bool:
    """Whether the architecture is still frozen."""
    return position.epoch < config.warmup_epochs


def rate_factor(config: SearchConfig, strategy: Strategy, position: Position, length: Length) -> float:
    """The factor of both learning rates. With a cosine, a sampled search begins it again after the warm-up."""
    halve_at = tuple(range(config.halve_every, config.epochs + 1, config.halve_every))
    return lr_factor(config.schedule, position.epoch, *_phase(config, strategy, position, length), halve_at)


def draws_of_step(
    config: SearchConfig, strategy: Strategy, level: Level, position: Position, length: Length
) -> list[Draw]:
    """The draws of a step. In a warm-up always the first one, so that the network learns to use its branches.

    Args:
        config: the search's.
        strategy: the search's.
        level: what the step updates.
        position: how far the search has got.
        length: how far it goes.
    """
    if is_warming_up(config, position):
        return [Draw(config.seed, level, 0, config.temperature)]
    step, total = _phase(config, strategy, position, length)
    temperature = config.temperature * (config.last_temperature / config.temperature) ** (step / total)
    count = config.draws if strategy.samples else 1
    return [Draw(config.seed, level, step * count + i, temperature) for i in range(count)]


def _phase(config: SearchConfig, strategy: Strategy, position: Position, length: Length) -> tuple[int, int]:
    """Steps done and to do in the present phase of a sampled search, the warm-up or what follows; else in all."""
    warm_up = config.warmup_epochs * length.epoch_steps
    if not strategy.samples or not warm_up:
        return position.step, length.steps
    if position.step < warm_up:
        return position.step, warm_up
    return position.step - warm_up, max(length.steps - warm_up, 1)
