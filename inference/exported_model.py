"""Running exported files: whatever is inside, it is called as a network of ours is.

Legend: B faces, C channels of a prior, S side of the faces in pixels.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ..errors import MfpsError, shortened
from .export_metadata import ExportMetadata
from .exported_runner import Runner
from .folded_inputs import folded_inputs
from .network_facts import NetworkFacts

FACE_PX = 512
"""Side in pixels of the faces of `face512`."""


class ExportedModel:
    """A file that is ready to run.

    Args:
        file: the file, for messages.
        facts: what is known about its network.
        metadata: what it says about itself.
        inputs: what it takes besides the picture, in order: maps of priors by their names, or what they are drawn from.
        run: runs the file.
    """

    def __init__(
        self, file: Path, facts: NetworkFacts, metadata: ExportMetadata, inputs: Sequence[str], run: Runner
    ) -> None:
        self._file, self._facts, self._metadata, self._run = file, facts, metadata, run
        self.inputs = tuple(inputs)

    def __call__(
        self, degraded: Tensor, priors: Mapping[str, Tensor] | None = None, iterations: int | None = None
    ) -> list[Tensor]:
        """Restore a batch of faces.

        Args:
            degraded: (B, 3, S, S) in [0, 1], S being the size that the file takes.
            priors: each of `inputs`; none are needed if only the first pass is wanted, which takes none.
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
        taken = self._nothing(degraded) if wanted == [0] and not priors else priors or {}
        given = [picture, *(self._input(name, degraded, taken) for name in self.inputs)]
        outputs = self._in_batches([tensor.contiguous() for tensor in given])
        pictures = [output.to(degraded.device) for output in outputs[: len(wanted)]]
        return [picture * 0.5 + 0.5 for picture in pictures] if metadata.wrap == "face512" else pictures

    def _nothing(self, degraded: Tensor) -> dict[str, Tensor]:
        """Inputs for priors that have no effect."""
        if self._metadata.priors == "folded":
            return folded_inputs(self._facts, [{}] * len(degraded))
        channels, (batch, _, *sides) = self._facts.config.prior_channels, degraded.shape
        return {name: degraded.new_zeros(batch, channels[name], *sides, dtype=torch.float32) for name in self.inputs}

    def _input(self, name: str, degraded: Tensor, priors: Mapping[str, Tensor]) -> Tensor:
        batch, channels = len(degraded), self._facts.config.prior_channels
        maps = (batch, channels[name], *degraded.shape[2:]) if name in channels else None
        if name not in priors:
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
