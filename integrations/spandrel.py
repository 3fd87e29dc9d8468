"""Networks as an architecture of spandrel, by which ComfyUI, chaiNNer and others load the files of image models.

`install` makes spandrel recognise the files, `spandrel_state` makes their content. Such a program gives a model a
picture and nothing else, so what is written of a network with facial priors is what runs without them: its first
iteration, which is the upsampling branch alone, as `mfps restore` runs it where there are no priors.

spandrel itself is only needed, and imported, to load a file with it.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..errors import MfpsError, shortened
from ..genotypes.genotype import Branches
from ..inference.compile import CompiledNetwork, compile_genotype
from ..inference.network_facts import GenotypeFacts
from ..networks.restorer import STRIDE
from .genotype_buffers import BACKBONE, BUFFERS, REMEDY, from_buffers, to_buffers

ARCHITECTURE = "mfps"
"""The architecture's ID in spandrel."""


def spandrel_state(compiled: CompiledNetwork, half: bool = False) -> dict[str, Tensor]:
    """What a file for spandrel holds: the weights, and the architecture as integer buffers.

    Saved as .safetensors or, by `torch.save`, as .pth, it needs no header and nothing around it.

    Args:
        compiled: the network. Of one with priors the prior branches, the fusion branch and the later iterations are
            left out.
        half: write float16 instead of float32.

    Returns:
        Contiguous tensors on the CPU, which share nothing with the network.

    Raises:
        MfpsError: a weight is not finite, or too large for float16.
    """
    facts = _without_priors(compiled)
    with torch.device("meta"):
        kept = compile_genotype(facts.genotype, facts.config).state_dict().keys()
    dtype = torch.float16 if half else torch.float32
    state = {name: tensor for name, tensor in compiled.restorer.state_dict().items() if name in kept}
    for name, tensor in state.items():
        converted = tensor.detach().cpu().to(dtype if tensor.is_floating_point() else tensor.dtype)
        if not converted.isfinite().all():
            raise MfpsError(
                f"{name} holds values that float{16 if half else 32} cannot: "
                + ("write float32" if tensor.isfinite().all() else "the network has diverged; train it again")
            )
        state[name] = converted.contiguous().clone()
    return state | to_buffers(facts)


def network_of(state: Mapping[str, Any]) -> CompiledNetwork:
    """Rebuild the network of a state dict that `spandrel_state` made; spandrel is not needed for it.

    Args:
        state: the state dict.

    Returns:
        The network in eval mode on the CPU, in float32.

    Raises:
        MfpsError: a buffer or a weight is missing or damaged, or the file was written by a newer version.
    """
    facts = from_buffers(state)
    weights = {name: tensor for name, tensor in state.items() if name not in (*BUFFERS, BACKBONE)}
    with torch.device("meta"):  # shapes alone, before anything of the size that the buffers claim is made
        wanted = {
            name: _kind(tensor) for name, tensor in compile_genotype(facts.genotype, facts.config).state_dict().items()
        }
    for name in dict.fromkeys((*wanted, *weights)):
        found = _kind(weights[name]) if name in weights else None
        if found != wanted.get(name):
            raise MfpsError(
                f"the weight {shortened(name, 60)} is {found or 'missing'} where the architecture has "
                f"{wanted.get(name, 'none')}; {REMEDY}"
            )
        if not weights[name].isfinite().all():
            raise MfpsError(f"the weight {name} holds values that are not finite; {REMEDY}")
    restorer = compile_genotype(facts.genotype, facts.config)
    restorer.load_state_dict(weights)
    return CompiledNetwork(facts.genotype, facts.config, facts.provenance, restorer.eval())


def install() -> None:
    """Make spandrel load such files, in this process. Doing it again changes nothing.

    Raises:
        MfpsError: spandrel is not installed, or cannot be imported.
    """
    spandrel = _imported()
    registry = spandrel.MAIN_REGISTRY
    if ARCHITECTURE in registry:
        return
    # Ours is recognised by names that no other architecture has, so it may come first, and none can take its files.
    others = tuple(support.architecture.id for support in registry)
    registry.add(spandrel.ArchSupport.from_architecture(architecture(), before=others))


def architecture() -> Any:
    """The `spandrel.Architecture`, for a registry of one's own; `install` adds it to spandrel's.

    Raises:
        MfpsError: spandrel is not installed, or cannot be imported.
    """
    spandrel = _imported()
    from spandrel.util import KeyCondition  # pyright: ignore[reportMissingImports] - an optional package

    class MfpsArchitecture(spandrel.Architecture):  # here, as spandrel is imported only when it is needed
        """A face restorer of mfps: aligned faces, RGB in [0, 1], to restored ones of the same size."""

        def __init__(self) -> None:
            super().__init__(id=ARCHITECTURE, detect=KeyCondition.has_all(*BUFFERS))

        def load(self, state_dict: dict[str, Any]) -> Any:
            """The model of a state dict, and how spandrel is to call it."""
            network = network_of(state_dict)
            return spandrel.ImageModelDescriptor(
                network.restorer,
                network.restorer.state_dict(),
                architecture=self,
                purpose="FaceSR",
                tags=[f"{network.size}px"],
                supports_half=True,
                supports_bfloat16=True,
                scale=1,
                input_channels=3,
                output_channels=3,
                size_requirements=spandrel.SizeRequirements(multiple_of=STRIDE),
                tiling=spandrel.ModelTiling.DISCOURAGED,
                call_fn=lambda model, image: model(image)[-1],
            )

    return MfpsArchitecture()


def _without_priors(compiled: CompiledNetwork) -> GenotypeFacts:
    """What of a network runs without priors."""
    if not compiled.priors:
        return compiled
    branches = Branches(upsample=compiled.genotype.branches.upsample)
    whole = compiled.genotype.backbone
    backbone = None if whole is None else whole.model_copy(update={"fusion": None})
    alone = {"iterations": 1, "prior_channels": {}, "attention": False}
    return GenotypeFacts(
        compiled.genotype.model_copy(update={"branches": branches, "backbone": backbone}),
        compiled.config.model_copy(update=alone),
        compiled.provenance,
    )


def _kind(value: object) -> str:
    """What a weight must agree in: its kind of numbers, whatever their precision, and its shape."""
    if not isinstance(value, Tensor) or value.layout != torch.strided:
        return "no dense tensor"
    return f"{'float' if value.is_floating_point() else str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"


def _imported() -> Any:
    try:
        import spandrel  # pyright: ignore[reportMissingImports] - an optional package
    except (ImportError, RuntimeError) as error:  # torchvision raises a RuntimeError beside a torch of another build
        raise MfpsError(
            f"spandrel cannot be imported ({str(error).splitlines()[0]}); install it, and a torchvision that fits this "
            "torch: pip install spandrel"
        ) from None
    return spandrel
