"""mfps: two-stage neural architecture search for blind face restoration.

Stage one (`search`) trains a supernet on degraded faces and derives a genotype; stage two (`retrain`) compiles a
genotype into a fixed network and trains it. `load` gives a trained network that restores photographs.

The names in `__all__` are the library; everything else may change between two versions. Importing this package imports
nothing else: a name brings what it needs when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import MfpsError
    from .export.config import ExportConfig
    from .export.export import export
    from .genotypes.genotype import Genotype
    from .inference.config import EvaluateConfig, RestoreConfig
    from .inference.evaluate import evaluate
    from .inference.restore import restore
    from .inference.trained_network import TrainedNetwork, load
    from .nas.config import SearchConfig
    from .nas.search import search
    from .prepare.config import PrepareConfig
    from .prepare.prepare import prepare
    from .retrain.config import RetrainConfig
    from .retrain.train import retrain

__version__ = "0.1.0"

__all__ = [
    "EvaluateConfig",
    "ExportConfig",
    "Genotype",
    "MfpsError",
    "PrepareConfig",
    "RestoreConfig",
    "RetrainConfig",
    "SearchConfig",
    "TrainedNetwork",
    "__version__",
    "evaluate",
    "export",
    "load",
    "prepare",
    "restore",
    "retrain",
    "search",
]

_HOMES = {
    "EvaluateConfig": "inference.config",
    "ExportConfig": "export.config",
    "Genotype": "genotypes.genotype",
    "MfpsError": "errors",
    "PrepareConfig": "prepare.config",
    "RestoreConfig": "inference.config",
    "RetrainConfig": "retrain.config",
    "SearchConfig": "nas.config",
    "TrainedNetwork": "inference.trained_network",
    "evaluate": "inference.evaluate",
    "export": "export.export",
    "load": "inference.trained_network",
    "prepare": "prepare.prepare",
    "restore": "inference.restore",
    "retrain": "retrain.train",
    "search": "nas.search",
}
"""The module that each public name comes from."""


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
