import numpy as np
import pytest
from mfps.genotypes.evaluations import EVALUATIONS, read_evaluations
from mfps.nas.selection.measurements import Measurements


@pytest.fixture
def four(make_candidates):
    candidates = make_candidates(layers=3)
    return candidates, [candidates.random(np.random.default_rng(seed)) for seed in range(4)]


def test_nothing_is_measured_twice_by_this_selection_or_a_later_one(four, judge, score, tmp_path):
    candidates, genotypes = four
    counted = score()
    first = Measurements(tmp_path, candidates, judge(counted))
    values = [first.measure(genotype, "a") for genotype in (*genotypes, *genotypes)]
    assert counted.calls == 4
    assert values[:4] == values[4:]
    later = Measurements(tmp_path, candidates, judge(counted))
    assert [later.measure(genotype, "b") for genotype in genotypes[:2]] == values[:2]
    assert counted.calls == 4
    assert [found.origin for found in later.all()] == ["b", "b", "earlier", "earlier"]
    assert later.best.evaluation.psnr == max(value.psnr for value in values[:2])


def test_another_supernets_lines_stay_and_are_not_used(four, judge, score, tmp_path):
    candidates, genotypes = four
    Measurements(tmp_path, candidates, judge(score(), "a" * 64)).measure(genotypes[0], "a")
    before, counted = (tmp_path / EVALUATIONS).read_text(), score()
    other = Measurements(tmp_path, candidates, judge(counted, "b" * 64))
    assert other.known(genotypes[0]) is None
    assert not list(other.all())
    other.measure(genotypes[0], "a")
    assert counted.calls == 1
    assert (tmp_path / EVALUATIONS).read_text().startswith(before)
    assert [found.supernet[0] for found in read_evaluations(tmp_path).found] == ["a", "b"]


def test_a_measurement_is_on_the_disk_before_the_next_one(four, judge, tmp_path):
    candidates, genotypes = four
    sizes = []

    def counting(_):
        sizes.append(len(read_evaluations(tmp_path).found))
        return 20.0

    measurements = Measurements(tmp_path, candidates, judge(counting))
    for genotype in genotypes:
        measurements.measure(genotype, "a")
    assert sizes == [0, 1, 2, 3]


@pytest.mark.parametrize("kept", [0, 1, 40, -1])
def test_a_last_line_that_a_kill_cut_off_is_measured_again(four, judge, score, tmp_path, kept):
    candidates, genotypes = four
    first = Measurements(tmp_path, candidates, judge(score()))
    for genotype in genotypes[:2]:
        first.measure(genotype, "a")
    whole = (tmp_path / EVALUATIONS).read_bytes()
    last = whole.index(b"\n") + 1
    (tmp_path / EVALUATIONS).write_bytes(whole[: last + kept] if kept >= 0 else whole[:-1])
    counted = score()
    again = Measurements(tmp_path, candidates, judge(counted))
    for genotype in genotypes[:2]:
        again.measure(genotype, "a")
    assert counted.calls == 1
    assert (tmp_path / EVALUATIONS).read_bytes() == whole


@pytest.mark.parametrize("psnr", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite(four, judge, tmp_path, refused, psnr):
    candidates, genotypes = four
    with refused("its PSNR on the supernet is (nan|inf), not a finite number"):
        Measurements(tmp_path, candidates, judge(lambda _: psnr)).measure(genotypes[0], "a")
    assert not (tmp_path / EVALUATIONS).exists()
