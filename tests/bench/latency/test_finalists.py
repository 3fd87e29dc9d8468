from mfps.bench.latency.finalists import measured_ms
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.cost_report import usual_config

from ...nas.made_up_times import made_up_table


def test_each_network_is_timed():
    spaces = search_space(("parsing",), width=1, layers=1, fusion_layers=1)
    table = made_up_table(spaces, usual_config(("parsing",), blocks=1), 16)
    genotypes = [random_genotype(spaces, seed) for seed in range(2)]
    found = measured_ms(table, genotypes)
    assert len(found) == 2
    assert all(0 < ms < 10_000 for ms in found)
    assert measured_ms(table, []) == []
