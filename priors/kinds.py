"""The table of priors: whatever mfps does with a prior, it looks up in the row here.

To add a prior, add a row to `genotypes/prior_branches.py`, a `PriorKind` in its own folder, and its name below.
"""

from .dictionary.kind import DICTIONARY
from .landmarks.kind import HEATMAP
from .parsing.kind import PARSING
from .prior_kind import PriorKind

PRIOR_KINDS: dict[str, PriorKind] = {kind.name: kind for kind in (HEATMAP, PARSING, DICTIONARY)}
"""Every prior by its name, in the order of a data set's report. The order of channels and branches is `PRIORS`."""
