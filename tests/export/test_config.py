"""What is refused before anything is read, and how lists are given."""

import pytest
from mfps.errors import MfpsError
from mfps.export.config import ExportConfig
from mfps.files.config_model import fill


def config(**values):
    return fill(ExportConfig, {"weights": "run", "out": "out", **values})


@pytest.mark.parametrize("given", ["onnx,pt2", ["onnx", "pt2"], ["onnx, pt2", "onnx"], ("onnx", "pt2")])
def test_formats_are_given_with_commas_or_one_by_one(given):
    assert config(format=given).format == ("onnx", "pt2")


@pytest.mark.parametrize(("given", "kept"), [("all", "all"), (2, "2"), ("16", "16"), (None, None)])
def test_passes(given, kept):
    assert config(iterations=given).iterations == kept


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"format": "onnx,tflite"}, "`format`: unknown format 'tflite': choose from onnx, pt2, aoti, torchscript"),
        ({"format": []}, "`format`"),
        ({"opset": 16}, "`opset`: must be greater than or equal to 17"),
        ({"opset": 21}, "`opset`: must be less than or equal to 20"),
        ({"size": 20}, "`size`: must be a multiple of 8"),
        ({"iterations": 17}, "`iterations`: must be a number from 1 to 16, or all, not 17"),
        ({"iterations": "0"}, "`iterations`: must be a number from 1 to 16, or all, not '0'"),
        ({"iterations": "both"}, "`iterations`: must be a number from 1 to 16, or all, not 'both'"),
        ({"name": "a/b"}, "`name`: 'a/b': use up to 100 letters"),
        ({"name": "-rf"}, "`name`: '-rf': use up to 100 letters"),
        ({"priors": "all"}, "`priors`: must be 'inputs', 'zeros' or 'folded'"),
        ({"wrap": "face256"}, "`wrap`: must be 'none' or 'face512'"),
        ({"half": True, "quantize": "int8"}, "`half` and `quantize` exclude each other"),
        ({"half": True, "format": "aoti"}, "`half` is for GPUs"),
        ({"quantize": "int8", "format": "pt2"}, "`quantize` int8 makes an ONNX file; add onnx to `format`"),
        ({"quantize": "int4"}, "`quantize`: must be 'int8'"),
        ({"calibration_faces": 0}, "`calibration_faces`"),
        ({"neighbours": "comfy"}, "`neighbours`: unknown program 'comfy': choose from facefusion, reactor"),
        ({"neighbours": "facefusion"}, "`neighbours` facefusion take an ONNX file of 512 pixels"),
        ({"neighbours": "reactor", "wrap": "face512", "format": "pt2"}, "have onnx in `format`"),
    ],
    ids=str,
)
def test_what_cannot_be_is_one_line(values, said):
    with pytest.raises(MfpsError) as raised:
        config(**values)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
