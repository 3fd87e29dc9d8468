"""How far a run goes and where it stands: all numbers, so that it can be saved as JSON and tested without a network."""

from typing import NamedTuple, Self

from pydantic import BaseModel, Field

from .configuration import RunConfig


class Length(NamedTuple):
    """How far a run goes."""

    epochs: int
    epoch_steps: int
    """Steps of an epoch; the last epoch may have fewer."""
    steps: int
    """All steps."""

    @classmethod
    def of(cls, config: RunConfig, epoch_steps: int) -> Self:
        """The length of a run.

        Args:
            config: the run's; it may shorten the epochs and the run.
            epoch_steps: steps that the training faces are enough for.
        """
        epoch_steps = min(epoch_steps, config.epoch_steps or epoch_steps)
        steps = config.epochs * epoch_steps
        return cls(config.epochs, epoch_steps, min(steps, config.max_steps or steps))


class Position(BaseModel):
    """Where a run stands. Apart from its parts, nothing else is carried from one process to the next."""

    epoch: int = 0
    """Finished epochs."""
    batch: int = 0
    """Finished steps of the running epoch."""
    step: int = 0
    """All finished steps."""
    losses: dict[str, list[float]] = Field(default_factory=dict)
    """Of the running epoch, by name."""
    best: float | None = None
    """Best score of an epoch."""
    best_step: int | None = None
    """The step after which that epoch ended."""
    history: int = 0
    """Bytes of the history so far."""
    lr_scale: float = 1.0
    """What rollbacks left of the learning rate."""
    left_out: int = 0
    """Updates that were left out since a number was not finite."""
    bad_faces: dict[str, str] = Field(default_factory=dict)
    """Photographs that could not be read, and why."""

    def mean_losses(self) -> dict[str, float]:
        """The running epoch's mean of each loss."""
        return {name: sum(values) / len(values) for name, values in self.losses.items() if values}

    def unfinished(self, length: Length) -> bool:
        """Whether there is something left to do: an epoch, or the validation of the last one."""
        return self.epoch < length.epochs and (self.step < length.steps or self.batch > 0)

    def steps_left(self, length: Length) -> int:
        """Steps of the running epoch that are left; 0 too where a resumed run has fewer steps than it has done."""
        here = length.steps - (self.step - self.batch)
        return max(min(length.epoch_steps, here) - self.batch, 0)
