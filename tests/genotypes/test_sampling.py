from collections import Counter

import numpy as np
import pytest
from mfps.errors import MfpsError
from mfps.genotypes.backbone import backbone_space
from mfps.genotypes.genotype_file import parse_genotype
from mfps.genotypes.membership import check_in_space
from mfps.genotypes.sampling import count_paths, random_cell, random_genotype, random_path
from mfps.genotypes.space import PRIORS, BranchSpace, search_space

from .wide_genotypes import wide_genotype, wide_spaces


def chi_square(counts: Counter, kinds: int) -> float:
    """Normalised to mean 0 and variance 1, whatever the number of kinds."""
    expected = counts.total() / kinds
    statistic = sum((count - expected) ** 2 for count in counts.values()) / expected
    statistic += (kinds - len(counts)) * expected
    return (statistic - (kinds - 1)) / np.sqrt(2 * (kinds - 1))


ANY_END = BranchSpace("upsample", 8, 3, least_layers=1)


@pytest.mark.parametrize("space", [BranchSpace("upsample", 8, 3), BranchSpace("parsing", 8, 4), ANY_END], ids=str)
def test_every_path_is_equally_likely(space):
    rng = np.random.default_rng(0)
    counts = Counter(random_path(space, rng) for _ in range(2500))
    assert set(counts) == set(space.paths())
    assert abs(chi_square(counts, len(space.paths()))) < 4


def test_every_cell_is_equally_likely():
    rng = np.random.default_rng(0)
    space = BranchSpace("upsample", 8, operations=("skip", "conv_3x3"))
    cells = [random_cell(space, rng) for _ in range(2000)]
    wirings = Counter(tuple(kept.edge for kept in cell) for cell in cells)
    operations = Counter(tuple(kept.op for kept in cell) for cell in cells)
    assert abs(chi_square(wirings, 18)) < 4
    assert abs(chi_square(operations, 2**6)) < 4


@pytest.mark.parametrize(
    "space", [BranchSpace("upsample", 8), BranchSpace("upsample", 8, monotone=True), ANY_END], ids=str
)
def test_continuations_count_all_paths(space):
    assert count_paths(space) == len(space.paths())


def test_the_deepest_trellis_has_more_paths_than_64_bits_and_still_a_random_one():
    space = BranchSpace("parsing", 8, 64)
    assert count_paths(space) > 2**64
    assert space.is_legal(random_path(space, np.random.default_rng(0)))


@pytest.mark.parametrize("seed", range(20))
def test_random_genotypes_are_legal_and_come_from_their_space(seed):
    space = search_space(PRIORS[: seed % 4], monotone_upsample=seed % 2 == 0)
    genotype = random_genotype(space, seed)
    assert parse_genotype(genotype.to_json(), "test") == genotype
    assert list(genotype.present) == list(space)
    assert all(space[name].is_legal(branch.path) for name, branch in genotype.present.items())
    assert genotype.provenance == {"kind": "random", "seed": seed}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    space = search_space(PRIORS)
    assert random_genotype(space, 7).to_json() == random_genotype(space, 7).to_json()
    assert len({random_genotype(space, seed).hash for seed in range(50)}) == 50


def test_impossible_samples_are_refused():
    with pytest.raises(MfpsError, match="seed is -1"):
        random_genotype(search_space(), -1)
    with pytest.raises(MfpsError, match="without a fusion branch"):
        random_genotype({name: BranchSpace(name, 8) for name in ("upsample", "parsing")}, 0)


@pytest.mark.parametrize("seed", range(12))
def test_random_genotypes_of_the_wide_space_are_legal_and_the_same_for_a_seed(seed):
    priors = PRIORS[: seed % 4]
    genotype, spaces = wide_genotype(priors, seed), wide_spaces(priors)
    assert parse_genotype(genotype.to_json(), "test") == genotype
    assert wide_genotype(priors, seed).to_json() == genotype.to_json()
    assert wide_genotype(priors, seed + 100).hash != genotype.hash
    check_in_space(genotype, spaces, {}, "a", backbone_space(3, bool(priors)))


def test_what_earlier_versions_drew_is_drawn_still():
    """A seed of a published space names a genotype in results and papers."""
    drawn = random_genotype(search_space(PRIORS), 7).hash, random_genotype(search_space(monotone_upsample=True), 3).hash
    assert drawn == (
        "c2dd75fe89fd9550125fbb6cfe291689fa315cf779f846e602c27b1084b2fd05",
        "2dba35d73eb2c7ded6e0f8397c755514188b2d983e87aacc0861d189b2212da0",
    )
