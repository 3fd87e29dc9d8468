import numpy as np
import pytest
from mfps.genotypes.front import Counted, read_front, read_member
from mfps.genotypes.genotype_file import read_genotype
from mfps.nas.budget import Budget
from mfps.nas.selection.front_files import OWN_FILES, front_of, write_front
from mfps.nas.selection.select import Plan, select


@pytest.fixture
def selection(make_candidates, judge, score, tmp_path):
    (tmp_path / "run").mkdir()
    budget = Budget(max_flops=5e6)
    candidates = make_candidates(layers=3, budget=budget)
    starters = {"decoded": candidates.random(np.random.default_rng(0))}
    found = select(candidates, judge(score()), starters, Plan(0, 6, 2, random=1), tmp_path / "run")
    return found, front_of(found, "d" * 64, Counted(size=16, iterations=1), budget)


def write(folder, selection):
    found, front = selection
    folder.mkdir()
    return write_front(folder, front, found, "faces-seed0", {"kind": "selection"})


@pytest.mark.slow
def test_what_is_written_is_what_was_selected_and_the_same_bytes_every_time(selection, tmp_path):
    found, front = selection
    best = write(tmp_path / "one", selection)
    assert read_front(tmp_path / "one") == front
    assert front.budget.model_dump(exclude_none=True) == {"max_gflops": 0.005}
    members = [read_member(tmp_path / "one", number) for number in range(len(front.members))]
    assert [member.hash for member in members] == [member.evaluation.hash for member in found.front]
    assert read_genotype(tmp_path / "one") == members[-1] == best
    assert best.provenance["psnr"] == max(e.psnr for e in found.measured if e.flops <= 5e6)
    assert best.name == f"faces-seed0, front {len(members) - 1}"
    files = {str(path.relative_to(tmp_path / "one")) for path in (tmp_path / "one").rglob("*") if path.is_file()}
    assert all(map(OWN_FILES.fullmatch, files))
    write(tmp_path / "two", selection)
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)
