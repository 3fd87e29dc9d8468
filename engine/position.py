"""The length and the position of a run: plain data, which can be saved as JSON and tested without a network."""

from typing import NamedTuple, Self

from pydantic import BaseModel, Field

from .configuration import RunConfig


class Length(NamedTuple):
    """The length of a run."""

    epochs: int
    epoch_steps: int
    """Steps per epoch; the last epoch may have fewer."""
    steps: int
    """All steps."""

    @classmethod
    def of(cls, config: RunConfig, epoch_steps: int) -> Self:
        """The length of a run.

        Args:
            config: of the run; it may shorten the epochs and the run.
            epoch_steps: steps in one pass over the training faces.
        """
        epoch_steps = min(epoch_steps, config.epoch_steps or epoch_steps)
        steps = config.epochs * epoch_steps
        return cls(config.epochs, epoch_steps, min(steps, config.max_steps or steps))


class Position(BaseModel):
    """How far a run has got. A resumed run continues from this and its parts, nothing else."""

    epoch: int = 0
    """Finished epochs."""
    batch: int = 0
    """Finished steps of the running epoch."""
    step: int = 0
    """All finished steps."""
    losses: dict[str, list[float]] = Field(default_factory=dict)
    """Losses of the running epoch, by name."""
    best: float | None = None
    """Best score of an epoch."""
    best_step: int | None = None
    """The step after which that epoch ended."""
    history: int = 0
    """Size of the history so far, in bytes."""
    lr_scale: float = 1.0
    """Factor of the learning rate; each rollback halves it."""
    left_out: int = 0
    """Updates that were skipped because a number was not finite."""
    bad_faces: dict[str, str] = Field(default_factory=dict)
    """Photographs that could not be read, and why."""

    def mean_losses(self) -> dict[str, float]:
        """The running epoch's mean of each loss."""
        return {name: sum(values) / len(values) for name, values in self.losses.items() if values}

    def unfinished(self, length: Length) -> bool:
        """Whether something is left to do: an epoch, or the validation of the last one."""
        return self.epoch < length.epochs and (self.step < length.steps or self.batch > 0)

    def steps_left(self, length: Length) -> int:
        """Steps left in the running epoch; 0 also if a resumed run was shortened to fewer steps than are done."""
        here = length.steps - (self.step - self.batch)
        return max(min(length.epoch_steps, here) - self.batch, 0)
