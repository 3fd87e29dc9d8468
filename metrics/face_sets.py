"""FID and KID: how far restored faces as a set are from the clean ones, by the features of an Inception network.

All of it is computed by torch-fidelity, as papers do. It imports torchvision, so it is imported here alone, and only
where one of the two is asked for. Source: Heusel et al. (2017), Binkowski et al. (2018).
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..errors import MfpsError, shortened
from ..files.external_weights import check_weights, weights_of
from .metric import Column, MetricSources, held_weights

INCEPTION = "Inception"
"""What the list of external weights calls the network's file."""

FEATURES = 2048

ENOUGH_FACES = 10_000
"""FID of fewer faces is far from that of many, by an amount that depends on their number."""

SUBSET = 1000
"""Faces in each of KID's subsets, as in papers; all faces of a smaller set."""

SUBSETS = 100

LEAST_FACES = 2
"""A single face has no covariance."""


class SetMetric(NamedTuple):
    """A metric of two sets of faces."""

    columns: tuple[Column, ...]
    convention: Mapping[str, Any]
    """How the numbers are computed."""
    distance: Callable[[Tensor, Tensor], dict[str, float]]
    """The numbers by their keys, of the features, float32 (N, F), of some faces and of the clean ones."""


class FaceSets(NamedTuple):
    """Metrics of sets of faces, with all that they need opened."""

    metrics: Mapping[str, SetMetric]
    features: Callable[[Tensor], Tensor]
    """Maps pictures uint8 (B, 3, H, W) to their features, float32 (B, F)."""
    convention: Mapping[str, Any]
    """What a report says of each metric: how it is computed, and with which weights."""

    def features_of(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """The features, float32 (B, F), of pictures uint8 (H, W, 3) RGB of one size."""
        with torch.no_grad():
            return self.features(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)).numpy()

    def distances(self, features: np.ndarray, clean: np.ndarray) -> dict[str, float]:
        """All numbers of a set by their keys.

        Args:
            features: float32 (N, F) of its faces.
            clean: of the clean faces, likewise.
        """
        found: dict[str, float] = {}
        for metric in self.metrics.values():
            found |= metric.distance(torch.from_numpy(features), torch.from_numpy(clean))
        return found

    def check_count(self, faces: int, of_what: str) -> None:
        """Refuse a set that is too small to be one.

        Args:
            faces: how many it has.
            of_what: what they are, for the message.

        Raises:
            MfpsError: it has fewer than `LEAST_FACES`.
        """
        if faces < LEAST_FACES:
            raise MfpsError(
                f"`metrics` {next(iter(self.metrics))}: compares sets of faces, and {of_what} has {faces}; give "
                f"{LEAST_FACES} or more, or leave it out"
            )


def few_faces(count: int) -> str | None:
    """What is wrong with FID of a number of faces; None for many of them."""
    if count >= ENOUGH_FACES:
        return None
    singular = f"fewer than its {FEATURES:,} features, so that its covariances are singular; " * (count < FEATURES)
    return (
        f"fid of {count:,} faces: {singular}below some {ENOUGH_FACES:,} it is too high, by an amount that depends on "
        "their number: compare it with that of as many faces alone; kid has no such bias"
    )


def open_face_sets(asked: Sequence[str], sources: MetricSources) -> FaceSets | None:
    """Open FID and KID.

    Args:
        asked: names of metrics.
        sources: what they are opened with.

    Returns:
        Those of `SETS` that are asked for; None for none.

    Raises:
        MfpsError: torch-fidelity or the network's weights are missing.
    """
    wanted = [name for name in SETS if name in asked]
    if not wanted:
        return None
    try:
        if find_spec("torch_fidelity") is None:
            raise MfpsError("needs torch-fidelity: run `pip install 'mfps[fid]'`")
        features = _inception(sources.inception or held_weights(INCEPTION, sources.weights_dir))
    except MfpsError as error:
        raise MfpsError(f"`metrics` {wanted[0]}: {error}") from None
    metrics = {name: SETS[name] for name in wanted}
    weights = weights_of(INCEPTION)
    shared = {
        "torch-fidelity": metadata.version("torch-fidelity"),
        "network": f"{Path(weights.file).stem}, its {FEATURES} features",
        "sha256": weights.sha256,
        "computed": "in float32, on the CPU",
        "sets": "all faces of a row against the clean ones; at the top level over all degradations too",
    }
    return FaceSets(metrics, features, {name: {**metric.convention, **shared} for name, metric in metrics.items()})


def _inception(file: Path) -> Callable[[Tensor], Tensor]:
    check_weights(file, weights_of(INCEPTION))  # torch-fidelity unpickles it, whatever it holds
    try:
        package = import_module("torch_fidelity")
    except Exception as error:  # torchvision beside a torch that it was not built for can raise anything
        why = shortened(" ".join(str(error).split()), 200)
        raise MfpsError(
            f"torch-fidelity cannot be imported ({why}); install the torchvision that was built for torch "
            f"{torch.__version__}"
        ) from None
    name = "inception-v3-compat"
    network = package.FeatureExtractorInceptionV3(name, [str(FEATURES)], feature_extractor_weights_path=str(file))
    return lambda pictures: network(pictures)[0]


def _fid(features: Tensor, clean: Tensor) -> dict[str, float]:
    library = import_module("torch_fidelity.metric_fid")
    one, other = (library.fid_features_to_statistics(part) for part in (features, clean))
    return {"fid": library.fid_statistics_to_metric(one, other, verbose=False)[library.KEY_METRIC_FID]}


def _kid(features: Tensor, clean: Tensor) -> dict[str, float]:
    library = import_module("torch_fidelity.metric_kid")
    found = library.kid_features_to_metric(
        features, clean, kid_subset_size=min(SUBSET, len(features)), kid_subsets=SUBSETS, verbose=False
    )
    return {"kid": found[library.KEY_METRIC_KID_MEAN], "kid_std": found[library.KEY_METRIC_KID_STD]}


SETS: Mapping[str, SetMetric] = {
    "fid": SetMetric(
        (Column("fid", "FID", 2, "lower"),), {"what": "Frechet distance of two normal distributions"}, _fid
    ),
    "kid": SetMetric(
        (Column("kid", "KID", 5, "lower"), Column("kid_std", "sd of KID", 5, "lower")),
        {
            "what": "squared maximum mean discrepancy, unbiased; kernel (x'y / 2048 + 1) cubed",
            "subsets": f"the mean of {SUBSETS} subsets of {SUBSET:,} faces, or of all faces of a smaller set",
            "kid_std": "the standard deviation over the subsets; of a set of no more faces than a subset, 0",
        },
        _kid,
    ),
}
"""FID and KID."""
