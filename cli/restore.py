"""`mfps restore`."""

from typing import TYPE_CHECKING

from . import options as o

if TYPE_CHECKING:
    from ..inference.config import RestoreConfig


def model() -> "type[RestoreConfig]":
    """The command's fields."""
    from ..inference.config import RestoreConfig

    return RestoreConfig


def restore(config: "RestoreConfig") -> None:
    """Restore faces, with priors from priors/ beside them or found on the fly; without priors only iteration 0 runs."""
    from ..inference.restore import restore as run

    done = run(config, o.console())
    if done.left_out:
        consequence = "stopped after iteration 0" if done.iterations == 1 else "zeros instead"
        o.report(f"note      without priors ({', '.join(done.left_out)}): {consequence}")
    if done.fit:
        o.report(f"note      {done.fit}")
    if done.priors:
        o.report(f"priors    {done.priors}")
    passes = "1 iteration" if done.iterations == 1 else f"{done.iterations} iterations"
    faces = "1 face" if len(done.files) == 1 else f"{len(done.files)} faces"
    o.report(f"restored  {faces} at {done.size} px, {passes}")
    o.report(f"faces     {done.files[0] if len(done.files) == 1 else config.out}")
