"""The configuration of `mfps study`."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ..engine.fields import Device
from ..errors import MfpsError, shown
from ..files.config_model import ConfigModel, Panel


def _pairs(value: Any) -> Any:
    """Parameters from their texts, `NAME=VALUE`; what looks like a number is one."""
    if isinstance(value, dict):
        return value
    pairs: dict[str, Any] = {}
    for text in [value] if isinstance(value, str) else value:
        name, equals, given = str(text).partition("=")
        if not name or not equals:
            raise MfpsError(f"{shown(text)} is not a pair: write NAME=VALUE, such as slurm_partition=gpu")
        pairs[name] = given
        for number in (int, float):
            with suppress(ValueError):
                pairs[name] = number(given)
                break
    return pairs


class StudyConfig(ConfigModel):
    """Which study is run, and where."""

    plan: Annotated[Path, Panel.COMMON]
    """YAML file: the recipe, the seeds and the arms; see docs/study.md."""
    out: Annotated[Path, Panel.COMMON]
    """New folder for the study, or that of the same plan, which goes on; arms and seeds may have been added to it."""
    jobs: Annotated[int, Panel.COMMON] = Field(default=1, ge=1, le=10_000)
    """Jobs that run at a time. On this machine they share its cores, unless OMP_NUM_THREADS is set."""
    device: Device = "auto"
    cluster: Annotated[Literal["slurm", "local"] | None, Panel.DEVICES] = None
    """Run the jobs through submitit on a SLURM cluster, or for a try as its processes on this machine (local). It needs
    the extra `study`, and an `out` that all machines share; by default the jobs run here, without submitit."""
    cluster_options: Annotated[dict[str, str | int | float], BeforeValidator(_pairs), Panel.DEVICES] = Field(
        default_factory=dict
    )
    """NAME=VALUE: parameters of submitit's AutoExecutor, such as slurm_partition=gpu, gpus_per_node=1, cpus_per_task=4
    or timeout_min=600."""

    @model_validator(mode="after")
    def _options_of_a_cluster(self) -> "StudyConfig":
        if self.cluster_options and self.cluster is None:
            raise MfpsError("`cluster_options` need a `cluster`: name it, or leave them out")
        return self
