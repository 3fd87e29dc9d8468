"""A table of latencies: how long each part of a space's networks takes on one device, as `mfps latency measure` found.

The file carries the SHA-256 of its content, and says what it was measured with and for which space: a table of another
device, runtime or space is refused.
"""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field

from ..engine.device import device_name
from ..errors import MfpsError
from ..files.regular_file import read_text
from ..files.sealed_json import read_sealed, sealed
from ..genotypes.backbone import BackboneSpace
from ..genotypes.branch_genotype import StrictModel
from ..genotypes.space import BranchSpace
from ..networks.network_config import NetworkConfig
from .costs.parts import PartTimes

LATENCY_SCHEMA = "mfps.latency/1"
"""The file format's name and version."""

MAX_TABLE_BYTES = 16_000_000

REMEDY = "make it again with `mfps latency measure`"

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Machine(StrictModel):
    """What computed."""

    device: Literal["cpu", "cuda"]
    name: str = Field(description="Of the processor or GPU, as `mfps bench` says it.")
    runtime: Literal["torch", "onnxruntime"]
    version: str = Field(description="Of the runtime.")
    layout: str = Field(description="Memory layout of the tensors; empty where the runtime decides.")
    precision: Literal["float32", "bfloat16", "float16"]
    threads: int = Field(ge=1, le=1024)


class MeasuredSpace(StrictModel):
    """The space whose parts were measured: everything that changes what a part computes."""

    size: int = Field(ge=8, description="Side of the face in pixels.")
    network: NetworkConfig
    branches: dict[str, dict[str, Any]] = Field(description="The space of each branch.")
    backbone: dict[str, list[float | None]] = Field(description="Options of each choice; none where there is none.")


class Calibration(StrictModel):
    """From the sum of its parts to the time of a network: a line through other networks than those of the report."""

    networks: int = Field(ge=1)
    constant: int = Field(ge=0, description="Nanoseconds that are added.")
    factor: Positive

    def times(self, parts: Mapping[str, int]) -> PartTimes:
        """The times of parts in a network, by those of the parts alone, in nanoseconds."""
        return PartTimes({name: round(self.factor * ns) for name, ns in parts.items()}, self.constant)


class CheckedNetwork(StrictModel):
    """A random network of the report."""

    hash: str = Field(pattern="^[0-9a-f]{64}$", description="Its genotype's hash.")
    gflops: Positive
    predicted_ms: Positive
    measured_ms: Positive


class LatencyTable(StrictModel):
    """How long the parts of a space's networks take, for one face."""

    schema_: Literal["mfps.latency/1"] = Field(LATENCY_SCHEMA, alias="schema", description="File format and version.")
    mfps: str
    torch: str
    machine: Machine
    batch: Literal[1] = Field(1, description="Faces at a time.")
    rounds: int = Field(ge=1, description="Turns of every part, of which the median counts.")
    space: MeasuredSpace
    parts: dict[str, Annotated[int, Field(ge=0)]] = Field(description="Nanoseconds of each part, as measured alone.")
    calibration: Calibration
    networks: list[CheckedNetwork] = Field(min_length=1, description="Predicted and measured, by predicted time.")

    @property
    def times(self) -> PartTimes:
        """The calibrated times of the parts."""
        return self.calibration.times(self.parts)

    @property
    def described(self) -> str:
        """What the times hold for, in one line."""
        machine, size, passes = self.machine, self.space.size, self.space.network.iterations
        runs_as = " ".join(filter(None, (machine.precision, machine.layout)))
        threads = f", {machine.threads} thread{'s' * (machine.threads > 1)}" if machine.device == "cpu" else ""
        return (
            f"{machine.name}{threads}; {machine.runtime} {machine.version}, {runs_as}; one face of {size} px, "
            f"{passes} iteration{'s' * (passes > 1)}"
        )

    @property
    def median_error(self) -> float:
        """The median over the report's networks of how far the predicted time is from the measured one, as a share."""
        return statistics.median(abs(one.predicted_ms / one.measured_ms - 1) for one in self.networks)

    @property
    def rank_correlation(self) -> float:
        """Spearman's, of predicted and measured times; 0 where either are all equal or there are too few."""
        both = [[one.predicted_ms for one in self.networks], [one.measured_ms for one in self.networks]]
        if any(len(set(values)) < 2 for values in both):
            return 0.0
        from scipy.stats import spearmanr  # it takes half a second to load

        return float(spearmanr(*both).statistic)  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType]

    def to_json(self) -> str:
        """The file's text, with the SHA-256 of the content as `digest`."""
        content = self.model_dump(mode="json", by_alias=True)
        return sealed(content, indent=1)


