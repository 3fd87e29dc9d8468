"""Whole photographs restored as a configuration says it: by which network, which faces, and what is recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ...engine.device import choose_device
from ...engine.weights import weights_in
from ...errors import MfpsError
from ...files.hashes import sha256_of
from ...images.tensors import images_to_tensor, to_uint8
from ...priors.landmarks.detector import LandmarkDetector
from ...priors.provenance import describe_priors
from ..open_runnable import make_ready
from ..prior_runs import run_with_priors
from ..restore_job import Restored, RestoreJob
from .faces_to_restore import FaceRules
from .restoring import Album, restore_album

_CHOSEN = ("iterations", "face", "least_side", "blend", "cmp", "drop_prior", "parser")
"""The settings that change a result and stand in the record as they were given."""


def restore_whole(job: RestoreJob, detector: LandmarkDetector) -> Restored:
    """Restore the faces of whole photographs.

    Args:
        job: what is to be restored.
        detector: finds the faces.

    Raises:
        MfpsError: an input cannot be used (nothing is written then), or a result cannot be written.
    """
    plan, config = job.plan, job.config
    if not job.files.single and job.files.folder.resolve().is_relative_to(job.folder.resolve()):
        raise MfpsError(f"{config.out}: lies among the photographs; give a folder outside of {job.folder} for `out`")
    device = choose_device(config.device)
    model = make_ready(job.opened, config.device, job.asked, len(job.names), job.console, plan.passes)

    @torch.no_grad()
    def run(faces: Sequence[np.ndarray]) -> np.ndarray:
        degraded = images_to_tensor(faces).to(device)
        restored = run_with_priors(model, degraded, {}, plan.source, plan.extract, plan.passes)[-1]
        return to_uint8(restored.float().cpu().numpy())

    rules = FaceRules(job.size, config.face, config.least_side)
    facts = {"weights": str(config.weights), "priors_by": plan.extract.provenance() if plan.extract else {}}
    album = Album(
        job.folder,
        job.names,
        job.files,
        rules,
        config.blend,
        config.cmp,
        config.batch_size,
        _settings(job, detector.provenance()),
        facts,
        tuple(plan.used),
    )
    remembering = job.reuse.remembering(run, plan.passes, plan.source, *plan.used)
    done = restore_album(album, detector, remembering, job.console)
    described = describe_priors(plan.used, plan.source, {}) if plan.used else ""
    return Restored(done.files, job.size, plan.passes, plan.zeroed, "", described, whole=done)


def _settings(job: RestoreJob, detector: Mapping[str, str]) -> dict[str, Any]:
    """What the results depend on, without paths and what only affects speed; files by their hash."""
    config, plan = job.config, job.plan
    return {
        **config.model_dump(mode="json", include=set(_CHOSEN)),
        "format": job.files.kind,
        "network": sha256_of(weights_in(config.weights)),
        "size": job.size,
        "passes": plan.passes,
        "priors": plan.used,
        "priors_from": plan.source if plan.used else None,
        "dictionary": sha256_of(config.dictionary) if config.dictionary and plan.used else None,
        "faces_by": dict(detector),
    }
