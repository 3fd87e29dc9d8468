"""What is run to restore faces: how often, with which priors, and where these come from."""

from pathlib import Path
from typing import NamedTuple

import torch

from ..priors.extractor import PriorExtractor
from ..priors.face_priors import stored_prior
from ..priors.prior_kind import ExternalSources
from ..priors.provenance import Source
from .config import RestoreConfig
from .exported_network import ExportedNetwork
from .network_facts import NetworkFacts
from .prior_runs import prior_extractor
from .reuse import Reuse


class RestorePlan(NamedTuple):
    """What is run."""

    passes: int
    wanted: tuple[str, ...]
    """Priors that the network would use."""
    zeroed: tuple[str, ...]
    """Those of them that are replaced by zeros."""
    extract: PriorExtractor | None
    """Finds the priors that aren't stored."""
    source: Source
    """Where the priors come from."""

    @property
    def used(self) -> list[str]:
        """The priors that the network is given."""
        return [prior for prior in self.wanted if prior not in self.zeroed]


def restore_plan(config: RestoreConfig, reuse: Reuse, source: Source, root: Path, device: torch.device) -> RestorePlan:
    """Settle what is run.

    Args:
        config: the settings.
        reuse: the network, and what is kept for it.
        source: where its priors come from.
        root: the data folder, for stored priors.
        device: where priors are found.

    Raises:
        MfpsError: the network does not take a prior that is to be dropped, or its priors cannot be found.
    """
    compiled: NetworkFacts = reuse.opened
    passes = config.iterations or compiled.last_pass
    wanted = compiled.priors if passes > 1 else ()
    compiled.check_dropped(config.drop_prior)
    zeroed = tuple(prior for prior in config.drop_prior if prior in wanted)
    if source != "clean":
        if isinstance(compiled, ExportedNetwork):
            compiled.check_found_priors(source)
        sources = ExternalSources(config.weights_dir, config.parser, config.dictionary, config.landmarks_by)
        if not wanted:
            return RestorePlan(passes, wanted, zeroed, None, source)
        extract = reuse.extractor(zeroed, lambda: prior_extractor(compiled, sources, device, zeroed))
        return RestorePlan(passes, wanted, zeroed, extract, source)
    # A network runs with fewer priors than it was trained with: missing ones are replaced by zeros and reported.
    zeroed += tuple(prior for prior in wanted if prior not in zeroed and not stored_prior(root, prior))
    if wanted and set(zeroed) == set(wanted) and compiled.gives_pass(1):
        passes = 1
    return RestorePlan(passes, wanted, zeroed, None, source)
