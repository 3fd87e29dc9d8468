"""The official MFPSNet state dict: our names for its keys, and the keys that nothing uses.

Every difference in naming and every quirk of the published network is in this file as data;
docs/published-network.md explains them key by key. Source: the public state dict's keys and shapes, as facts; none of
its code is here.
"""

from collections.abc import Iterable, Mapping

from torch import Tensor

from ..errors import MfpsError
from ..genotypes.branch_genotype import BranchGenotype
from ..genotypes.formats.published_arrays import PUBLISHED_OPERATIONS, as_published
from ..genotypes.genotype import Genotype
from ..genotypes.space import OUTPUT_NODES, RATES, cell_channels, cell_width
from .operations import CANDIDATES

OFFICIAL_BRANCHES = {
    "upsample": "sr_feature",
    "parsing": "parse_feature",
    "heatmap": "heat_feature",
    "dictionary": "dict_feature",
    "fusion": "fusion_feature",
}
"""The branches, with their official modules."""

MODULES = {
    "conv_first": "conv_first",
    "encoder": "RDB_first",
    "prior_inputs.parsing": "parse_conv",
    "prior_inputs.heatmap": "heat_conv",
    "prior_inputs.dictionary.0": "dict_conv1",
    "prior_inputs.dictionary.1": "dict_conv2",
    "prior_inputs.dictionary.2": "dict_conv3",
    "prior_output": "conv8",
    "fusion_output.0": "fusionconv1",
    "fusion_output.1": "fusionconv2",
    "redistill.1": "redis_Conv1",
    "redistill.3": "redis_Conv2",
    "refine": "RDB_last",
    "conv_refined": "conv_afterRDB",
    "conv_up.0": "conv_up1",
    "conv_up.1": "conv_up2",
    "conv_up.2": "conv_up3",
    "conv_hr": "conv_hr",
    "conv_last": "conv_last",
}
"""Modules outside the paths, with their official names."""

UNUSED_MODULES = {"conv1": (64, 50), "conv2": (50, 38), "conv3": (38, 24)}
"""Official 3x3 convolutions that no forward pass reaches: input and output channels."""

NORM_KINDS = ("weight", "bias", "running_mean", "running_var")
"""Tensors of a batch norm that have one value a channel; `num_batches_tracked` is a scalar."""


def check_published(genotype: Genotype) -> None:
    """Raise an MfpsError if a genotype has a branch that the published network does not have."""
    if unpublished := [branch for branch in genotype.present if branch not in OFFICIAL_BRANCHES]:
        raise MfpsError(
            f"genotype {genotype.name} has a branch {unpublished[0]}, which the published network does not have: its "
            f"branches are {', '.join(OFFICIAL_BRANCHES)}; give the genotype that the checkpoint was trained with, "
            "such as mfpsnet"
        )


def published_keys(genotype: Genotype, ours: Iterable[str]) -> dict[str, str]:
    """The official key of each of our state-dict keys.

    Args:
        genotype: the architecture, of any of the five branches.
        ours: keys of the state dict of the network compiled from it.

    Returns:
        The official key by our key.

    Raises:
        MfpsError: the published network lacks a branch of it.
    """
    check_published(genotype)
    return {key: _published_key(key, genotype) for key in ours}


