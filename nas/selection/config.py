"""The configuration of a selection: its fields, which a search has too, and that of `mfps select`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ...engine.fields import Device
from ...files.config_model import ConfigModel, Panel
from ..budget import MaxGflops, MaxMs, MaxParameters


class SelectionFields(ConfigModel):
    """What a selection on the trained supernet looks for, and for how long."""

    max_gflops: MaxGflops = None
    max_parameters: MaxParameters = None
    max_ms: MaxMs = None
    latency: Annotated[Path | None, Panel.BUDGET] = None
    """Table of `mfps latency measure`, made on this machine for this space: it predicts how long networks take, and the
    members of the front are timed for real."""
    front_cost: Annotated[Literal["flops", "parameters"], Panel.SELECTION] = "flops"
    """The cost that the front weighs against quality."""
    select_paths: Annotated[int | None, Panel.SELECTION] = Field(default=None, ge=1)
    """Paths of each branch that are tried with the best cell, spaced evenly over their cost; by default all of them:
    233 of six layers, 1,597 of eight."""
    select_random: Annotated[int, Panel.SELECTION] = Field(default=4, ge=0, le=1000)
    """Random genotypes within the budget among the first candidates, to compare the front with."""
    population: Annotated[int, Panel.SELECTION] = Field(default=40, ge=2, le=10_000)
    """Genotypes in each generation of the evolution of paths and cells (NSGA-II)."""
    generations: Annotated[int, Panel.SELECTION] = Field(default=20, ge=0, le=100_000)
    """Generations of the evolution; with 0 only the paths are tried."""

    @property
    def limits(self) -> dict[str, str | None]:
        """The budget's limits, as `resolve_budget` takes them."""
        return {"max_gflops": self.max_gflops, "max_parameters": self.max_parameters, "max_ms": self.max_ms}


class SelectConfig(SelectionFields):
    """A selection on the supernet of a finished search. What is not given is as in the search."""

    run: Annotated[Path, Panel.COMMON]
    """Run folder of a finished search."""
    out: Annotated[Path | None, Panel.COMMON] = None
    """New folder for the front; by default it takes the place of the one in the run folder."""
    size: Annotated[int | None, Panel.COMMON] = Field(default=None, ge=8, multiple_of=8)
    """Side in pixels of the face for which costs are counted; it must be the search's, and need not be given."""
    seed: Annotated[int | None, Panel.COMMON] = Field(default=None, ge=0, lt=2**31)
    """Seed of everything random; by default the search's."""
    data: Annotated[Path | None, Panel.COMMON] = None
    """Folder of the search's faces, if it is no longer where the search had it."""
    device: Device = "auto"
