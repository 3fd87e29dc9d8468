"""What finds the priors of a data set: the landmark detector, and a finder for each prior that is not given."""

from typing import Any, NamedTuple

from ..engine.device import choose_device
from ..priors.kinds import PRIOR_KINDS
from ..priors.landmarks.detector import LandmarkDetector, open_detector
from ..priors.prior_kind import PriorFinder
from .config import PrepareConfig
from .given_labels import given_priors


class Finders(NamedTuple):
    """What a data set needs, loaded before anything is written."""

    detector: LandmarkDetector | None
    """None if landmarks are given or not needed."""
    priors: dict[str, PriorFinder]
    """By prior, except for those that the user supplies."""

    def networks(self) -> dict[str, dict[str, Any]]:
        """The loaded networks, by what they find."""
        found: dict[str, dict[str, Any]] = {}
        if self.detector is not None:
            found["landmarks"] = dict(self.detector.provenance())
        return found | {prior: dict(finder.network) for prior, finder in self.priors.items() if finder.network}


def open_finders(config: PrepareConfig, find_landmarks: bool) -> Finders:
    """Load what a data set needs.

    Args:
        config: the settings.
        find_landmarks: whether the landmark detector is needed.

    Raises:
        MfpsError: weights or the dictionary are missing or not the expected ones.
    """
    device = choose_device(config.device)
    detector = None
    if find_landmarks:
        detector = open_detector(config.landmarks_by, config.device, config.weights_dir, config.aligned)
    wanted = [PRIOR_KINDS[prior] for prior in config.priors if prior not in given_priors(config)]
    return Finders(detector, {kind.name: kind.finder(config.sources, device) for kind in wanted})
