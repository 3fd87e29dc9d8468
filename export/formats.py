"""The table of formats that a network is exported to: whatever differs between them, it says here.

To add one, append a row; nothing else knows the formats by name.
"""

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import MfpsError

if TYPE_CHECKING:
    from torch import nn

    from .job import ExportJob


class Format(NamedTuple):
    """A row of the table of formats.

    Attributes:
        endings: what follows the name of the export, for each file.
        write: writes the file of that name.
        use: three lines of Python that use the file, with `{file}`; `{results}`, names of the outputs; and the inputs'
            names as `{arguments}` or, in a dictionary, `{named}`.
        runtime: the package whose version is recorded, because it runs the file.
        packages: what must be installed besides torch; the extra `export` has them.
        load: for files that hold weights alone, and nothing of size, passes, priors and wrapping: rebuilds the network.
            Without it, writing takes a program of torch.export, and the file is opened as an exported one.
        compiles: writing takes a compiler for C++, and minutes.
        pictures_only: programs give the file a picture and nothing else, so of a network with priors it holds the first
            iteration, which takes none.
    """

    endings: tuple[str, ...]
    write: Callable[["ExportJob", Path], None]
    use: tuple[str, str, str]
    runtime: str = "torch"
    packages: tuple[str, ...] = ()
    load: "Callable[[Path], nn.Module] | None" = None
    compiles: bool = False
    pictures_only: bool = False


COMPILERS = ("g++", "clang++")
"""One of them is needed to compile."""


def _write_onnx(job: "ExportJob", file: Path) -> None:
    from .onnx_file import write_onnx

    write_onnx(job, file)


def _write_program(job: "ExportJob", file: Path) -> None:
    from .torch_files import write_program

    write_program(job, file)


def _write_package(job: "ExportJob", file: Path) -> None:
    from .torch_files import write_package

    write_package(job, file)


def _write_script(job: "ExportJob", file: Path) -> None:
    from .torch_files import write_script

    write_script(job, file)


def _write_weights(job: "ExportJob", file: Path) -> None:
    from .weights_file import write_weights

    write_weights(job, file)


def _load_weights(file: Path) -> "nn.Module":
    from ..inference.compile import load_network

    return load_network(file).restorer


def _write_spandrel(job: "ExportJob", file: Path) -> None:
    from .weights_file import write_spandrel

    write_spandrel(job, file)


def _load_spandrel(file: Path) -> "nn.Module":
    from .weights_file import load_spandrel

    return load_spandrel(file)


_CALL = "{results} = network({arguments})  # tensors"

FORMATS: dict[str, Format] = {
    "onnx": Format(
        (".onnx",),
        _write_onnx,
        (
            "import onnxruntime",
            'session = onnxruntime.InferenceSession("{file}")',
            "{results} = session.run(None, {named})  # NumPy arrays",
        ),
        runtime="onnxruntime",
        packages=("onnx", "onnxscript", "onnxruntime"),
    ),
    "pt2": Format(
        (".pt2",),
        _write_program,
        ("import torch", 'network = torch.export.load("{file}").module()', _CALL),
    ),
    "aoti": Format(
        ("-aoti.pt2",),
        _write_package,
        ("import torch", 'network = torch._inductor.aoti_load_package("{file}")', _CALL),
        compiles=True,
    ),
    "torchscript": Format(
        (".torchscript",),
        _write_script,
        ("import torch", 'network = torch.jit.load("{file}")', _CALL),
    ),
    "safetensors": Format(
        (".safetensors",),
        _write_weights,
        ("import mfps", 'network = mfps.load("{file}")', 'restored = network("face.png")  # uint8 (H, W, 3), RGB'),
        load=_load_weights,
    ),
    "spandrel": Format(
        ("-spandrel.safetensors", ".pth"),
        _write_spandrel,
        (
            "import mfps.integrations.spandrel, spandrel",
            "mfps.integrations.spandrel.install()",
            'network = spandrel.ModelLoader().load_from_file("{file}")',
        ),
        load=_load_spandrel,
        pictures_only=True,
    ),
}
"""Every format by its name."""


def check_packages(names: tuple[str, ...]) -> None:
    """Raise an MfpsError unless everything is installed that these formats need.

    Args:
        names: some of `FORMATS`.
    """
    for name in names:
        missing = [package for package in FORMATS[name].packages if find_spec(package) is None]
        if missing:
            raise MfpsError(f"`format` {name} needs {' and '.join(missing)}; install with: pip install 'mfps[export]'")
        if FORMATS[name].compiles and not any(map(shutil.which, COMPILERS)):
            raise MfpsError(
                f"`format` {name} compiles C++, and there is no {COMPILERS[0]}; install one, or leave {name} out"
            )
