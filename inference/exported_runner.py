"""What runs exported files: onnxruntime or torch, behind one call."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from ..errors import MfpsError, shortened
from .exported_archive import ArchiveKind

Kind = Literal["onnx"] | ArchiveKind
"""What an exported file is."""

Runner = Callable[[Sequence[Tensor]], Sequence[Tensor]]
"""Runs a file: its inputs in order, float32 or int64, to its outputs in order, on the CPU or on the device."""


def onnx_texts(file: Path) -> dict[str, str]:
    """What an ONNX file says about itself.

    Raises:
        MfpsError: onnxruntime is not installed, or cannot open the file.
    """
    session = onnx_session(file, 1, ["CPUExecutionProvider"], optimised=False)
    return dict(session.get_modelmeta().custom_metadata_map)


def open_runner(
    file: Path,
    kind: Kind,
    names: Sequence[str],
    outputs: int,
    threads: int | None,
    device: torch.device,
    auto: bool = False,
) -> Runner:
    """Open a file with what runs it.

    Args:
        file: the file.
        kind: what it is.
        names: what it takes besides the picture, in order.
        outputs: how many pictures come out.
        threads: on the CPU; None for as many as torch has.
        device: where it runs.
        auto: the CPU will do if that device cannot run the file.

    Raises:
        MfpsError: a package is missing, the device cannot run the file, or it is damaged.
    """
    if kind == "onnx":
        session = onnx_session(file, threads or torch.get_num_threads(), onnx_providers(device, auto))
        return _onnx_runner(file, session, names, outputs)
    if kind == "package" and device.type != "cpu":
        if not auto:
            raise MfpsError(f"`device` {device}: {file} was compiled for CPUs; choose cpu, or give an ONNX file")
        device = torch.device("cpu")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch has some for files of its own
            module = _torch_module(file, kind, device)
    except Exception as error:  # torch raises types of its own for what is damaged, or from a later version
        raise MfpsError(
            f"{file}: torch {torch.__version__} cannot open it ({shortened(str(error).strip().splitlines()[0], 120)}); "
            "export it again"
        ) from None

    def run(given: Sequence[Tensor]) -> Sequence[Tensor]:
        with torch.inference_mode(), _threads(threads):
            outputs = module(*(tensor.to(device) for tensor in given))
        return [outputs] if isinstance(outputs, Tensor) else list(outputs)

    return run


def _torch_module(file: Path, kind: Kind, device: torch.device) -> Callable[..., Any]:
    if kind == "script":
        return torch.jit.load(file, map_location=device).eval()
    if kind == "package":
        from torch._inductor import aoti_load_package

        return aoti_load_package(file)
    program = torch.export.load(file)
    if device.type != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, str(device))
    return program.module()


def onnx_providers(device: torch.device, auto: bool) -> list[Any]:
    """What onnxruntime computes with on a device.

    Args:
        device: where it runs.
        auto: the CPU will do if onnxruntime cannot use that device.

    Raises:
        MfpsError: it cannot, and the CPU will not do.
    """
    if device.type == "cuda":
        import onnxruntime

        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            return [("CUDAExecutionProvider", {"device_id": device.index or 0}), "CPUExecutionProvider"]
        if not auto:
            raise MfpsError(
                f"`device` {device}: the installed onnxruntime runs on CPUs only; install onnxruntime-gpu instead, or "
                "choose cpu"
            )
    return ["CPUExecutionProvider"]


def _onnx_runner(file: Path, session: Any, names: Sequence[str], outputs: int) -> Runner:
    picture, *others = (value.name for value in session.get_inputs())
    if sorted(others) != sorted(names) or len(session.get_outputs()) != outputs:
        raise MfpsError(f"{file}: its inputs and outputs are not those that it says; export it again")

    def run(given: Sequence[Tensor]) -> Sequence[Tensor]:
        values = {name: tensor.cpu().numpy() for name, tensor in zip((picture, *names), given, strict=True)}
        return [torch.from_numpy(output) for output in session.run(None, values)]

    return run


def onnx_session(file: Path, threads: int, providers: list[Any], optimised: bool = True) -> Any:
    """A file in onnxruntime, ready to run (an `InferenceSession`).

    Args:
        file: the ONNX file.
        threads: on the CPU.
        providers: what computes, see `onnx_providers`.
        optimised: False to read the file only.

    Raises:
        MfpsError: onnxruntime is not installed, or cannot open the file.
    """
    try:
        import onnxruntime
    except ImportError:
        raise MfpsError(f"{file}: onnxruntime, which runs it, is missing: pip install 'mfps[export]'") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # what goes wrong is raised; nothing is to be printed
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=providers)
    except Exception:  # onnxruntime has a type of its own for each kind of damage
        raise MfpsError(
            f"{file}: onnxruntime {onnxruntime.__version__} cannot open it: not an ONNX file, damaged, or with "
            "operations that it lacks; give a file of `mfps export`"
        ) from None


@contextmanager
def _threads(threads: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        if threads is not None:
            torch.set_num_threads(before)
