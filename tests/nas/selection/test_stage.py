"""The stage on a real, tiny supernet."""

import json
import shutil
import signal
from functools import partial
from pathlib import Path

import pytest
from mfps.errors import RunStopped
from mfps.files.atomic_file import remove_partials
from mfps.files.atomic_folder import clear_leftovers
from mfps.genotypes.evaluations import EVALUATIONS
from mfps.genotypes.front import FRONT, read_front, read_member
from mfps.genotypes.genotype_file import read_genotype
from mfps.nas.config import SearchConfig
from mfps.nas.ledger import read_ledger
from mfps.nas.open_search import open_search
from mfps.nas.search import train_supernet
from mfps.nas.selection import stage
from mfps.nas.selection.config import SelectConfig
from mfps.nas.selection.stage import select_run

from ...processes import dies_at
from ..made_up_times import made_up_table

QUICK = {"population": 4, "generations": 1, "select_paths": 2, "select_random": 1, "device": "cpu"}


@pytest.fixture(scope="module")
def searched(drawn_folder, tmp_path_factory):
    """A finished search of one step, and a selection on it. Read only."""
    folder = tmp_path_factory.mktemp("searched") / "run"
    small = {"size": 16, "width": 1, "layers": 2, "blocks": 1, "batch_size": 2, "norm_batches": 1, "device": "cpu"}
    small["layout"] = "channels-last"
    train_supernet(SearchConfig(data=drawn_folder, out=folder, epochs=1, max_steps=1, warmup_epochs=0, **small))
    return folder


@pytest.fixture
def run(searched, tmp_path):
    """A copy to select on."""
    return Path(shutil.copytree(searched, tmp_path / "run"))


@pytest.fixture(scope="module")
def whole(searched, tmp_path_factory):
    """The files that an undisturbed selection leaves."""
    run = Path(shutil.copytree(searched, tmp_path_factory.mktemp("whole") / "run"))
    select_run(SelectConfig(run=run, **QUICK))
    return files(run)


def files(run):
    """What stands in a run folder, but for what a search alone writes, and for what has times."""
    found = {str(path.relative_to(run)): path.read_bytes() for path in run.rglob("*") if path.is_file()}
    others = ("checkpoints/", "tensorboard/", "ledger.json", "report.html")
    return {name: content for name, content in found.items() if not name.startswith(others)}


@pytest.mark.slow
def test_a_selection_leaves_its_front_and_keeps_what_the_search_decided(searched, whole):
    before = files(searched)
    assert whole["decoded.json"] == before["decoded.json"]
    assert whole.keys() - before.keys() >= {
        FRONT,
        "front.svg",
        "front.png",
        "front/00.json",
        EVALUATIONS,
        "genotype.json",
    }
    assert all(whole[name] == before[name] for name in ("config.yaml", "history.jsonl", "weights.safetensors"))
    front = json.loads(whole[FRONT])
    assert whole["genotype.json"] == whole[front["members"][-1]["file"]]
    assert [baseline["name"] for baseline in front["baselines"]] == ["decoded", "cheapest", "random 1"]
    assert front["counted"] == {"size": 16, "iterations": 1}
    assert json.loads(whole["genotype.json"])["provenance"]["kind"] == "selection"


@pytest.mark.slow
def test_given_again_it_leaves_the_same_bytes(run, whole):
    select_run(SelectConfig(run=run, **QUICK))
    select_run(SelectConfig(run=run, **QUICK))
    assert files(run) == whole


@pytest.mark.slow
def test_a_signal_stops_it_and_the_same_call_continues(run, whole, monkeypatch):
    opened = stage.open_search

    def slow(folder, device, data):
        found, calls = opened(folder, device, data), iter(range(100))

        def psnr(genotype):
            if next(calls) == 3:
                signal.raise_signal(signal.SIGTERM)
            return type(found.judge).psnr(found.judge, genotype)

        found.judge.psnr = psnr
        return found

    with monkeypatch.context() as patch:
        patch.setattr(stage, "open_search", slow)
        with pytest.raises(RunStopped, match=r"stopped by SIGTERM, and what it measured is saved in .*same command"):
            select_run(SelectConfig(run=run, **QUICK))
    assert len((run / EVALUATIONS).read_text().splitlines()) == 4
    assert not (run / FRONT).exists()
    select_run(SelectConfig(run=run, **QUICK))
    assert files(run) == whole


