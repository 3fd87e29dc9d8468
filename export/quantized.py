"""ONNX files with 8-bit weights and activations, whose ranges are taken from real faces."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..files.atomic_file import write_atomically
from ..images.metrics import psnr
from ..images.tensors import to_uint8
from ..inference.export_metadata import ExportMetadata
from .face_graph import GraphSpec, enlarged_face512
from .faces import FaceReader
from .parity import Restored
from .quiet import quiet


class QuantizationLoss(NamedTuple):
    """What 8 bits cost."""

    before: float
    """Mean PSNR of the network's last picture against the clean face, in dB."""
    after: float
    """The same of the file's."""
    faces: str
    """On what, none of which was used to find the ranges."""


def quantize_onnx(file: Path, faces: FaceReader, spec: GraphSpec, metadata: ExportMetadata) -> None:
    """Quantise an ONNX file in place, statically, in onnxruntime's QDQ form.

    The first and the last convolution stay as they are: what they round is seen in every pixel.

    Args:
        file: the ONNX file in float32.
        faces: those from which ranges are taken.
        spec: what the file computes.
        metadata: what the file is to say about itself.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static

    given = ({name: a.numpy() for name, a in faces.read((i,)).file_inputs(spec).items()} for i in range(len(faces)))

    class Faces(CalibrationDataReader):
        def get_next(self) -> dict[str, np.ndarray] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
            return next(given, None)

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


def loss_of(network: Restored, file: Restored, faces: FaceReader, spec: GraphSpec) -> QuantizationLoss:
    """What was lost: the last pictures of both against the clean faces.

    Args:
        network: runs the network.
        file: runs the file.
        faces: faces that were not used to find the ranges.
        spec: what the file computes.
    """
    scores = []
    for number in range(len(faces)):
        face = faces.read((number,))
        clean = enlarged_face512(face.clean) * 0.5 + 0.5 if spec.wrapped else face.clean
        (expected,) = to_uint8(clean.numpy())
        scores.append([psnr(to_uint8(run(face)[-1].numpy())[0], expected) for run in (network, file)])
    before, after = np.mean(scores, axis=0)
    return QuantizationLoss(float(before), float(after), faces.described)
