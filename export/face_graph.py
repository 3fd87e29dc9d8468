"""The network as a file holds it: tensors in, tensors out, with the resizing and the priors that are inside.

Legend: B faces, S the network's side in pixels, H and W those of a label map.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from ..inference.export_metadata import PriorInputs
from ..inference.exported_model import FACE_PX
from .folded_priors import FoldedPriors


class GraphSpec(NamedTuple):
    """What a file computes."""

    size: int
    """Side in pixels of the faces that the network sees."""
    passes: int
    outputs: tuple[int, ...]
    """The passes whose pictures come out, counted from 0."""
    channels: Mapping[str, int]
    """Channels of each prior that the passes take; none if there is but one pass."""
    priors: PriorInputs = "none"
    wrapped: bool = False
    """Faces of 512 pixels in [-1, 1] go in and come out."""
    half: bool = False
    """The network computes in float16."""

    @property
    def output_names(self) -> tuple[str, ...]:
        """`output`, or `iteration_0` and so on if there are several."""
        return ("output",) if len(self.outputs) == 1 else tuple(f"iteration_{number}" for number in self.outputs)

    def without_priors(self) -> "GraphSpec":
        """What is left where nothing but the picture is given: the first pass, if later ones take priors."""
        return self._replace(passes=1, outputs=(0,), channels={}, priors="none") if self.channels else self

    @property
    def side(self) -> int:
        """Side in pixels of the pictures that go in and come out."""
        return FACE_PX if self.wrapped else self.size


class FaceGraph(nn.Module):
    """What an exported file computes, as a module whose inputs and outputs are tensors in a fixed order.

    Args:
        restorer: the network.
        spec: what of it the file computes.
        folded: draws the priors, for `folded`.
    """

    def __init__(self, restorer: nn.Module, spec: GraphSpec, folded: FoldedPriors | None = None) -> None:
        super().__init__()
        self.spec, self.folded = spec, folded
        self.restorer = restorer.half() if spec.half else restorer

    @property
    def input_names(self) -> tuple[str, ...]:
        """`input`, the picture; then the priors' maps by their names, or what they are drawn from."""
        if self.folded is not None:
            return ("input", *self.folded.input_names)
        return ("input", *(self.spec.channels if self.spec.priors == "inputs" else ()))

    def forward(self, picture: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        """Run the passes.

        Args:
            picture: float32 (B, 3, S, S) in [0, 1], or as `face512` takes it.
            rest: the other inputs, in the order of `input_names`.

        Returns:
            The chosen passes' pictures, float32, of the shape and range of the input; not clamped, unless wrapped.
        """
        spec = self.spec
        image = shrunk_face512(picture, spec.size) if spec.wrapped else picture
        maps = self._maps(image, rest)
        if spec.half:
            image, maps = image.half(), {name: tensor.half() for name, tensor in maps.items()}
        outputs = self.restorer(image, maps, spec.passes)
        chosen = [outputs[number].float() for number in spec.outputs]
        return tuple(enlarged_face512(output) if spec.wrapped else output for output in chosen)

    def _maps(self, image: Tensor, rest: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """The priors' maps (B, C, S, S)."""
        if self.folded is not None:
            return self.folded(image, dict(zip(self.folded.input_names, rest, strict=True)))
        if self.spec.priors == "inputs":
            return dict(zip(self.spec.channels, rest, strict=True))
        side = image.shape[-2:]
        return {name: image.new_zeros(image.shape[0], count, *side) for name, count in self.spec.channels.items()}


def shrunk_face512(picture: Tensor, size: int) -> Tensor:
    """A face (B, 3, 512, 512) in [-1, 1] as the network takes it: (B, 3, size, size) in [0, 1].

    By the mean of squares of pixels where `size` divides 512, else bilinearly. Without antialiasing, which the ONNX
    exporter has computed wrongly (pytorch#177138).
    """
    image = picture * 0.5 + 0.5
    if size == FACE_PX:
        return image
    if FACE_PX % size == 0:
        return F.avg_pool2d(image, FACE_PX // size)
    return F.interpolate(image, size=(size, size), mode="bilinear", align_corners=False)


def enlarged_face512(output: Tensor) -> Tensor:
    """The network's picture (B, 3, size, size) in [0, 1] as a face (B, 3, 512, 512) in [-1, 1], bicubic."""
    if output.shape[-1] != FACE_PX:
        output = F.interpolate(output, size=(FACE_PX, FACE_PX), mode="bicubic", align_corners=False)
    return (output * 2 - 1).clamp(-1, 1)
