"""Networks in files that mfps did not write: a state dict under our names or the published ones, checked key by key.

Such a file says nothing about its architecture, which the user names as a genotype. Width, blocks, channels of priors
and attention are seen in the shapes of its tensors.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pydantic import ValidationError
from torch import Tensor

from .. import __version__
from ..errors import MfpsError, first_violation, shortened
from ..files.hashes import sha256_of
from ..genotypes.backbone import MAX_BLOCKS
from ..genotypes.diff import diff_genotypes
from ..genotypes.formats.published_arrays import check_pairing
from ..genotypes.genotype import Genotype
from ..genotypes.prior_branches import PRIOR_BRANCHES
from ..genotypes.space import MAX_WIDTH, RATES, cell_width
from ..networks.network_config import NetworkConfig
from ..networks.published_layout import (
    MODULES,
    OFFICIAL_BRANCHES,
    paired_as_published,
    published_keys,
    unused_shapes,
)
from ..networks.restorer import STRIDE, Restorer
from ..networks.state_dict_file import read_state_dict
from ..priors.array_source import MAX_CHANNELS
from .compile import compile_genotype

IMAGE_CHANNELS = 3
TRAINED_SIZE = 128
"""Side in pixels of the faces that a network was trained on, the published one's, if nothing is said."""

LISTED = 3
"""How many keys an error names."""


class ForeignNetwork(NamedTuple):
    """A state dict of others as one of our networks."""

    restorer: Restorer
    genotype: Genotype
    """Its architecture, at the width of the tensors."""
    provenance: dict[str, Any]
    used: dict[str, str]
    """For each of our state-dict keys the one it was read from."""
    unused: tuple[str, ...]
    """Published keys that no forward pass uses."""


def import_network(
    file: Path,
    genotype: Genotype,
    known: Mapping[str, Any] | None = None,
    size: int | None = None,
    pairing: str = "rows",
) -> ForeignNetwork:
    """Read a state dict into the network of its genotype.

    Args:
        file: a .pth or safetensors file, see `read_state_dict`; its keys are ours, or those of the published code.
        genotype: the architecture that it was trained with, at any width.
        known: fields of `NetworkConfig` that no shape shows, such as `iterations` (2 with priors and 1 without, by
            default).
        size: side in pixels of the faces that it was trained on; 128 by default.
        pairing: `rows`, if the genotype says which operation each edge has; `published`, to put the operations on the
            edges on which the published cell runs them, where it was trained from rows that are not in edge order.

    Raises:
        MfpsError: the file holds more than tensors, has values that are not float32 or not finite, or does not have the
            keys and shapes of that architecture: the missing, extra and misshapen ones are counted and the first named,
            unless the pairing alone is the reason.
    """
    check_pairing(pairing)
    if size is not None and (size < STRIDE or size % STRIDE):
        raise MfpsError(f"`size` is {size}: the side of a face is a positive multiple of {STRIDE} pixels, such as 128")
    state = read_state_dict(file)
    _check_size(state, file)
    names = _Names(state, file)
    genotype = names.at_its_width(genotype)
    paired = paired_as_published(genotype, state) if names.published else None
    if pairing == "published":
        if not names.published:
            raise MfpsError(f"{file}: its keys name the edge of each operation; leave out `pairing` {pairing}")
        genotype = paired or genotype
    config = names.network_config(genotype, known or {})
    used, unused, faults = _compared(state, genotype, config, names.published)
    if faults:
        if paired not in (None, genotype) and not _compared(state, paired, config, True)[2]:
            raise _runs_other_edges(genotype, paired, file)
        raise MfpsError(
            f"{file}: not a checkpoint of genotype {genotype.name} ({'; '.join(faults)}); name its own "
            "genotype as `genotype`"
        )
    _check_values(state, file)
    restorer = compile_genotype(genotype, config)
    restorer.load_state_dict({key: state[theirs] for key, theirs in used.items()})
    provenance = {
        "kind": "imported",
        "checkpoint": file.name,
        "sha256": sha256_of(file),
        "mfps": __version__,
        "size": size or TRAINED_SIZE,
        # Published heatmap tensors begin with the picture: 3 + 68 channels.
        "heatmap_rgb": config.prior_channels.get("heatmap") == IMAGE_CHANNELS + PRIOR_BRANCHES["heatmap"].channels,
        "unused_tensors_left_out": len(unused.keys() & state.keys()),
    }
    return ForeignNetwork(restorer.eval(), genotype, provenance, used, tuple(key for key in unused if key in state))


