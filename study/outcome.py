"""What the jobs of a study came to: networks that were judged, jobs that failed, and what each job cost."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """A network of a study, trained and judged."""

    job: str
    """Name of its folder."""
    arm: str
    """The arm's name in the plan."""
    kind: str
    """Of the arm: search, random, cheapest, dearest, genotype, hand-made or again."""
    architecture: str
    """The genotype's hash, or the hand-made network's description."""
    seed: int
    """Of the training."""
    search_seed: int | None
    """Of the search that found it; None if none did."""
    budget: str | None
    """Of the search, as the plan writes it, such as `0.1 GFLOPs`."""
    parameters: int
    flops: int
    """For one face, in all iterations."""
    ms: float | None
    """Milliseconds for one face; None if it was not measured."""
    faces: tuple[str, ...]
    """Names of the judged faces."""
    psnr: tuple[float, ...]
    """Of each face, of the last iteration, in dB."""
    ssim: tuple[float, ...]
    """The same."""
    input_psnr: tuple[float, ...]
    """Of each degraded face, in dB."""
    val_psnr: float
    """Validation PSNR, in dB, of the epoch whose weights were kept."""
    supernet_psnr: dict[str, float]
    """By the name of a search's job, what this architecture scores on that supernet, in dB; may be empty."""
    cpu_seconds: float
    """Of its trainings and its judging."""
    wall_seconds: float
    """The same."""
    input_ssim: tuple[float, ...] = ()
    """Of each degraded face."""
    iterations: tuple[tuple[float, float], ...] = ()
    """PSNR in dB and SSIM of each iteration, means over the faces."""
    curve: tuple[float, ...] = ()
    """Validation PSNR of the last iteration after each epoch, in dB."""
    way: str = ""
    """What the training differs in from the study's recipe, in words; empty if it follows it."""


class Failure(NamedTuple):
    """A job that ended with an error."""

    job: str
    arm: str
    seed: int
    error: str
    """The last line of its log."""


class Spent(NamedTuple):
    """What a job cost, in all its sittings."""

    job: str
    arm: str
    what: str
    """`search`, `selection`, `training`, `judging`, `ranking` or `timing`."""
    cpu_seconds: float
    """Of the job's process and of all that it started."""
    wall_seconds: float
