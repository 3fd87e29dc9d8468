"""Checkpoints: what a stopped run needs to continue. Each is one file whose name proves that it is complete.

`checkpoints/e0003-b00012-s00000492-<digest>.safetensors`: finished epochs, finished steps of the running epoch, all
finished steps, and the first 16 digits of the content's SHA-256. The safetensors header holds one string, `mfps`: JSON.
Nothing is ever unpickled.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor

from ..errors import MfpsError, shown
from ..files.atomic_file import remove_partials, write_atomically
from ..files.safetensors_header import check_safetensors

CHECKPOINT_FORMAT = "mfps.checkpoint/2"
DEGRADED_BY_POSITION = "mfps.checkpoint/1"
"""The format of version 0.1, where a face's degradation followed from its position in the list, not from its name."""

CHECKPOINTS = "checkpoints"
DIGITS = 16
NAME = re.compile(rf"e(\d{{4,9}})-b(\d{{5,9}})-s(\d{{8,12}})-([0-9a-f]{{{DIGITS}}})\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run between two steps.

    Attributes:
        epoch: finished epochs.
        batch: finished steps of the running epoch; 0 between two epochs.
        step: all finished steps.
        tensors: by name, on the CPU.
        state: everything else, as JSON data.
    """

    epoch: int
    batch: int
    step: int
    tensors: dict[str, Tensor] = field(repr=False)
    state: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class _Stored:
    file: Path
    epoch: int
    batch: int
    step: int
    digest: str


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: the run folder.
        keep: how many of the newest are kept. The last one between two epochs and the best one are kept too.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder = folder / CHECKPOINTS
        self.keep = keep

    def save(self, checkpoint: Checkpoint, best_step: int | None = None) -> Path:
        """Write a checkpoint, then remove the ones that are no longer kept.

        Args:
            checkpoint: the state.
            best_step: the step after which the best epoch ended; the checkpoint of that moment is kept.

        Raises:
            MfpsError: it cannot be written; earlier checkpoints stay.
        """
        self.folder.mkdir(exist_ok=True)
        text = json.dumps({"format": CHECKPOINT_FORMAT, "state": checkpoint.state}, allow_nan=False)
        content = save(checkpoint.tensors, metadata={"mfps": text})
        digest = hashlib.sha256(content).hexdigest()[:DIGITS]
        name = f"e{checkpoint.epoch:04d}-b{checkpoint.batch:05d}-s{checkpoint.step:08d}-{digest}.safetensors"
        write_atomically(self.folder / name, content)
        self._prune(best_step)
        return self.folder / name

    def newest(self, warn: Callable[[str], None], between_epochs: bool = False) -> Checkpoint | None:
        """The newest intact checkpoint; truncated or changed ones are skipped.

        Args:
            warn: called with a message for each one that is skipped.
            between_epochs: consider only checkpoints between two epochs.

        Raises:
            MfpsError: one is intact but of another version, or may not be read. It is not skipped, as it may hold more
                progress than the earlier ones.
        """
        for stored in reversed(self._stored()):
            if between_epochs and stored.batch:
                continue
            checkpoint = _read(stored)
            if checkpoint is not None:
                return checkpoint
            warn(f"{stored.file}: the checkpoint is truncated or was changed, and is skipped")
        return None

    def check_version(self) -> None:
        """Raise an MfpsError if the newest intact checkpoint is of another version; reads little if it is not."""
        for stored in reversed(self._stored()):
            try:
                check_safetensors(stored.file, "checkpoint", "resume from another one")
                with safe_open(stored.file, "pt") as opened:
                    version = json.loads(opened.metadata()["mfps"])["format"]
            except (MfpsError, SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError):
                continue
            _check_version(stored.file, version)
            return

    def drop_after(self, checkpoint: Checkpoint | None) -> None:
        """Remove everything saved after the checkpoint from which a run continues; everything if there is none.

        Otherwise these would count as the newest, and the run's next checkpoints would not be kept.
        """
        last = (checkpoint.step, checkpoint.epoch) if checkpoint else (-1, -1)
        for stored in self._stored():
            if (stored.step, stored.epoch) > last:
                stored.file.unlink(missing_ok=True)

    def _stored(self) -> list[_Stored]:
        """All checkpoints, oldest first."""
        files = self.folder.iterdir() if self.folder.is_dir() else ()
        matched = [(file, NAME.fullmatch(file.name)) for file in files]
        stored = [
            _Stored(file, int(match[1]), int(match[2]), int(match[3]), match[4]) for file, match in matched if match
        ]
        return sorted(stored, key=lambda one: (one.step, one.epoch, one.digest))

    def _prune(self, best_step: int | None) -> None:
        stored = self._stored()
        between = [one for one in stored if one.batch == 0]
        kept = {*stored[-self.keep :], *between[-1:], *(one for one in between if one.step == best_step)}
        for one in stored:
            if one not in kept:
                one.file.unlink(missing_ok=True)
        remove_partials(self.folder)


def _read(stored: _Stored) -> Checkpoint | None:
    if stored.file.is_file() and not os.access(stored.file, os.R_OK):
        raise MfpsError(f"{stored.file}: no permission to read the checkpoint; change its permissions")
    try:
        check_safetensors(stored.file, "checkpoint", "resume from another one")
        content = stored.file.read_bytes()
    except MfpsError:
        return None
    if hashlib.sha256(content).hexdigest()[:DIGITS] != stored.digest:
        return None
    try:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["mfps"])
        version, state, tensors = header["format"], header["state"], load(content)
    except (SafetensorError, KeyError, TypeError, ValueError, RecursionError):
        return None
    _check_version(stored.file, version)
    return Checkpoint(stored.epoch, stored.batch, stored.step, tensors, state)


def _check_version(file: Path, version: object) -> None:
    if version == DEGRADED_BY_POSITION:
        raise MfpsError(
            f"{file}: the run was begun when a face's degradation followed from its position in the list; now its name "
            "decides, and the run would go on with other degradations; continue with the version of mfps that began "
            "it, or start again with `overwrite`"
        )
    if version != CHECKPOINT_FORMAT:
        raise MfpsError(
            f"{file}: the checkpoint is {shown(version)}, not {CHECKPOINT_FORMAT!r}; continue with the version of mfps "
            "that wrote it, or start again with `overwrite`"
        )
