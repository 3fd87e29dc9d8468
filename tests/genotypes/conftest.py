import pytest
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import read_genotype


@pytest.fixture
def mfpsnet() -> Genotype:
    return read_genotype("mfpsnet")