def unused_shapes(genotype: Genotype) -> dict[str, tuple[int, ...]]:
    """Official keys that the forward pass never uses, and their shapes.

    They are: three convolutions; a first cell's projection of s0, where s0 already has the cell's width and is used
    unchanged; the head's steps above the level where the path ends; the batch norm of each head's last step, which is a
    bare convolution.

    Args:
        genotype: the architecture, of any of the five branches.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (inputs, outputs) in UNUSED_MODULES.items():
        shapes |= {f"{name}.weight": (outputs, inputs, 3, 3), f"{name}.bias": (outputs,)}
    for name, branch in genotype.present.items():
        module = OFFICIAL_BRANCHES[name]
        if branch.path[0] == branch.start_rate:
            width = cell_width(branch.width, branch.start_rate)
            shapes |= _projection(f"{module}.cells.0.pre_preprocess", width, width)
        for rate in RATES[:-1]:
            if rate < branch.path[-1]:
                inputs, outputs = cell_channels(branch.width, rate), cell_channels(branch.width, 2 * rate)
                shapes |= _projection(f"{module}.{_head_step(name, rate)}", inputs, outputs)
        shapes |= _norm(f"{module}.{_head_step(name, RATES[-1])}", OUTPUT_NODES * branch.width)
    return shapes


def paired_as_published(genotype: Genotype, state: Mapping[str, Tensor]) -> Genotype | None:
    """The genotype with the operations of its cells moved to the edges on which a checkpoint's cells run them.

    A published cell holds its operations in the order of its rows and runs them in edge order, so the Nth operation of
    the checkpoint is that of the Nth kept edge.

    Args:
        genotype: the architecture, of any of the five branches.
        state: a state dict under the official keys.

    Returns:
        The genotype, with this one's hash as `paired_from` in its provenance if an operation moved. None if the
        checkpoint's operations are not those of the genotype in any order.

    Raises:
        MfpsError: the published network lacks a branch of it.
    """
    check_published(genotype)
    cells = {}
    for name, branch in genotype.present.items():
        found = [_operation(state, f"{OFFICIAL_BRANCHES[name]}.cells.0._ops.{n}") for n in range(len(branch.cell))]
        if sorted(found) != sorted(branch.operations.values()):
            return None
        cells[name] = as_published(branch.operations, found)
    if all(cell == genotype.present[name].cell for name, cell in cells.items()):
        return genotype
    branches = {name: genotype.present[name].model_copy(update={"cell": cell}) for name, cell in cells.items()}
    provenance = {**genotype.provenance, "paired_from": genotype.hash}
    return genotype.model_copy(
        update={"branches": genotype.branches.model_copy(update=branches), "provenance": provenance}
    )


def _operation(state: Mapping[str, Tensor], module: str) -> str:
    """The operation whose tensors a module has; a skip has none. Empty if it is no published one."""
    weight = state.get(f"{module}.conv.weight")
    kernels = [] if weight is None else [weight.shape[-1] if weight.ndim == 4 else 0]
    of = {tuple(part.kernel for part in CANDIDATES[name].convolutions): name for name in PUBLISHED_OPERATIONS}
    return of.get(tuple(kernels), "")


def _published_key(key: str, genotype: Genotype) -> str:
    if key.startswith("paths."):
        _, branch, *rest = key.split(".")
        return f"{OFFICIAL_BRANCHES[branch]}.{_path_key(rest, branch, genotype.present[branch])}"
    place = max((place for place in MODULES if key.startswith(f"{place}.")), key=len)
    module, rest = MODULES[place], key.removeprefix(f"{place}.")
    if place in ("encoder", "refine"):
        block, _, conv, kind = rest.split(".")
        return f"{module}.{block}.conv{int(conv) + 1}.{kind}"
    return f"{module}.{rest}"


def _path_key(parts: list[str], name: str, branch: BranchGenotype) -> str:
    match parts:
        case ["stem", *tail]:
            return ".".join(["stem0", *tail])
        case ["cells", cell, "edges", edge, _, *tail]:
            # The published cell numbers its operations in the order of the kept edges.
            number = [kept.name for kept in branch.operations].index(edge)
            return ".".join(["cells", _layer(cell), "_ops", str(number), *tail])
        case ["s0" | "s1" as side, projection, "project", *tail]:
            official = "pre_preprocess" if side == "s0" else "preprocess"
            return ".".join(["cells", _layer(projection), official, *tail])
        case ["head", "last", kind]:
            return f"{_head_step(name, RATES[-1])}.conv.{kind}"
        case ["head", "climb", rate, *tail]:
            return ".".join([_head_step(name, int(rate.removeprefix("r"))), *tail])
    raise AssertionError(f"a path has no tensor {'.'.join(parts)}")


def _layer(module: str) -> str:
    """The layer in a name such as `l3_r4`."""
    return module.partition("_")[0].removeprefix("l")


def _head_step(branch: str, rate: int) -> str:
    """The official name of the head's step at a rate: the upsampling path counts rates, the others strides."""
    return f"last_{rate if branch == 'upsample' else RATES[-1] // rate}"


def _projection(module: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{module}.conv.weight": (outputs, inputs, 1, 1), **_norm(module, outputs)}


def _norm(module: str, channels: int) -> dict[str, tuple[int, ...]]:
    norm = f"{module}.bn"
    return {**{f"{norm}.{kind}": (channels,) for kind in NORM_KINDS}, f"{norm}.num_batches_tracked": ()}
