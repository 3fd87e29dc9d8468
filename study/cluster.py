"""Those who run jobs on a cluster, through submitit: SLURM, or for a try submitit's own processes on this machine.

The study's folder must be on a file system that all machines share. A running job is stopped by a file in its folder,
for which it looks itself, so that it saves in peace whatever the cluster's grace is; one that still waits is cancelled.
A job that the cluster interrupts for its time limit is put back into the queue, and continues.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from ..errors import MfpsError, printable
from ..files.temporary_folder import temporary_folder
from .job_folder import LOG, JobFolder, Sitting
from .sitting import sit

if TYPE_CHECKING:
    import submitit

STOP = "stop.request"
"""In a job's folder, what asks it to stop."""

LOGS = "cluster"
"""In the study's folder, what submitit writes."""

USUAL = {"timeout_min": 24 * 60, "cpus_per_task": 1, "name": "mfps-study"}
"""Parameters of submitit where none are given."""


class ClusterSitting:
    """A sitting of a job, as a cluster runs it.

    Args:
        folder: the job's.
        threads: as for `sit`.
    """

    def __init__(self, folder: JobFolder, threads: int) -> None:
        self._folder, self._threads = folder, threads

    def __call__(self) -> Sitting | None:
        """Run the job's command to its end."""
        request = self._folder.path / STOP
        return sit(self._folder, self._threads, lambda: int(request.exists()))

    def checkpoint(self) -> "submitit.helpers.DelayedSubmission":
        """What submitit puts back into the queue where the time limit is reached."""
        import submitit

        return submitit.helpers.DelayedSubmission(self)


class ClusterWorkers:
    """Jobs in the queue of a cluster, some at a time.

    Args:
        cluster: `slurm` or `local`.
        folder: the study's.
        count: how many are in the queue at a time, running or waiting.
        parameters: of submitit, besides the usual ones.

    Raises:
        MfpsError: submitit is missing, there is no such cluster here, or a parameter is none of submitit's.
    """

    def __init__(self, cluster: str, folder: Path, count: int, parameters: Mapping[str, Any]) -> None:
        self._count, self._given = count, {**USUAL, **parameters}
        self._executor = _executor(cluster, folder / LOGS, self._given)
        self._sat: dict[str, int] = {}
        """How many sittings each job had when it was put into the queue."""
        self._running: list[tuple[submitit.Job[Sitting | None], JobFolder]] = []

    @property
    def free(self) -> int:
        """How many more jobs may start now."""
        return self._count - len(self._running)

    def start(self, folder: JobFolder, _say: Callable[[str], None]) -> None:
        """Put a job, which has been prepared, into the queue."""
        (folder.path / STOP).unlink(missing_ok=True)
        submitted = self._executor.submit(ClusterSitting(folder, int(self._given["cpus_per_task"])))
        self._sat[folder.job.name] = len(folder.sittings())
        self._running.append((submitted, folder))

    def ended(self) -> list[JobFolder]:
        """The jobs that have ended, well or not; each is returned once."""
        ended = [one for one in self._running if one[0].done()]
        self._running = [one for one in self._running if one not in ended]
        for submitted, folder in ended:
            if len(folder.sittings()) == self._sat[folder.job.name]:
                _record_loss(submitted, folder)
        return [folder for _, folder in ended]

    @property
    def running(self) -> int:
        """How many jobs are in the queue or run, and were not yet returned by `ended`."""
        return len(self._running)

    def stop(self) -> None:
        """Ask all jobs to stop."""
        for submitted, folder in self._running:
            (folder.path / STOP).touch()
            if submitted.state == "PENDING":
                submitted.cancel(check=False)

    def finish(self) -> None:
        """Wait until all jobs have ended."""
        for submitted, folder in self._running:
            if submitted.state != "PENDING":
                submitted.wait()
            (folder.path / STOP).unlink(missing_ok=True)


def check_cluster(cluster: str, parameters: Mapping[str, Any]) -> None:
    """Raise an MfpsError unless jobs can be given to a cluster with some parameters; nothing is left behind."""
    with temporary_folder("study") as folder:
        _executor(cluster, folder, {**USUAL, **parameters})


def _record_loss(submitted: "submitit.Job[Any]", folder: JobFolder) -> None:
    """Record as failed what the cluster has lost before it could say anything."""
    problem = str(submitted.exception() or "it ended and recorded nothing").strip().splitlines()[-1]
    with (folder.path / LOG).open("a", encoding="utf-8") as log:
        log.write(f"the cluster's job {submitted.job_id} was lost: {printable(problem)}\n")
    folder.add_sitting(Sitting(cpu_seconds=0.0, wall_seconds=0.0, status=1))


def _executor(cluster: str, logs: Path, parameters: Mapping[str, Any]) -> "submitit.AutoExecutor":
    try:
        import submitit
    except ImportError:
        raise MfpsError(
            f"`cluster` {cluster} needs submitit, which is not installed; install the extra `study`: "
            "pip install 'mfps[study]'"
        ) from None
    try:
        executor = submitit.AutoExecutor(logs, cluster=cluster)
        with catch_warnings():
            simplefilter("error")  # it warns of names that it only guesses
            executor.update_parameters(**parameters)
    except (UserWarning, RuntimeError, NameError, TypeError, ValueError, AssertionError) as error:
        problem = str(error).splitlines()[0]
        raise MfpsError(f"`cluster` {cluster}: {problem}; see the parameters of submitit.AutoExecutor") from None
    return executor