class _Names:
    """What the tensors of a state dict say about their network, under our names or the published ones."""

    def __init__(self, state: Mapping[str, Tensor], file: Path) -> None:
        self._state = state
        self._file = file
        self.published = f"{MODULES['conv_refined']}.weight" in state

    def at_its_width(self, genotype: Genotype) -> Genotype:
        """The genotype at the width of the tensors."""
        first = self._shape("conv_first")
        if first is None:
            raise MfpsError(
                f"{self._file}: lacks conv_first.weight, which every FRSNet and MFPSNet has; it has {len(self._state)} "
                f"tensors, the first is {shortened(next(iter(self._state)), 60)}. Give the weights of such a network"
            )
        width, rest = divmod(first[0], cell_width(1, RATES[0]))
        fits = not rest and 1 <= width <= MAX_WIDTH and width != genotype.branches.upsample.width
        return genotype.with_width(width) if fits else genotype

    def network_config(self, genotype: Genotype, known: Mapping[str, Any]) -> NetworkConfig:
        """The network's configuration, apart from its paths: what the shapes show, and otherwise what is known."""
        encoder = self._name("encoder")
        blocks = len({key.split(".")[1] for key in self._state if key.startswith(f"{encoder}.")})
        if genotype.backbone is not None:
            blocks = genotype.backbone.blocks
        channels = {prior: self._prior_channels(prior) for prior in genotype.priors}
        if not all(1 <= count <= MAX_CHANNELS for count in channels.values()) or not 1 <= blocks <= MAX_BLOCKS:
            raise MfpsError(
                f"{self._file}: its network would have {blocks} blocks and its priors would have {channels} "
                "channels; give the weights of an FRSNet or MFPSNet"
            )
        later = {key.split(".")[1] for key in self._state if key.startswith("later_passes.")}
        seen = {
            **({"iterations": 1 + len(later)} if later else {}),
            "blocks": blocks,
            "prior_channels": channels,
            "attention": any(key.startswith("attention.") for key in self._state),
            "shared_norms": not later,
        }
        told = {name: value for name, value in known.items() if value is not None}
        try:
            return NetworkConfig(**{"iterations": 2 if genotype.priors else 1, **told, **seen})
        except ValidationError as error:
            raise first_violation(error, quoted=True) from None

    def _name(self, module: str) -> str:
        return MODULES[module] if self.published else module

    def _shape(self, module: str) -> tuple[int, ...] | None:
        """The shape of a convolution's weights; None if they are not there."""
        tensor = self._state.get(f"{self._name(module)}.weight")
        return tuple(tensor.shape) if tensor is not None and tensor.ndim == 4 else None

    def _prior_channels(self, prior: str) -> int:
        with_picture = PRIOR_BRANCHES[prior].with_picture
        module = f"prior_inputs.{prior}" if with_picture else f"prior_inputs.{prior}.0"
        shape = self._shape(module) if not self.published or module in MODULES else None
        if shape is None:
            return PRIOR_BRANCHES[prior].channels  # its tensors are missing, and are named as such later
        return shape[1] - IMAGE_CHANNELS * with_picture


def _keys(
    genotype: Genotype, ours: Mapping[str, Tensor], published: bool
) -> tuple[dict[str, str], dict[str, tuple[int, ...]]]:
    """Their key of each of ours; and the shapes of the published keys that nothing uses."""
    if not published:
        return {key: key for key in ours}, {}
    return published_keys(genotype, ours), unused_shapes(genotype)


def _compared(
    state: Mapping[str, Tensor], genotype: Genotype, config: NetworkConfig, published: bool
) -> tuple[dict[str, str], dict[str, tuple[int, ...]], list[str]]:
    """Compare a state dict with a network: the keys as `_keys` returns them, and what does not fit, in words."""
    with torch.device("meta"):  # shapes alone, before anything of the size that the file claims is made
        ours = compile_genotype(genotype, config).state_dict()
    keys, unused = _keys(genotype, ours, published)
    used = {keys[key]: tuple(tensor.shape) for key, tensor in ours.items()}
    # The published MFPSNet has tensors that nothing uses; a network of fewer branches need not have them.
    whole = set(OFFICIAL_BRANCHES) == set(genotype.present)
    wanted = {**used, **{key: shape for key, shape in unused.items() if whole or key in state}}
    missing = [key for key in wanted if key not in state]
    extra = [key for key in state if key not in wanted]
    misshapen = [
        f"{shortened(key, 60)} {tuple(state[key].shape)} instead of {shape}"
        for key, shape in wanted.items()
        if key in state and tuple(state[key].shape) != shape
    ]
    faults = [
        f"{len(found)} {kind}: {', '.join(shortened(key, 120) for key in found[:LISTED])}"
        f"{', ...' * (len(found) > LISTED)}"
        for kind, found in (("missing", missing), ("extra", extra), ("misshapen", misshapen))
        if found
    ]
    return keys, unused, faults


def _runs_other_edges(genotype: Genotype, paired: Genotype, file: Path) -> MfpsError:
    """What to say of a checkpoint whose cells run the genotype's operations on other edges."""
    moved = diff_genotypes(genotype, paired)
    return MfpsError(
        f"{file}: runs the operations of genotype {genotype.name} on other edges ({moved[0]}"
        f"{', ...' * (len(moved) > 1)}), as the published cell does with rows that are not in edge order; to pair them "
        "as it does, import the checkpoint or the genotype's arrays with `pairing` published (`mfps weights import`, "
        "`mfps genotype import`)"
    )


def _check_size(state: Mapping[str, Tensor], file: Path) -> None:
    """Refuse tensors that share their values or repeat them: they would take more memory than the file has bytes."""
    claimed, size = sum(tensor.numel() * tensor.element_size() for tensor in state.values()), file.stat().st_size
    if claimed > size:
        raise MfpsError(
            f"{file}: its tensors take {claimed:,} bytes, but the file has {size:,}; save the state dict with every "
            "tensor cloned"
        )


def _check_values(state: Mapping[str, Tensor], file: Path) -> None:
    for key, tensor in state.items():
        wanted = torch.int64 if key.endswith("num_batches_tracked") else torch.float32
        if tensor.dtype != wanted or tensor.layout != torch.strided or tensor.is_meta:
            raise MfpsError(
                f"{file}: {key} is {_name(tensor.dtype)}, not dense {_name(wanted)} as it must be; convert the state "
                "dict before saving it (tensor.float() for weights)"
            )
        if not tensor.isfinite().all():
            raise MfpsError(f"{file}: {key} holds values that are not finite; give an undamaged checkpoint")


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
