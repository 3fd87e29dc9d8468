"""A run in progress: where it stands, when it is saved, and how it is stopped, resumed and rolled back.

The loops of `nas.search` and `retrain.train` do the training; this keeps it safe. What the result depends on is in
`Position` and in the parts (modules, optimizers, random generators); the rest follows from seed, epoch and step.
"""

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path

import torch
from lightning_fabric import Fabric
from pydantic import BaseModel, Field, ValidationError
from rich.console import Console
from torch import nn

from ..errors import MfpsError, NotFiniteError, RunStopped
from .checkpoint import Checkpoint, Checkpoints
from .configuration import RunConfig
from .journal import Journal
from .processes import largest, lost_process, sum_over_processes
from .progress import Tick, track
from .run_folder import begin_run_folder, check_run_folder
from .run_lock import run_lock
from .stop_signals import StopRequest, stop_signals
from .training_state import Parts, capture, restore

LEAST_LR_SCALE = 2**-5
"""A run that has halved its learning rate so often gives up."""


class Position(BaseModel):
    """Where a run stands. Nothing else than this and its parts is carried from one process to the next."""

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


class Run:
    """A run in progress; made by `open_run`.

    Attributes:
        position: where it stands.
        console: for lines to the user; silent in all processes but the first.
    """

    def __init__(
        self,
        config: RunConfig,
        fabric: Fabric,
        console: Console,
        checkpoints: Checkpoints,
        parts: Parts,
        identity: str,
        request: StopRequest,
    ) -> None:
        self.position = Position()
        self.console = console if fabric.is_global_zero else Console(quiet=True)
        self._everyones_console = console
        self._config = config
        self._fabric = fabric
        self._checkpoints = checkpoints
        self._parts = parts
        self._identity = identity
        self._request = request
        self._saved_at = self._stepped_at = time.monotonic()
        self._journal: Journal | None = None
        self._tick: Tick | None = None

    def attach(self, journal: Journal | None, tick: Tick) -> None:
        """Say where steps and epochs are written down and shown; only the first process has a journal."""
        self._journal, self._tick = journal, tick

    def load(self, between_epochs: bool = False) -> bool:
        """Take the newest whole checkpoint; False where there is none.

        Raises:
            MfpsError: it is of another network or other photographs, or processes see different ones.
        """
        saved = self._checkpoints.newest(self.say, between_epochs)
        step = saved.step if saved else -1
        if largest(self._fabric, step, -step) != (step, -step):
            raise MfpsError(f"{self._config.out}: not every process sees its checkpoints; give a folder that all share")
        if saved is not None and saved.state.get("identity") != self._identity:
            raise MfpsError(
                f"{self._config.out}: the run was begun with other photographs or another genotype; give the same "
                "ones, or a new folder with --out"
            )
        if self._fabric.is_global_zero:
            self._checkpoints.drop_after(saved)
        if saved is None:
            return False
        try:
            self.position = Position.model_validate(saved.state["position"])
            restore(self._parts, saved.tensors, saved.state["parts"])
        except (KeyError, ValidationError):
            raise MfpsError(f"{self._config.out}: its checkpoints are of another version; use --overwrite") from None
        return True

    def save(self) -> None:
        """Write a checkpoint of this moment."""
        if self._fabric.is_global_zero:
            position = self.position
            tensors, state = capture(self._parts)
            state = {"identity": self._identity, "position": position.model_dump(mode="json"), "parts": state}
            checkpoint = Checkpoint(position.epoch, position.batch, position.step, tensors, state)
            self._checkpoints.save(checkpoint, position.best_step)
        self._saved_at = time.monotonic()

    def step_done(self, losses: Mapping[str, float], text: str, ends_epoch: bool, **curves: float) -> None:
        """Count a step, and save or stop where that is due.

        Args:
            losses: of this step, by name.
            text: shown beside the progress.
            ends_epoch: it is the epoch's last one, after which the epoch is saved anyway.
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
        if signum or (due and not ends_epoch):
            self.save()
        if signum:
            self._stop(signum)

    def epoch_done(self, record: Mapping[str, object], score: float) -> None:
        """Write an epoch down and save.

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
        """Save and stop between two batches of a validation, which is then done again.

        Several processes, whose parts may differ by a batch, go on to its end.

        Raises:
            RunStopped: a signal asked for it.
        """
        if self._request.signum and self._fabric.world_size == 1:
            self.save()
            self._stop(self._request.signum)

    def goes_on(self, epochs: int, steps: int) -> bool:
        """Whether there is something left to do, of so many epochs and steps in all."""
        position = self.position
        return position.epoch < epochs and (position.step < steps or position.batch > 0)

    def improves(self, score: float) -> bool:
        """Whether a score is better than every epoch's before."""
        return self.position.best is None or score > self.position.best

    @contextmanager
    def forgiving(self, network: nn.Module) -> Iterator[None]:
        """Leave the block's update out, with `on_nonfinite: skip`, where a number in it is not finite.

        Args:
            network: what the block computes with; its running statistics are put back.
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

    def roll_back(self, trouble: NotFiniteError) -> None:
        """Go back to the end of the epoch before, with half the learning rate, as `on_nonfinite: rollback` asks.

        Raises:
            NotFiniteError: it asks for something else, or the rate was halved too often already.
        """
        scale = self.position.lr_scale / 2
        if self._config.on_nonfinite != "rollback" or scale < LEAST_LR_SCALE or not self.load(between_epochs=True):
            raise trouble
        self.position.lr_scale = scale
        if self._journal:
            self._journal.rewind(self.position.history)
        self.say(f"back to step {self.position.step} with {scale:g} of the learning rate: {trouble}")

    def note_bad_faces(self, found: Mapping[str, str], faces: int) -> None:
        """Tell of photographs that another one stands in for, each once.

        Args:
            found: by name, what is wrong.
            faces: how many the training list has.

        Raises:
            MfpsError: they are more than `max_bad_faces` of it.
        """
        bad = self.position.bad_faces
        for name, why in found.items():
            if name not in bad:
                bad[name] = why
                self._everyones_console.print(f"skipped   {why}", highlight=False, markup=False, soft_wrap=True)
        if len(bad) > self._config.max_bad_faces * faces:
            raise MfpsError(
                f"{len(bad)} of {faces} photographs cannot be read, more than the {self._config.max_bad_faces:.0%} of "
                f"max_bad_faces; first: {next(iter(bad.values()))}"
            )

    def _averaged(self, losses: Mapping[str, float]) -> dict[str, float]:
        """The mean over the processes, which each saw a part of the batch."""
        total = sum_over_processes(self._fabric, torch.tensor(list(losses.values()), dtype=torch.float64))
        return dict(zip(losses, (total / self._fabric.world_size).tolist(), strict=True))

    def _stop(self, signum: int) -> None:
        raise RunStopped(
            f"stopped by {signal.Signals(signum).name} after step {self.position.step}, and saved in "
            f"{self._config.out}: go on with the same command and --resume",
            signum,
        )

    def say(self, message: str) -> None:
        """Print a line, in the first process."""
        self.console.print(message, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def open_run(
    config: RunConfig, fabric: Fabric, console: Console, label: str, total: int, parts: Parts, *identity: str
) -> Iterator[Run]:
    """Own a run folder while the block runs, and go on from its newest checkpoint if there is one.

    Args:
        config: the run's.
        fabric: its devices; the processes are started.
        console: where progress is shown.
        label: what the run does.
        total: its steps.
        parts: modules and optimizers that it changes; filled from the checkpoint.
        identity: what a checkpoint must have in common with the run besides its options.

    Raises:
        MfpsError: the folder holds another run, or another process works in it, or it cannot be written.
        RunStopped: a signal asked for the end; the run is saved.
    """
    folder, first = config.out, fabric.is_global_zero
    digest = sha256("\n".join(identity).encode()).hexdigest()[:16]
    with ExitStack() as stack, _told_plainly(folder):
        if first:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(run_lock(folder))
                check_run_folder(config)  # once more, now that no other process can change it
                begin_run_folder(config)
            except OSError as error:
                raise MfpsError(
                    f"{folder}: cannot be written ({error.strerror or error}); give another folder with --out"
                ) from None
        largest(fabric, 0)  # the others wait until the folder is there
        request = stack.enter_context(stop_signals())
        run = Run(config, fabric, console, Checkpoints(folder, config.keep_checkpoints), parts, digest, request)
        if run.load():
            run.say(
                f"resumed   {folder}: {run.position.epoch} epochs and {run.position.step} of {total} steps are done"
            )
        else:
            run.save()
        position = run.position
        journal = stack.enter_context(Journal(folder, position.history, position.step)) if first else None
        run.attach(journal, stack.enter_context(track(label, total, run.console, position.step)))
        yield run


@contextmanager
def _told_plainly(folder: Path) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise lost_process(error, folder) or error from None
    except OSError as error:
        error.filename = error.filename or str(folder)  # a full disk does not say where
        raise
