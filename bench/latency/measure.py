"""Measuring a space: its parts are timed, random networks calibrate their sum, and others show how good it is."""

import os
from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np
import torch
from rich.console import Console

from ... import __version__
from ...engine.device import choose_device, device_name
from ...engine.progress import track
from ...errors import MfpsError
from ...files.atomic_file import write_atomically
from ...files.atomic_folder import check_writable
from ...files.temporary_folder import temporary_folder
from ...genotypes.backbone import BackboneSpace, backbone_space
from ...genotypes.genotype import Genotype
from ...genotypes.sampling import count_cells, count_paths
from ...genotypes.space import SPACES, BranchSpace, search_space
from ...inference.cost_report import usual_config
from ...inference.running import Asked, executions
from ...nas.backbone_costs import BackboneCosts, space_costs
from ...nas.costs.parts import Part, PartTimes, space_parts
from ...nas.even_draws import even_architecture
from ...nas.latency_table import (
    Calibration,
    CheckedNetwork,
    LatencyTable,
    Machine,
    measured_space,
    runtime_version,
)
from ...nas.space_costs import SpaceCosts
from ...networks.network_config import NetworkConfig
from ...priors.extractor import found_channels
from .blocks import COPIES
from .calibration import fitted_line
from .config import LatencyConfig
from .running import Run, Ways, with_threads
from .turns import take_turns

CALIBRATING = 12
"""Random networks that calibrate the prediction."""

TRIES = 20
"""Draws for each network before a small space is said to have too few."""


class _Space(NamedTuple):
    branches: dict[str, BranchSpace]
    network: NetworkConfig
    backbones: BackboneSpace | None


def measure_latency(config: LatencyConfig, console: Console | None = None) -> LatencyTable:
    """Time the parts of a space's networks, and write the table.

    Args:
        config: the space, and how its networks are run.
        console: where progress is shown; by default nowhere.

    Returns:
        The table, as written.

    Raises:
        MfpsError: the space or the device cannot be used, or the runtime is missing; nothing is written then.
    """
    check_writable(config.out.absolute().parent)
    machine, space = _machine(config), _space(config)
    parts = sorted(space_parts(*space))
    costs = space_costs(space.branches, space.network, config.size, backbones=space.backbones)
    drawn = _drawn(costs, space, CALIBRATING + config.networks, config.seed)
    console = console or Console(quiet=True)
    with temporary_folder("latency") as folder, with_threads(machine.threads):
        ways = Ways(machine, config.size, folder)
        runs: dict[Part | str | None, Run] = {None: ways.nothing()}
        with track("prepare", len(parts) + len(drawn), console) as tick:
            for part in parts:
                runs[part] = ways.part(part)
                tick(part.kind)
            for genotype in drawn:
                runs[genotype.hash] = ways.network(genotype, space.network)
                tick("networks")
        with track("measure", len(runs) * (config.rounds + 1), console) as tick:
            seconds = take_turns(runs, config.rounds, ways.clock, tick)
    alone = {part: round(1e9 * max(seconds[part] - seconds[None], 0) / COPIES) for part in parts}
    table = _table(config, machine, space, alone, drawn, seconds)
    write_atomically(config.out, table.to_json())
    return table


def _table(
    config: LatencyConfig,
    machine: Machine,
    space: _Space,
    alone: Mapping[Part, int],
    drawn: Sequence[Genotype],
    seconds: Mapping[Part | str | None, float],
) -> LatencyTable:
    def priced(times: PartTimes) -> SpaceCosts | BackboneCosts:
        return space_costs(space.branches, space.network, config.size, backbones=space.backbones, times=times)

    parts = {part.name: nanoseconds for part, nanoseconds in alone.items()}
    sums = priced(PartTimes(parts))
    calibrating, checked = drawn[:CALIBRATING], drawn[CALIBRATING:]
    constant, factor = fitted_line(
        [sums.of(one.present, one.backbone).nanoseconds for one in calibrating],
        [1e9 * seconds[one.hash] for one in calibrating],
    )
    calibration = Calibration(networks=len(calibrating), constant=round(constant), factor=factor)
    costs = priced(calibration.times(parts))
    found = sorted(((costs.of(one.present, one.backbone), one.hash) for one in checked), key=lambda one: one[0][2])
    return LatencyTable(
        schema="mfps.latency/1",
        mfps=__version__,
        torch=torch.__version__,
        machine=machine,
        batch=1,
        rounds=config.rounds,
        space=measured_space(*space[:2], config.size, space.backbones),
        parts=parts,
        calibration=calibration,
        networks=[
            CheckedNetwork(
                hash=key, gflops=cost.flops / 1e9, predicted_ms=cost.nanoseconds / 1e6, measured_ms=1000 * seconds[key]
            )
            for cost, key in found
        ],
    )


def _machine(config: LatencyConfig) -> Machine:
    device = choose_device(config.device)
    if not (found := runtime_version(config.runtime)):
        raise MfpsError(f"`runtime` {config.runtime}: it is not installed; pip install 'mfps[export]'")
    if config.runtime == "onnxruntime" and (config.precision != "float32" or config.layout != "auto"):
        given = "precision" if config.precision != "float32" else "layout"
        raise MfpsError(f"`{given}` {getattr(config, given)}: onnxruntime decides; leave `{given}` out")
    chosen = executions(Asked(config.layout, config.precision), device, None)[0]
    return Machine(
        device="cuda" if device.type == "cuda" else "cpu",
        name=device_name(device),
        runtime=config.runtime,
        version=found,
        layout=chosen.layout if config.runtime == "torch" else "",
        precision=chosen.precision,  # pyright: ignore[reportArgumentType]
        threads=config.threads or os.cpu_count() or 1,
    )


def _space(config: LatencyConfig) -> _Space:
    kind = SPACES[config.space]
    if newer := [name for name in config.candidates if name not in kind.operations]:
        raise MfpsError(
            f"`operations`: unknown operation {newer[0]!r}: the {config.space} space has {', '.join(kind.operations)}"
        )
    branches = search_space(
        config.priors,
        width=config.width,
        layers=config.layers,
        fusion_layers=config.fusion_layers,
        monotone_upsample=config.monotone,
        operations=config.candidates,
        any_end=kind.any_end,
    )
    channels = found_channels(config.priors, config.heatmap_rgb)
    network = usual_config(config.priors, config.iterations, config.blocks, channels, config.attention)
    network = network.model_copy(update={"base": config.base, "base_window": config.base_window})
    return _Space(branches, network, backbone_space(config.blocks, bool(config.priors)) if kind.backbone else None)


def _drawn(costs: SpaceCosts | BackboneCosts, space: _Space, count: int, seed: int) -> list[Genotype]:
    """Different random networks, evenly over the logarithm of the FLOPs."""
    rng, found = np.random.default_rng((seed, 0)), dict[str, Genotype]()
    among = prod(count_paths(one) * count_cells(one) for one in space.branches.values())
    for _ in range(TRIES * count if count <= among else 0):
        genotype = Genotype.of(*even_architecture(space.branches, space.backbones, {}, costs, rng))
        found.setdefault(genotype.hash, genotype)
        if len(found) == count:
            return list(found.values())
    raise MfpsError(
        f"`networks`: {count - CALIBRATING} for the report and {CALIBRATING} for calibration are more than are easily "
        f"found in this space, whose branches have {among:,} architectures; lower it, or measure a larger space"
    )
