"""The way in which a study times its networks: one, that is possible for all of them."""

from pathlib import Path

from ..bench.config import BenchConfig
from ..errors import MfpsError
from ..export.formats import check_packages
from .arms import HandMadeArm
from .plan import Plan

LISTS = ("sizes", "threads", "runtimes", "layouts", "precisions")
"""Options of `mfps bench` that take several values, of which a study gives one."""


def check_one_way(timing: BenchConfig, plan: Plan, file: Path) -> None:
    """Raise an MfpsError unless networks are timed in one way, in which all of them can be run.

    Args:
        timing: the section of the plan, filled.
        plan: the study's.
        file: where it was read, for the message.
    """
    where = f"{file}: timing"
    for name in LISTS:
        if len(getattr(timing, name)) > 1:
            raise MfpsError(f"{where}: a study times its networks in one way; give one value for `{name}`")
    if "onnxruntime" not in timing.runtimes:
        return
    for name, arm in plan.arms.items():
        if isinstance(arm, HandMadeArm):
            raise MfpsError(
                f"{where}: `runtimes` onnxruntime cannot run the network of arms.{name}, as a hand-made one is not "
                "exported; give torch"
            )
    try:
        check_packages(("onnx",))
    except MfpsError as error:
        raise MfpsError(f"{where}: `runtimes` onnxruntime: {error}") from None
