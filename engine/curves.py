"""Curves for TensorBoard, written by the thread that computes the numbers.

torch's SummaryWriter writes in its own thread: on a full disk that thread prints a traceback and dies, and the run
continues without curves. Here the error reaches the run like any other.
"""

import os
import platform
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # pyright: ignore[reportAttributeAccessIssue]
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard.summary import scalar


class Curves:
    """An event file in a folder.

    Args:
        folder: made if missing.
        step: the step from which a run continues; TensorBoard hides the points of later steps.
    """

    def __init__(self, folder: Path, step: int) -> None:
        folder.mkdir(exist_ok=True)
        now = time.time()
        name = f"events.out.tfevents.{int(now)}.{platform.node()}.{os.getpid()}.{time.monotonic_ns()}"
        self._file = (folder / name).open("wb")
        self._records = RecordWriter(self._file)
        self._write(Event(wall_time=now, file_version="brain.Event:2"))
        if step:
            self._write(Event(wall_time=now, step=step + 1, session_log=SessionLog(status=SessionLog.START)))

    def add(self, name: str, value: float, step: int) -> None:
        """Add a point."""
        self._write(Event(wall_time=time.time(), step=step, summary=scalar(name, value)))

    def flush(self) -> None:
        """Write all points to the file."""
        self._records.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, event: Event) -> None:
        self._records.write(event.SerializeToString())
