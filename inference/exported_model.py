"""Running exported files: whatever is inside, it is called as a network of ours is.

Legend: B faces, C channels of a prior, S side of the faces in pixels.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from ..errors import MfpsError, shortened
from .export_metadata import ExportMetadata
from .exported_archive import ArchiveKind

Kind = Literal["onnx"] | ArchiveKind
"""What an exported file is."""

Runner = Callable[[Sequence[Tensor]], Sequence[Tensor]]
"""Runs a file: its inputs in order, float32 or int64, to its outputs in order, on the CPU or on the device."""

FACE_PX = 512
"""Side in pixels of the faces of `face512`."""

FOLDED_INPUTS = {"parsing": ("labels",), "heatmap": ("landmarks",), "dictionary": ("boxes", "entries")}
"""For each prior that is drawn inside a file, the inputs that it is drawn from."""


class ExportedModel:
    """A file that is ready to run.

    Args:
        file: the file, for messages.
        metadata: what it says about itself.
        inputs: what it takes besides the picture, see `input_names`.
        run: runs the file.
    """

    def __init__(self, file: Path, metadata: ExportMetadata, inputs: Sequence[str], run: Runner) -> None:
        self._file, self._metadata, self._run = file, metadata, run
        self.inputs = tuple(inputs)

    def __call__(
        self, degraded: Tensor, priors: Mapping[str, Tensor] | None = None, iterations: int | None = None
    ) -> list[Tensor]:
        """Restore a batch of faces.

        Args:
            degraded: (B, 3, S, S) in [0, 1], S being the size that the file takes.
            priors: each of `inputs`; maps are not needed if only the first pass is wanted.
            iterations: the last pass that is wanted, counted from 1; by default the last that comes out.

        Returns:
            The pictures that come out, of the passes up to that one, float32 (B, 3, S, S) on the device of `degraded`.

        Raises:
            MfpsError: the faces have another size, an input is missing or has another shape, the wanted pass does not
                come out, or the file does not compute what it says.
        """
        metadata = self._metadata
        wanted = [number for number in metadata.outputs if iterations is None or number < iterations]
        if iterations is not None and iterations - 1 not in wanted:
            raise MfpsError(f"{self._file}: does not give the picture of pass {iterations}; export it with all")
        side = FACE_PX if metadata.wrap == "face512" else metadata.size
        if degraded.ndim != 4 or degraded.shape[1:] != (3, side, side):
            raise MfpsError(f"{self._file}: takes faces (B, 3, {side}, {side}), not {tuple(degraded.shape)}")
        picture = degraded.float()
        if metadata.wrap == "face512":
            picture = picture * 2 - 1
        given = [picture, *(self._input(name, degraded, priors or {}, wanted == [0]) for name in self.inputs)]
        outputs = self._in_batches([tensor.contiguous() for tensor in given])
        pictures = [output.to(degraded.device) for output in outputs[: len(wanted)]]
        return [picture * 0.5 + 0.5 for picture in pictures] if metadata.wrap == "face512" else pictures

    def _input(self, name: str, degraded: Tensor, priors: Mapping[str, Tensor], unused: bool) -> Tensor:
        batch, channels = len(degraded), self._metadata.network.prior_channels
        maps = (batch, channels[name], *degraded.shape[2:]) if name in channels else None
        if name not in priors:
            if unused and maps is not None:
                return degraded.new_zeros(maps, dtype=torch.float32)
            raise MfpsError(f"{self._file}: takes {', '.join(self.inputs)}, and {name} is missing in `priors`")
        tensor = priors[name]
        if (maps is not None and tensor.shape != maps) or len(tensor) != batch:
            raise MfpsError(f"{self._file}: {name} has shape {tuple(tensor.shape)}, expected {maps or (batch, '...')}")
        return tensor if tensor.dtype == torch.int64 else tensor.float()

    def _in_batches(self, given: list[Tensor]) -> list[Tensor]:
        """Run the file as often as it takes for the faces it takes at a time; the last ones are repeated to fill up."""
        count, step = len(given[0]), self._metadata.batch or len(given[0])
        parts: list[Sequence[Tensor]] = []
        for start in range(0, count, step):
            part = [tensor[start : start + step] for tensor in given]
            if missing := step - len(part[0]):
                part = [torch.cat([tensor, tensor[-1:].expand(missing, *tensor.shape[1:])]) for tensor in part]
            parts.append(self._checked(part))
        return [torch.cat(list(outputs))[:count] for outputs in zip(*parts, strict=True)]

    def _checked(self, given: list[Tensor]) -> Sequence[Tensor]:
        try:
            outputs = self._run(given)
        except Exception as error:  # runtimes raise types of their own
            raise MfpsError(
                f"{self._file}: cannot be run ({shortened(str(error).strip().splitlines()[0], 120)}); export it again"
            ) from None
        shapes = [tuple(output.shape) for output in outputs]
        if shapes != [tuple(given[0].shape)] * len(self._metadata.outputs):
            raise MfpsError(f"{self._file}: gives pictures of {shapes}, which is not what it says; export it again")
        return outputs


def input_names(metadata: ExportMetadata, priors: Sequence[str]) -> tuple[str, ...]:
    """What a file takes besides the picture, in order: maps of priors by their names, or what they are drawn from.

    Args:
        metadata: what it says about itself.
        priors: the priors of its network, in the network's order.
    """
    if metadata.priors == "folded":
        return tuple(name for prior in priors for name in FOLDED_INPUTS.get(prior, ()))
    return tuple(priors) if metadata.priors == "inputs" else ()


def onnx_texts(file: Path) -> dict[str, str]:
    """What an ONNX file says about itself.

    Raises:
        MfpsError: onnxruntime is not installed, or cannot open the file.
    """
    session = _onnx_session(file, 1, ["CPUExecutionProvider"], optimised=False)
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
        session = _onnx_session(file, threads or torch.get_num_threads(), _providers(device, auto))
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


def _providers(device: torch.device, auto: bool) -> list[Any]:
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


def _onnx_session(file: Path, threads: int, providers: list[Any], optimised: bool = True) -> Any:
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
