"""What all training runs share: processes and batches, the network on the device, steps, validation."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any

import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import Tensor, nn

from ..data.batch import FaceBatch
from ..data.dataset import FaceFolder
from ..data.kept_batches import KeptBatches
from ..data.loader import make_loader, make_training_loader, shut_down_workers, steps_of, training_steps
from ..data.sampling import BatchShare, FaceAddress
from ..engine.configuration import RunConfig
from ..engine.execution import Execution, emulation_note
from ..engine.open_run import open_run
from ..engine.position import Length
from ..engine.processes import gather_parts, launch, own_part
from ..engine.run import Run
from ..engine.run_inputs import Inputs
from ..engine.timed_choice import Choice
from ..engine.training_state import Parts
from ..images.fit_note import fit_note
from ..networks.synchronised_norm import synchronise_norms
from ..priors.provenance import oracle_priors, read_provenance
from .execution_choice import agreed, fastest, training_candidates
from .validation import ValidationPSNR, validation_psnr

Pieces = tuple[FaceBatch, ...]
"""A step's batch, in the pieces that go through the network one after the other; see `BatchShare`."""

Forward = Callable[[FaceBatch], list[Tensor]]
"""Runs a network on a batch on the device; returns each iteration's output (B, 3, H, W)."""

RESUMED_REMEDY = "the run was started with it; continue it on a device that has it, or start another with"
"""What to do about a number format that is emulated, in a run that was started with it."""

Trial = Callable[[FaceBatch], Sequence[Tensor]]
"""What a step does with a piece of a batch, forward and backward, without an update; returns the outputs."""