def read_latency_table(file: Path) -> LatencyTable:
    """Read a table.

    Raises:
        MfpsError: there is none, or it was changed after it was written.
    """
    text = read_text(file, "table of latencies", MAX_TABLE_BYTES, "make one with `mfps latency measure`")
    return read_sealed(text, LatencyTable, LATENCY_SCHEMA, file, "table", REMEDY)


def usable_table(file: Path) -> LatencyTable:
    """Read a table that was measured on this machine.

    Raises:
        MfpsError: as `read_latency_table`; or it was measured on another device, or with another runtime.
    """
    table = read_latency_table(file)
    machine = table.machine
    if machine.device == "cuda" and not torch.cuda.is_available():
        raise MfpsError(
            f"`latency` {file}: was measured on a GPU ({machine.name}), and torch sees none here; measure here with "
            "`mfps latency measure`"
        )
    here = {"name": device_name(torch.device(machine.device)), "version": runtime_version(machine.runtime)}
    for what, name in (("device", "name"), (machine.runtime, "version")):
        if (found := getattr(machine, name)) != here[name]:
            raise MfpsError(
                f"`latency` {file}: was measured with {what} {found}, and here is {here[name] or 'none'}; measure here "
                "with `mfps latency measure`"
            )
    return table


def runtime_version(runtime: str) -> str:
    """The version of torch or onnxruntime; empty if it is not installed."""
    if runtime == "torch":
        return torch.__version__
    for package in ("onnxruntime", "onnxruntime-gpu"):
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return ""


def measured_space(
    spaces: Mapping[str, BranchSpace], config: NetworkConfig, size: int, backbones: BackboneSpace | None
) -> MeasuredSpace:
    """A space as a table describes it.

    Args:
        spaces: every branch by name, each as wide as it can be.
        config: the network apart from its paths.
        size: side of the face in pixels.
        backbones: what the backbone may be; None if it is not chosen.
    """
    branches = {name: {**asdict(space), "operations": list(space.operations)} for name, space in spaces.items()}
    choices = {} if backbones is None else backbones.choices
    backbone = {
        name: [None if option is None else float(option) for option in options] for name, options in choices.items()
    }
    # A network runs with its norms folded, so that it takes as long with one set of them as with several.
    network = config.model_copy(update={"shared_norms": True})
    return MeasuredSpace(size=size, network=network, branches=branches, backbone=backbone)


def times_for(table: LatencyTable, file: Path, space: MeasuredSpace, held: Mapping[str, Any]) -> PartTimes:
    """The times of the parts, if a table is that of a space.

    Args:
        table: the table.
        file: where it is from, for messages.
        space: the space whose networks are to be priced.
        held: the branches that are held at an architecture, and so have no space of their own.

    Raises:
        MfpsError: the table was measured for another space. The message says in what it differs first.
    """
    for name, measured, wanted in _differences(table.space.model_dump(), space.model_dump()):
        if name.split(" ")[0] not in held:
            raise MfpsError(
                f"`latency` {file}: was measured for {name} {measured}, and here it is {wanted}; measure this space "
                "with `mfps latency measure`"
            )
    return table.times


def _differences(one: dict[str, Any], other: dict[str, Any], within: str = "") -> Iterator[tuple[str, Any, Any]]:
    for key in [*one, *(key for key in other if key not in one)]:
        a, b = one.get(key, "none"), other.get(key, "none")
        if isinstance(a, dict) and isinstance(b, dict):
            yield from _differences(a, b, "" if key in ("network", "branches") else key)
        elif a != b:
            yield f"{within} {key}".strip(), a, b
