from ..inference.conftest import drawn_genotype
from ..networks.conftest import build

__all__ = ["build", "drawn_genotype"]
