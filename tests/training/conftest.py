from ..inference.conftest import drawn_genotype

__all__ = ["drawn_genotype"]
