"""Saving and loading a run: a checkpoint holds its position, its parts, and what it was given."""

from collections.abc import Callable

from lightning_fabric import Fabric
from pydantic import ValidationError

from ..errors import MfpsError
from .checkpoint import Checkpoint, Checkpoints
from .configuration import RunConfig
from .position import Position
from .processes import largest
from .run_inputs import Inputs, check_inputs, contents
from .training_state import Parts, capture_state, restore_state


class RunStore:
    """The checkpoints of a run; the first process writes them, all processes read them.

    Args:
        config: of the run.
        fabric: its devices; the processes have been started.
        parts: the modules and optimizers that it changes.
        inputs: what the run is given; a checkpoint records it, and only a run that is given the same continues.
    """

    def __init__(self, config: RunConfig, fabric: Fabric, parts: Parts, inputs: Inputs) -> None:
        self._folder = config.out
        self._fabric = fabric
        self._parts = parts
        self._inputs = inputs
        self._checkpoints = Checkpoints(config.out, config.keep_checkpoints)

    def load(self, warn: Callable[[str], None], between_epochs: bool = False) -> Position | None:
        """Fill the parts from the newest intact checkpoint.

        Args:
            warn: called with a message for each checkpoint that is skipped.
            between_epochs: consider only checkpoints between two epochs.

        Returns:
            The position of the run; None if there is no checkpoint.

        Raises:
            MfpsError: the run was started with something else, its checkpoint is of another network, or processes see
                different checkpoints.
        """
        saved = self._checkpoints.newest(warn, between_epochs)
        step = saved.step if saved else -1
        if largest(self._fabric, step, -step) != (step, -step):
            raise MfpsError(
                f"{self._folder}: not every process sees its checkpoints; give a folder that all processes share"
            )
        if saved is not None:
            check_inputs(saved.state.get("inputs", {}), self._inputs)
        if self._fabric.is_global_zero:
            self._checkpoints.drop_after(saved)
        if saved is None:
            return None
        try:
            position = Position.model_validate(saved.state["position"])
            restore_state(self._parts, saved.tensors, saved.state["parts"])
        except (KeyError, ValidationError):
            raise MfpsError(
                f"{self._folder}: its checkpoints are from another version of mfps; start again with `overwrite`"
            ) from None
        return position

    def save(self, position: Position) -> None:
        """Write a checkpoint of the current state."""
        if self._fabric.is_global_zero:
            tensors, state = capture_state(self._parts)
            state = {"inputs": contents(self._inputs), "position": position.model_dump(mode="json"), "parts": state}
            checkpoint = Checkpoint(position.epoch, position.batch, position.step, tensors, state)
            self._checkpoints.save(checkpoint, position.best_step)
