"""Exported files as networks: opened after checks, and run by onnxruntime or torch like a network of ours.

An ONNX file is data: its operations are those of onnxruntime, and no library of others is loaded for it. The other
kinds are programs, see `inference.exported_archive`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path

import torch

from ..engine.device import choose_device
from ..errors import MfpsError
from ..files.hashes import sha256_of
from ..files.regular_file import is_file, is_folder, open_regular
from .export_metadata import ExportMetadata, read_metadata
from .exported_archive import REMEDY, is_archive, read_archive
from .exported_model import FACE_PX, ExportedModel
from .exported_runner import Kind, onnx_texts, open_runner
from .folded_inputs import FOLDED_INPUTS, check_dictionary
from .network_facts import GenotypeFacts
from .parity_file import PARITY_FILE, recorded_sha256

SUFFIXES = (".onnx", ".pt2", ".torchscript")
"""Endings of exported files."""


@dataclass(frozen=True)
class ExportedNetwork(GenotypeFacts):
    """A network in an exported file, and what the file says about it.

    Attributes:
        file: the file.
        metadata: what it says about itself.
        kind: what it is.
    """

    file: Path
    metadata: ExportMetadata
    kind: Kind

    @property
    def priors(self) -> tuple[str, ...]:
        """The priors that the file is given, as maps or as what they are drawn from; none if they are zeros inside."""
        return self.genotype.priors if self.metadata.priors in ("inputs", "folded") else ()

    @property
    def folded(self) -> bool:
        """Whether the priors are drawn inside the file."""
        return self.metadata.priors == "folded"

    @property
    def inputs(self) -> tuple[str, ...]:
        """What the file takes besides the picture, in order: maps by their names, or what they are drawn from."""
        return tuple(
            name for prior in self.priors for name in (FOLDED_INPUTS.get(prior, ()) if self.folded else (prior,))
        )

    @property
    def size(self) -> int:
        """Side in pixels of the faces that go in and come out."""
        return FACE_PX if self.metadata.wrap == "face512" else self.metadata.size

    @property
    def runtime(self) -> str:
        """What runs the file: torch or onnxruntime."""
        return "onnxruntime" if self.kind == "onnx" else "torch"

    @property
    def last_pass(self) -> int:
        """The number, from 1 on, of the last pass whose picture comes out."""
        return self.metadata.outputs[-1] + 1

    def gives_pass(self, number: int) -> bool:
        """Whether the picture of a pass, numbered from 1 on, comes out of the file."""
        return number - 1 in self.metadata.outputs

    def check_iterations(self, iterations: int | None) -> None:
        """Raise an MfpsError unless the picture of pass number `iterations`, from 1 on, comes out of the file."""
        outputs = self.metadata.outputs
        if iterations is not None and not self.gives_pass(iterations):
            raise MfpsError(
                f"{self.file}: gives the pictures of {_passes(outputs)} and not of pass {iterations}; leave "
                "`iterations` out, or export the network with `iterations` all"
            )

    def check_size(self, size: int | None) -> None:
        """Raise an MfpsError unless the file takes faces of `size` pixels."""
        if size is not None and size != self.size:
            raise MfpsError(
                f"`size` {size}: {self.file} takes faces of {self.size} pixels only; leave `size` out, or export the "
                "network at that size"
            )

    def check_priors(self, channels: Mapping[str, int], where: Path) -> None:
        """Raise an MfpsError unless each prior of `channels`, read from `where`, is what the file takes."""
        super().check_priors(channels, where)
        if self.folded and "dictionary" in channels:
            check_dictionary(where, self.metadata.dictionary_sha256, self.file)

    def check_found_priors(self, source: str) -> None:
        """Raise an MfpsError unless priors that are found in pictures can be given to the file.

        Args:
            source: where they are found, `degraded` or `coarse`.
        """
        if not self.priors:
            return
        if self.folded:
            raise MfpsError(
                f"`priors_from` {source}: {self.file} draws its priors from what is stored beside the faces; give a "
                "file that takes maps (exported with `priors` inputs), or the weights"
            )
        if source == "coarse" and not self.gives_pass(1):
            raise MfpsError(
                f"`priors_from` coarse: {self.file} does not give the picture of pass 1, in which they are found; "
                "export the network with `iterations` all"
            )

    def check_maps(self, source: str) -> None:
        """Raise an MfpsError unless the file can be given its priors as maps.

        Args:
            source: where they come from, one of `priors.provenance.SOURCES`.
        """
        if source != "clean":
            self.check_found_priors(source)
        elif self.priors and self.folded:
            raise MfpsError(
                f"{self.file}: draws its priors itself, but faces are evaluated with maps; give a file that takes maps "
                "(exported with `priors` inputs), or the weights"
            )

    def check_form(self, layout: str, precision: str) -> None:
        """Raise an MfpsError unless the file computes in what was asked for, which cannot be changed in it.

        Args:
            layout: of the tensors; only auto.
            precision: auto, float32 (whose inputs and outputs every file takes), or that of the file.
        """
        if layout != "auto":
            raise MfpsError(f"`layout` {layout}: the layout in {self.file} is fixed; leave `layout` out")
        if precision not in ("auto", "float32", self.metadata.precision):
            raise MfpsError(
                f"`precision` {precision}: {self.file} computes in {self.metadata.precision}, which is fixed; leave "
                "`precision` out, or give the weights"
            )

    def described(self) -> str:
        """What runs the file and what is in it, for reports."""
        version = torch.__version__ if self.runtime == "torch" else version_of("onnxruntime")
        what = {
            "onnx": "an ONNX file",
            "program": "a program",
            "package": "a compiled program",
            "script": "TorchScript",
        }
        return f"{self.runtime} {version}, {what[self.kind]} in {self.metadata.precision}"

    def model(self, threads: int | None = None, device: str | torch.device = "auto") -> ExportedModel:
        """Open the file to be run.

        Args:
            threads: on the CPU; None for as many as torch has been told to use.
            device: auto, cpu, cuda or cuda:N. For auto it is CUDA only where the runtime can use it.

        Returns:
            What is called as `model(degraded, priors, iterations)`, with tensors on any device.

        Raises:
            MfpsError: a package is missing, the device cannot run the file, or the file is not what it says.
        """
        chosen = choose_device(device) if isinstance(device, str) else device
        outputs = len(self.metadata.outputs)
        runner = open_runner(self.file, self.kind, self.inputs, outputs, threads, chosen, device == "auto")
        return ExportedModel(self.file, self, self.metadata, self.inputs, runner)


def is_exported(file: Path) -> bool:
    """Whether a file is an exported network, by its ending or by what is in it."""
    return not is_folder(file) and (file.suffix.lower() in SUFFIXES or (is_file(file) and is_archive(file)))


def open_exported(file: Path) -> ExportedNetwork:
    """Find out which network is in an exported file, without running it.

    Args:
        file: an ONNX file, a program of torch.export, a package of AOTInductor or a TorchScript module, written by
            `mfps export`.

    Raises:
        MfpsError: it is missing, of another program, damaged or changed after its export, or a package is missing.
    """
    with open_regular(file, "exported file", REMEDY) as opened:
        start = opened.read(64)
        if not start:
            raise MfpsError(f"{file}: is empty; {REMEDY}")
        if start.startswith(b"version https://git-lfs"):
            raise MfpsError(f"{file}: a git-lfs pointer, not the file; fetch the file with `git lfs pull`")
        opened.seek(0)
        if (recorded := recorded_sha256(file)) is not None and sha256_of(opened) != recorded:
            raise MfpsError(
                f"{file}: was changed after its export, says {PARITY_FILE} beside it; export the network again"
            )
    if start.startswith(b"PK"):
        kind, texts = read_archive(file)
    elif file.suffix.lower() == ".onnx":
        kind, texts = "onnx", onnx_texts(file)
    else:
        raise MfpsError(f"{file}: not a file of torch, or damaged; {REMEDY}, or export it again")
    metadata = read_metadata(texts, str(file))
    genotype = metadata.parsed_genotype(str(file))
    _check(metadata, genotype.priors, file)
    provenance = {**metadata.provenance, "size": metadata.size}
    return ExportedNetwork(genotype, metadata.network, provenance, file, metadata, kind)


def _check(metadata: ExportMetadata, priors: tuple[str, ...], file: Path) -> None:
    """Refuse what the metadata says if it contradicts itself."""
    outputs, config = metadata.outputs, metadata.network
    rising = sorted(set(outputs)) == list(outputs)
    if not outputs or not rising or not 0 <= outputs[0] <= outputs[-1] < config.iterations:
        raise MfpsError(f"{file}: metadata: outputs {list(outputs)} are not passes of {config.iterations}; {REMEDY}")
    if set(config.prior_channels) != set(priors):
        raise MfpsError(f"{file}: metadata: the priors of its network are not those of its genotype; {REMEDY}")
    if metadata.wrap == "face512" and metadata.priors in ("inputs", "folded"):
        raise MfpsError(f"{file}: metadata: faces of {FACE_PX} pixels alone go in, and so no priors; {REMEDY}")
    if metadata.batch is not None and metadata.batch < 1:
        raise MfpsError(f"{file}: metadata: batch {metadata.batch} is no number of faces; {REMEDY}")


def _passes(outputs: tuple[int, ...]) -> str:
    numbers = [str(number + 1) for number in outputs]
    return f"pass {numbers[0]}" if len(numbers) == 1 else f"passes {', '.join(numbers)}"
