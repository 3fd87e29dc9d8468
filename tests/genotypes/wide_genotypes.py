"""Random genotypes of small wide spaces, with a backbone, newer operations and paths of any length."""

from hypothesis import strategies as st
from mfps.genotypes.backbone import backbone_space
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import OPERATIONS, PRIORS, search_space


def wide_spaces(priors=(), width=2, layers=3):
    """The spaces of the branches."""
    sizes = {"width": width, "layers": layers, "fusion_layers": layers}
    return search_space(sorted(priors, key=PRIORS.index), **sizes, operations=OPERATIONS, any_end=True)


def wide_genotype(priors=(), seed=0, width=2, layers=3, blocks=3):
    """One of their genotypes."""
    return random_genotype(wide_spaces(priors, width, layers), seed, backbones=backbone_space(blocks, bool(priors)))


WIDE = st.builds(wide_genotype, st.sets(st.sampled_from(PRIORS)), st.integers(0, 9999), st.integers(1, 9))