class Session:
    """One process's part of a run, from the faces to the outputs of a network.

    It starts the other processes, so errors in the input are best found before. `settle` must be called before the
    network runs and before its optimizers are made.

    Args:
        config: the run's configuration.
        fabric: its devices.
        train: the faces to learn from.
        val: the faces to validate on.
        network: what is trained; it is moved to the device, in place.
        groups: for each update of a step, the indices of the training faces that it learns from; None takes all.

    Attributes:
        config: the configuration; once settled, with the layout and precision that were chosen.
        fabric: its devices.
        length: how far the run goes.
        execution: how the network is computed.

    Raises:
        MfpsError: the faces do not fill a batch, or the processes do not find each other.
    """

    def __init__(
        self,
        config: RunConfig,
        fabric: Fabric,
        train: FaceFolder,
        val: FaceFolder,
        network: nn.Module,
        groups: Sequence[Sequence[int] | None] = (None,),
    ) -> None:
        launch(fabric, config.deterministic)
        share = BatchShare(fabric.global_rank, fabric.world_size, config.accumulate)
        pinned = fabric.device.type == "cuda"
        self.config = config
        self.fabric = fabric
        self._faces = len(train), len(val)
        self._fit = fit_note((train.extents + val.extents).elements(), config.size)
        self._loaders = [
            make_training_loader(train, group, config.batch_size, config.seed + i, config.workers, share, pinned)
            for i, group in enumerate(groups)
        ]
        self._val_loader = make_loader(val, own_part(fabric, len(val)), config.batch_size, 0, shuffle=False, workers=0)
        self.length = Length.of(config, min(map(steps_of, self._loaders)))
        if fabric.world_size > 1:
            synchronise_norms(network)
        self.execution = Execution()
        self._choice = Choice(self.execution, {})
        self._train, self._network = train, network.to(fabric.device)
        self._compiled: Callable[..., Any] | None = None

    def settle(self, trial: Trial, always_alike: bool = False) -> None:
        """Choose how the network is computed, where that is left open by timing it, and lay it out so.

        Args:
            trial: called with real faces.
            always_alike: every step runs the same network, so that it may be compiled; see `as_executed`.

        Raises:
            MfpsError: the device lacks what was asked for, or no face can be read.
        """
        config, fabric, network = self.config, self.fabric, self._network
        steps = self.length.steps if always_alike else 0
        tried = training_candidates(config, fabric.device, fabric.world_size, steps)
        choice = Choice(tried[0], {})
        if fabric.is_global_zero and len(tried) > 1:
            piece = self._faces_of_a_piece()

            def step(execution: Execution) -> Sequence[Tensor]:
                self.execution = execution
                return trial(piece)

            choice = fastest(tried, network, step, fabric.device)
        self._choice = agreed(fabric, choice)
        self.execution = self._choice.execution
        network.to(memory_format=self.execution.memory_format)  # pyright: ignore[reportCallIssue]
        chosen = {"layout": self.execution.layout, "precision": self.execution.precision}
        self.config = config.model_copy(update=chosen)

    def _faces_of_a_piece(self) -> FaceBatch:
        """As many training faces as go through the network at once. No loader is used, whose generator would move."""
        faces, config = len(self._train), self.config
        count = config.batch_size // (self.fabric.world_size * config.accumulate)
        spares = tuple(range(faces))
        addresses = [FaceAddress(0, i % faces, spares) for i in range(count)]
        return next(iter(KeptBatches(self._train, addresses, count)))

    def as_executed(self, network: nn.Module) -> Callable[..., Any]:
        """The network of a step: itself, or as torch compiled it."""
        if not self.execution.compiled:
            return network
        if self._compiled is None:
            self._compiled = torch.compile(network)
        return self._compiled

    def oracle_note(self, source: str = "clean") -> dict[str, list[str]]:
        """What an epoch's record says about priors that were made from the clean face.

        Args:
            source: where the network's priors come from, see `priors.provenance.SOURCES`.

        Returns:
            `oracle_priors` with their names; empty if there are none.
        """
        config = self.config
        oracle = oracle_priors(
            config.priors, source, read_provenance(config.data, config.follow_links), config.drop_prior
        )
        return {"oracle_priors": list(oracle)} if oracle else {}

    @contextmanager
    def open_run(self, console: Console | None, label: str, parts: Parts, inputs: Inputs) -> Iterator[Run]:
        """Open the run, and shut down the loaders' workers when it ends; see `engine.open_run.open_run`."""
        with (
            shut_down_workers(*self._loaders),
            open_run(self.config, self.fabric, console, label, self.length, parts, inputs, self._choice) as run,
        ):
            if self._fit:
                run.say(f"note      {self._fit}")
            if self._choice.milliseconds:
                run.say(f"fastest   {self._choice}")
            if self.fabric.is_global_zero:
                remedy = RESUMED_REMEDY if run.position.step else "set"
                if note := emulation_note(self.fabric.device, self.execution.precision, remedy):
                    run.say(f"note      {note}")
            yield run

    def steps(self, run: Run) -> Iterator[tuple[Pieces, ...]]:
        """The remaining steps of this epoch: for each, a batch of every group of training faces.

        Raises:
            MfpsError: too many photographs cannot be read.
        """
        position = run.position
        batches = [training_steps(loader, position.epoch, position.batch) for loader in self._loaders]
        for step in islice(zip(*batches, strict=False), run.steps_left):
            bad = dict(found for pieces in step for piece in pieces for found in piece.bad)
            run.note_bad_faces(bad, self._faces[0])
            yield step

    def on_device(self, batch: FaceBatch) -> FaceBatch:
        """A batch moved to the network's device, in its memory layout."""
        return batch.to(self.fabric.device, non_blocking=True, channels_last=self.execution.layout == "channels-last")

    def restore(self, forward: Forward, batch: FaceBatch) -> list[Tensor]:
        """Each iteration's output (B, 3, H, W), float32, for a batch on the device; computed in the run's precision."""
        with self.execution.autocast(self.fabric.device):
            outputs = forward(batch)
        return [output.float() for output in outputs]

    def validate(self, run: Run, network: nn.Module, forward: Forward) -> ValidationPSNR:
        """Mean PSNR of the degraded validation faces and of each iteration's output.

        Args:
            run: the run, which may be stopped between two batches.
            network: what `forward` runs; it stays in eval mode.
            forward: as in `restore`.

        Returns:
            The means over all faces, in dB.

        Raises:
            NotFiniteError: an output is not finite.
            RunStopped: a signal asked the run to stop; it was saved.
        """

        def restore(batch: FaceBatch) -> list[Tensor]:
            run.stop_if_asked()
            return self.restore(forward, self.on_device(batch))

        network.eval()
        with torch.no_grad():
            return validation_psnr(restore, self._val_loader, partial(gather_parts, self.fabric, total=self._faces[1]))