@pytest.mark.slow
def test_killed_while_it_replaces_its_files_no_mix_is_left(run, whole, monkeypatch):
    """A second selection, with another front, in a process that dies anywhere."""
    for name in ("draw_genotype", "draw_front"):
        module = "front_files" if name == "draw_genotype" else None
        target = f"mfps.nas.selection.{module}.{name}" if module else f"mfps.genotypes.drawing.front_figure.{name}"
        monkeypatch.setattr(target, lambda *arguments: arguments[-1].write_text("drawn"))
    select_run(SelectConfig(run=run, **QUICK))
    before = files(run)
    fewer = SelectConfig(run=run, **{**QUICK, "front_cost": "parameters"})
    select_run(fewer)
    after = files(run)
    assert before[FRONT] != after[FRONT]
    select_run(SelectConfig(run=run, **QUICK))
    before = files(run)
    seen = set()
    for number in range(1, 400, 31):
        if not dies_at(number, partial(select_run, fewer)):
            break
        clear_leftovers(run, "front")
        remove_partials(run)
        (run / "run.lock").unlink(missing_ok=True)
        assert files(run) in (before, after), number
        assert [read_member(run, member.number).hash for member in read_front(run).members]
        seen.add(files(run) == after)
        select_run(SelectConfig(run=run, **QUICK))
    assert len(seen) > 0
    select_run(fewer)
    assert files(run) == after


@pytest.mark.slow
def test_the_ledger_and_the_report_know_of_it(run):
    select_run(SelectConfig(run=run, **QUICK))
    costs = {cost.stage: cost for cost in read_ledger(run)}
    evaluated = len((run / EVALUATIONS).read_text().splitlines())
    assert costs["selection"].steps == evaluated
    assert costs["selection"].forward_passes >= 2 * evaluated
    assert read_front(run).members[-1].hash[:8] in (run / "report.html").read_text()


@pytest.mark.slow
def test_a_front_elsewhere_and_under_a_budget(run, whole, tmp_path):
    select_run(SelectConfig(run=run, **QUICK))
    limit = json.loads(whole[FRONT])["members"][0]["gflops"] * 1.0001
    best = select_run(SelectConfig(run=run, out=tmp_path / "tight", max_gflops=str(limit), **QUICK))
    assert {path.name for path in (tmp_path / "tight").iterdir()} == {
        "front", FRONT, "front.svg", "front.png", "genotype.json", "genotype.svg", "genotype.png",
    }  # fmt: skip
    assert read_front(tmp_path / "tight").members[-1].gflops <= limit
    assert read_genotype(f"{tmp_path / 'tight'}#0").hash == read_front(tmp_path / "tight").members[0].hash
    assert best.hash == read_genotype(tmp_path / "tight").hash
    assert files(run).keys() == whole.keys()
    assert files(run)[FRONT] == whole[FRONT]


@pytest.mark.slow
def test_a_front_within_a_time_whose_members_are_timed(run, tmp_path, refused):
    searched, file, timed = open_search(run, "cpu").searched, tmp_path / "table.json", []
    table = made_up_table(searched.spaces, searched.restorer.config, 16, searched.backbones)
    file.write_text(table.to_json())
    costs = searched.costs(16, file)
    limit = f"{costs.median.nanoseconds.cost.nanoseconds / 1e6}"

    def stopwatch(given, genotypes, _console):
        assert given == table
        timed.extend(genotypes)
        return [float(number) for number in range(len(genotypes))]

    select_run(SelectConfig(run=run, latency=file, max_ms=limit, **QUICK), stopwatch=stopwatch)
    front = read_front(run)
    assert [genotype.hash for genotype in timed] == [member.hash for member in front.members]
    assert [member.measured_ms for member in front.members] == [*map(float, range(len(timed)))]
    for member in front.members:
        genotype = read_member(run, member.number)
        assert member.ms == costs.of(genotype.present, genotype.backbone).nanoseconds / 1e6 <= float(limit)
    assert front.budget.max_ms == pytest.approx(float(limit))
    assert front.counted.machine == table.described
    assert "measured ms" in (run / "report.html").read_text()
    before = files(run)
    with refused("`max_ms` 3 needs a table"):
        select_run(SelectConfig(run=run, max_ms="3", **QUICK))
    file.write_text(made_up_table(searched.spaces, searched.restorer.config, 24, searched.backbones).to_json())
    with refused("`latency` .*: was measured for size 24, and here it is 16"):
        select_run(SelectConfig(run=run, latency=file, max_ms=limit, **QUICK))
    assert files(run) == before


@pytest.mark.slow
def test_what_cannot_be_used(run, tmp_path, refused):
    before = files(run)
    with refused("`size` is 32: .*run searched at 16 pixels, and a budget is counted at that size; leave it out"):
        select_run(SelectConfig(run=run, size=32, **QUICK))
    with refused("holds no search"):
        select_run(SelectConfig(run=tmp_path, **QUICK))
    with refused("holds another run or other files"):
        select_run(SelectConfig(run=run, out=run, **QUICK))
    config = run / "config.yaml"
    config.write_text(config.read_text().replace("epochs: 1\n", "epochs: 3\n").replace("max_steps: 1\n", ""))
    with refused("run: the search has done 1 of 3 epochs; continue it with `resume`"):
        select_run(SelectConfig(run=run, **QUICK))
    assert {**files(run), "config.yaml": before["config.yaml"]} == before
