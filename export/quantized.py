"""ONNX files with 8-bit weights and activations, whose ranges are taken from real faces."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from ..files.atomic_file import write_atomically
from ..images.metrics import psnr
from ..images.tensors import to_uint8
from ..inference.export_metadata import ExportMetadata
from .face_graph import GraphSpec, enlarged_face512
from .faces import CheckedFaces
from .quiet import quiet


class QuantizationLoss(NamedTuple):
    """What 8 bits cost."""

    before: float
    """Mean PSNR of the network's last picture against the clean face, in dB."""
    after: float
    """The same of the file's."""
    faces: str
    """On what, none of which was used to find the ranges."""


def quantize_onnx(file: Path, inputs: Mapping[str, Tensor], metadata: ExportMetadata) -> None:
    """Quantise an ONNX file in place, statically, in onnxruntime's QDQ form.

    The first and the last convolution stay as they are: what they round is seen in every pixel.

    Args:
        file: the ONNX file in float32.
        inputs: faces from which ranges are taken, by the file's names of its inputs.
        metadata: what the file is to say about itself.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    class Faces(CalibrationDataReader):
        def __init__(self) -> None:
            self._number = 0

        def get_next(self) -> dict[str, np.ndarray] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
            number = self._number
            if number >= len(inputs["input"]):
                return None
            self._number += 1
            return {name: tensor[number : number + 1].numpy() for name, tensor in inputs.items()}

    convolutions = [node.name for node in onnx.load(file).graph.node if node.op_type == "Conv"]
    whole = file.with_name(f"{file.stem}-float32.onnx")
    file.rename(whole)
    with quiet():
        quantize_static(
            whole,
            file,
            Faces(),
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[convolutions[0], convolutions[-1]],
        )
    whole.unlink()
    model = onnx.load(file)
    onnx.helper.set_model_props(model, metadata.texts())
    write_atomically(file, model.SerializeToString())


def loss_of(expected: Tensor, found: Tensor, faces: CheckedFaces, spec: GraphSpec) -> QuantizationLoss:
    """What was lost: both pictures against the clean faces.

    Args:
        expected: the network's last pictures of `faces`.
        found: the file's.
        faces: faces that were not used to find the ranges.
        spec: what the file computes.
    """
    clean = to_uint8((enlarged_face512(faces.clean) * 0.5 + 0.5 if spec.wrapped else faces.clean).numpy())

    def mean(pictures: Tensor) -> float:
        scores = [psnr(picture, other) for picture, other in zip(to_uint8(pictures.numpy()), clean, strict=True)]
        return float(np.mean(scores))

    return QuantizationLoss(mean(expected), mean(found), faces.described)
