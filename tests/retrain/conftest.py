from ..inference.conftest import drawn_genotype, write_weights

__all__ = ["drawn_genotype", "write_weights"]
