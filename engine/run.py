"""A run in progress: its position, when it is saved, and how it is stopped, resumed and rolled back.

The loops of `nas.search` and `retrain.train` do the training; this module saves it. The result depends only
on `Position` and the parts (modules, optimizers, random generators); the rest follows from seed, epoch and step.

    with open_run(...) as run:
        while run.unfinished:
            with run.roll_back_nonfinite():
                ...  # the steps left in the epoch, each with `step_done`, then `epoch_done`
"""

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import nn

from ..errors import MfpsError, NotFiniteError, RunStopped
from .configuration import RunConfig
from .journal import Journal
from .position import Length, Position
from .processes import largest, sum_over_processes
from .progress import Tick
from .run_store import RunStore
from .stop_signals import StopRequest
from .terminal import say

MIN_LR_SCALE = 2**-5
"""A run gives up when its learning rate would fall below this factor."""


class Run:
    """A run in progress; made by `open_run`.

    Attributes:
        length: epochs and steps of the run.
        position: how far it has got.
        console: for lines to the user; silent in all processes except the first.
        unsaved: whether it was stopped and is still to be saved.
    """

    def __init__(
        self,
        config: RunConfig,
        fabric: Fabric,
        console: Console,
        length: Length,
        store: RunStore,
        request: StopRequest,
    ) -> None:
        self.length = length
        self.position = Position()
        self.console = console if fabric.is_global_zero else Console(quiet=True)
        self._everyones_console = console
        self.unsaved = False
        self._config = config
        self._fabric = fabric
        self._store = store
        self._request = request
        self._saved_at = self._stepped_at = time.monotonic()
        self._journal: Journal | None = None
        self._tick: Tick | None = None

    @property
    def unfinished(self) -> bool:
        """Whether something is left to do."""
        return self.position.unfinished(self.length)

    @property
    def steps_left(self) -> int:
        """Steps left in the running epoch."""
        return self.position.steps_left(self.length)

    def attach(self, journal: Journal | None, tick: Tick) -> None:
        """Set where steps and epochs are recorded and shown; only the first process has a journal."""
        self._journal, self._tick = journal, tick

    def load(self, between_epochs: bool = False) -> bool:
        """Load the newest intact checkpoint; returns False if there is none."""
        position = self._store.load(self.say, between_epochs)
        if position is None:
            return False
        self.position = position
        return True

    def save(self) -> None:
        """Write a checkpoint of the current state."""
        self._store.save(self.position)
        self._saved_at = time.monotonic()

    def step_done(self, losses: Mapping[str, float], text: str, **curves: float) -> None:
        """Count a step, and save or stop if it is time.

        Args:
            losses: of this step, by name.
            text: shown beside the progress.
            curves: further numbers for TensorBoard.

        Raises:
            RunStopped: a signal asked for it.
        """
        position = self.position
        position.step += 1
        position.batch += 1
        losses = self._averaged(losses)
        for name, value in losses.items():
            position.losses.setdefault(name, []).append(value)
        if self._journal:
            now = time.monotonic()
            curves |= {"steps_per_second": 1 / max(now - self._stepped_at, 1e-9)}
            self._stepped_at = now
            self._journal.step(position.step, {**{f"loss/{name}": value for name, value in losses.items()}, **curves})
        if self._tick:
            self._tick(text, position.step)
        every = self._config.checkpoint_steps
        due = time.monotonic() - self._saved_at >= 60 * self._config.checkpoint_minutes
        due = due or (every is not None and position.step % every == 0)
        signum, due = largest(self._fabric, self._request.signum, int(due and self._fabric.is_global_zero))
        if signum or (due and self.steps_left):  # after an epoch's last step the epoch is saved anyway
            self.save()
        if signum:
            self._stop(signum)

    def epoch_done(self, record: Mapping[str, object], score: float) -> None:
        """Record an epoch and save.

        Args:
            record: its line in the history.
            score: how good it was; see `improves`.

        Raises:
            RunStopped: a signal asked for it.
        """
        position = self.position
        if self.improves(score):
            position.best, position.best_step = score, position.step
        if self._journal:
            position.history = self._journal.epoch(record, position.step)
        position.epoch, position.batch, position.losses = position.epoch + 1, 0, {}
        self.save()
        (signum,) = largest(self._fabric, self._request.signum)
        if signum:
            self._stop(signum)

    def stop_if_asked(self) -> None:
        """If a signal asked for it, stop between two batches of a validation, which a resumed run repeats.

        `open_run` saves the run when the error has left the validation, in which a network may have other statistics.
        Several processes, whose parts may differ by a batch, finish the validation first.

        Raises:
            RunStopped: a signal asked for it.
        """
        if self._request.signum and self._fabric.world_size == 1:
            self.unsaved = True
            self._stop(self._request.signum)

    def improves(self, score: float) -> bool:
        """Whether a score is better than that of every earlier epoch."""
        return self.position.best is None or score > self.position.best

    @contextmanager
    def skip_nonfinite(self, network: nn.Module) -> Iterator[None]:
        """With `on_nonfinite: skip`, skip the block's update if a number in it is not finite.

        Args:
            network: the network that the block uses; its running statistics are restored.
        """
        if self._config.on_nonfinite != "skip":
            yield
            return
        before = [buffer.clone() for buffer in network.buffers()]
        try:
            yield
        except NotFiniteError as trouble:
            for buffer, value in zip(network.buffers(), before, strict=True):
                buffer.copy_(value)
            self.position.left_out += 1
            self.say(f"left out  {trouble}")

    @contextmanager
    def roll_back_nonfinite(self) -> Iterator[None]:
        """If a number is not finite, go back to the end of the previous epoch and halve the learning rate.

        Raises:
            NotFiniteError: `on_nonfinite` is not `rollback`, or the rate was halved too often.
        """
        try:
            yield
        except NotFiniteError as trouble:
            self._roll_back(trouble)

    def _roll_back(self, trouble: NotFiniteError) -> None:
        scale = self.position.lr_scale / 2
        if self._config.on_nonfinite != "rollback" or scale < MIN_LR_SCALE or not self.load(between_epochs=True):
            raise trouble
        self.position.lr_scale = scale
        if self._journal:
            self._journal.rewind(self.position.history)
        self.say(f"back to step {self.position.step} with {scale:g} of the learning rate: {trouble}")

    def note_bad_faces(self, found: Mapping[str, str], faces: int) -> None:
        """Report photographs that were replaced by others, each of them once.

        Args:
            found: what is wrong with each photograph, by name.
            faces: the number of faces in the training list.

        Raises:
            MfpsError: they are more than the fraction `max_bad_faces` of the list.
        """
        bad = self.position.bad_faces
        for name, why in found.items():
            if name not in bad:
                bad[name] = why
                say(self._everyones_console, f"skipped   {why}")
        if len(bad) > self._config.max_bad_faces * faces:
            raise MfpsError(
                f"{len(bad)} of {faces} photographs cannot be read, more than the {self._config.max_bad_faces:.0%} of "
                f"`max_bad_faces`; first: {next(iter(bad.values()))}"
            )

    def _averaged(self, losses: Mapping[str, float]) -> dict[str, float]:
        """The mean over the processes, each of which saw a part of the batch."""
        total = sum_over_processes(self._fabric, torch.tensor(list(losses.values()), dtype=torch.float64))
        return dict(zip(losses, (total / self._fabric.world_size).tolist(), strict=True))

    def _stop(self, signum: int) -> None:
        raise RunStopped(
            f"stopped by {signal.Signals(signum).name} after step {self.position.step}, and saved in "
            f"{self._config.out}: continue with the same command and `resume`",
            signum,
        )

    def say(self, message: str) -> None:
        """Print a line, in the first process."""
        say(self.console, message)
