"""How good a supernet is when it is restricted to a genotype: PSNR on held-out faces, with batch norms of its own."""

from collections.abc import Iterable
from functools import partial

import torch
from torch import Tensor

from ..data.batch import FaceBatch
from ..engine.execution import Execution
from ..genotypes.genotype import Genotype
from ..networks.path import Active
from ..training.norm_statistics import estimate_norms
from ..training.validation import validation_psnr
from .search_network import SearchNetwork


class SupernetJudge:
    """Scores genotypes on a trained supernet. The running statistics of the supernet's batch norms are overwritten.

    Args:
        searched: the supernet's network, on the device.
        device: where it is.
        execution: how it is computed.
        faces: held-out faces that the scores are means over.
        training_faces: what the batch norms of a genotype are estimated from before it is scored.
        digest: SHA-256 of everything that a score depends on: the supernet's weights and all these faces.

    Attributes:
        digest: as given.
    """

    def __init__(
        self,
        searched: SearchNetwork,
        device: torch.device,
        execution: Execution,
        faces: Iterable[FaceBatch],
        training_faces: Iterable[FaceBatch],
        digest: str,
    ) -> None:
        self._searched = searched
        self._device = device
        self._execution = execution
        self._faces, self._training_faces = faces, training_faces
        self.digest = digest

    @torch.no_grad()
    def psnr(self, genotype: Genotype) -> float:
        """Mean PSNR in dB of the last iteration's output, with the supernet restricted to a genotype.

        Args:
            genotype: of the supernet's space; see `membership.check_in_space`.

        Raises:
            NotFiniteError: the output is not finite.
        """
        run = partial(self._run, self._searched.restricted(genotype))
        estimate_norms(self._searched.restorer, run, self._training_faces)
        return validation_psnr(run, self._faces).iterations[-1]

    def _run(self, active: Active, batch: FaceBatch) -> list[Tensor]:
        moved = batch.to(self._device, channels_last=self._execution.layout == "channels-last")
        with self._execution.autocast(self._device):
            outputs = self._searched.restorer(moved.degraded, moved.priors, **active._asdict())
        return [output.float() for output in outputs]
