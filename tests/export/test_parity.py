"""A file is kept only if it computes what its network does."""

import pytest
import torch
from mfps.export.faces import CheckedFaces
from mfps.export.made_up_priors import GivenPriors
from mfps.export.parity import compare, psnr_of

FACES = CheckedFaces(torch.rand(3, 3, 8, 8), torch.rand(3, 3, 8, 8), GivenPriors({}, {}), "3 faces")


def compared(tmp_path, change, precision="float32"):
    file = tmp_path / "a.onnx"
    file.write_bytes(b"abc")
    return compare(
        file, "onnx", precision, lambda faces: [change(faces.degraded)], FACES, lambda faces: [faces.degraded]
    )


def test_what_is_the_same_passes(tmp_path):
    parity = compared(tmp_path, lambda faces: faces)
    assert (parity.largest, parity.mean, parity.psnr, parity.bytes) == (0, 0, 100, 3)
    assert compared(tmp_path, lambda faces: faces + 9e-5).largest == pytest.approx(9e-5, rel=0.01)


@pytest.mark.parametrize(
    ("change", "precision"),
    [
        (lambda faces: faces + 2e-4, "float32"),
        (lambda faces: faces * torch.nan, "float32"),
        (lambda faces: faces * torch.nan, "int8"),
        (lambda faces: faces + 0.01, "float16"),
        (lambda faces: faces + 0.1, "int8"),
        (lambda faces: faces if len(faces) > 1 else faces + 1, "float32"),  # another computation for one face
    ],
    ids=["rounding", "nan", "nan-int8", "narrow", "coarse", "one-face"],
)
def test_what_differs_is_refused(tmp_path, change, precision, refused):
    with refused("a.onnx: differs from the network by up to .* on 3 faces, which is beyond the limit"):
        compared(tmp_path, change, precision)


def test_narrow_formats_may_differ(tmp_path):
    assert compared(tmp_path, lambda faces: faces + 0.005, "float16").psnr == pytest.approx(46.02, abs=0.01)
    assert compared(tmp_path, lambda faces: faces + 0.03, "int8").tolerance == "PSNR 30 dB"


def test_psnr():
    a = torch.rand(2, 3, 4, 4)
    assert psnr_of([a], [a]) == 100
    assert psnr_of([a], [a + 0.1]) == pytest.approx(20, abs=1e-4)
    assert psnr_of([a], [a * torch.nan]) == 0
