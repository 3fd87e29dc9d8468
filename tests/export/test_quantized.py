"""8 bits: smaller, close to the network, and what they cost is said."""

import json

import onnx
from mfps.export.config import ExportConfig
from mfps.export.export import export
from mfps.inference.exported_network import open_exported


def test_a_file_of_8_bits(frsnet, prior_faces, tmp_path, exported):
    out = tmp_path / "out"
    values = {"quantize": "int8", "calibration_faces": 2, "format": ("onnx", "safetensors")}
    done = export(ExportConfig(weights=frsnet, out=out, name="net", data=prior_faces, **values))
    assert [parity.precision for parity in done.files] == ["int8", "float32"]
    assert open_exported(out / "net.onnx").metadata.precision == "int8"
    weights = [tensor for tensor in onnx.load(out / "net.onnx").graph.initializer if len(tensor.dims) == 4]
    kinds = [tensor.data_type for tensor in weights]
    assert kinds.count(onnx.TensorProto.INT8) > 10
    assert kinds.count(onnx.TensorProto.FLOAT) == 2  # the first and the last convolution
    assert {path.name for path in out.iterdir()} == {"net.onnx", "net.safetensors", "parity.json", "README.md"}
    assert done.loss is not None
    assert done.loss.faces == "3 faces of drawn"
    assert abs(done.loss.before - done.loss.after) < 1
    assert json.loads((out / "parity.json").read_text())["int8"] == done.loss._asdict()
    assert f"PSNR {done.loss.before:.2f} dB before" in (out / "README.md").read_text()


def test_without_faces_or_their_priors_there_are_no_ranges(frsnet, mfpsnet, drawn_folder, tmp_path, refused):
    with refused("`quantize` int8 needs faces, and those of the run are not there"):
        export(ExportConfig(weights=frsnet, out=tmp_path / "out", quantize="int8"))
    with refused("needs the faces' priors, and they are not stored there"):
        export(ExportConfig(weights=mfpsnet, out=tmp_path / "out", quantize="int8", data=drawn_folder))
    assert not list(tmp_path.iterdir())
