"""Those who run jobs on this machine: threads of this process, each of which waits for the process of one job."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from .job_folder import JobFolder, Sitting
from .sitting import sit


class Workers:
    """Jobs as processes on this machine, some at a time.

    Args:
        count: how many run at a time; they share the cores.
    """

    def __init__(self, count: int) -> None:
        self._count, self._stops = count, 0
        self._threads = max(1, cores() // count)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="job")
        self._running: dict[Future[Sitting | None], JobFolder] = {}

    @property
    def free(self) -> int:
        """How many more jobs may start now."""
        return self._count - len(self._running)

    def start(self, folder: JobFolder, say: Callable[[str], None]) -> None:
        """Start a job, which has been prepared.

        Args:
            folder: the job's.
            say: told what people should know.
        """
        future = self._pool.submit(sit, folder, self._threads, lambda: self._stops, say)
        self._running[future] = folder

    def ended(self) -> list[JobFolder]:
        """The jobs that have ended, well or not; each is returned once."""
        ended = [future for future in self._running if future.done()]
        for future in ended:
            future.result()  # an error of this program, not of the job
        return [self._running.pop(future) for future in ended]

    @property
    def running(self) -> int:
        """How many jobs have started and were not yet returned by `ended`."""
        return len(self._running)

    def stop(self) -> None:
        """Ask all jobs to stop; asked again, they end at once."""
        self._stops += 1

    def finish(self) -> None:
        """Wait until all jobs have ended."""
        self._pool.shutdown(wait=True)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
