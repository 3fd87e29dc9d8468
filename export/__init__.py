"""A trained network as a file that other programs take: ONNX, torch's own formats, weights; each checked when made."""

from ..callable_package import make_callable

make_callable(__name__, "export")
