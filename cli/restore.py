"""`mfps restore`."""

from typing import TYPE_CHECKING

from ..errors import MAX_PLACE, MfpsError, counted, shortened
from . import options as o

if TYPE_CHECKING:
    from ..inference.config import RestoreConfig
    from ..inference.restore import Restored


def model() -> "type[RestoreConfig]":
    """The command's fields."""
    from ..inference.config import RestoreConfig

    return RestoreConfig


def restore(config: "RestoreConfig") -> None:
    """Restore the faces of photographs, or aligned face crops.

    Whole photographs: faces are found, restored with priors found in the coarse output, and pasted back. Face crops:
    with priors from priors/ beside them or found on the fly; without priors only iteration 0 runs.
    """
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
    place = done.files[0] if len(done.files) == 1 else config.out
    if done.whole is not None:
        _report_whole(done, f"{done.size} px, {passes}", str(place))
        return
    o.report(f"restored  {counted(len(done.files), 'face')} at {done.size} px, {passes}")
    o.report(f"faces     {place}")


def _report_whole(done: "Restored", how: str, place: str) -> None:
    """Say what was done with whole photographs; bad ones end the command with an error."""
    whole = done.whole
    assert whole is not None
    written = len(whole.files) - whole.before
    if whole.before:
        o.report(f"note      {counted(whole.before, 'photograph')} done before")
    if any(file.suffix == ".jpg" for file in whole.files[:1]):
        o.report("note      jpg encodes every pixel anew; with png or webp those outside of the faces stay as they are")
    without = f", {whole.without} without a restored face" if whole.without else ""
    o.report(f"restored  {counted(whole.faces, 'face')} in {counted(written, 'photograph')} at {how}{without}")
    if (total := sum(whole.seconds.values())) and whole.faces:
        parts = ", ".join(f"{part} {taken / total:.0%}" for part, taken in whole.seconds.items())
        o.report(f"speed     {whole.faces / total:.2f} faces/s: {parts}")
    if whole.files:
        o.report(f"{'photograph' if len(whole.files) == 1 else 'photographs'} {place}")
    if whole.bad:
        name, reason = next(iter(whole.bad.items()))
        count = len(whole.bad) + len(whole.files)
        rest = "; the others are done, and `resume` tries it again" if whole.files else ""
        raise MfpsError(
            f"{len(whole.bad)} of {counted(count, 'photograph')} skipped, first {shortened(name, MAX_PLACE)}: "
            f"{reason}{rest}"
        )
