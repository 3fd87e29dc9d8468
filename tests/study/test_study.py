"""Whole studies of tiny networks."""

import json
import os
import signal
from pathlib import Path

import pytest
from mfps.errors import MfpsError
from mfps.files.history import read_history
from mfps.study.begun import begin
from mfps.study.config import StudyConfig
from mfps.study.jobs import JOBS
from mfps.study.plan import read_plan
from mfps.study.recipe import read_recipe
from mfps.study.study import run_study
from mfps.study.workers import Workers

from ..cli.conftest import MFPS, run_command
from ..processes import started

ALL = {
    "searched": "kind: search, budgets: [{max_gflops: 80%}]",
    "random": "kind: random, bins: 1",
    "known": "kind: genotype, genotype: known.json",
    "nafnet": "kind: hand-made, network: nafnet, like: cheapest",
    "cheapest": "kind: cheapest",
}
ONE_RATE = {"rates: [1.0e-3, 1.0e-6]": "lr: 1.0e-3"}
TIMED = {"name: tiny": "name: tiny\ntiming: {threads: 1, rounds: 1, layouts: contiguous}"}


def untimed(study: Path):
    """What a study's report says of its networks and jobs, but for times."""
    report = json.loads((study / "study.json").read_text())
    for row in report["trainings"]:
        del row["cpu_seconds"], row["wall_seconds"], row["ms"]
    return {name: report[name] for name in ("plan", "facts", "status", "trainings")}


@pytest.fixture
def beside(here, monkeypatch):
    """Of each job that was started, by name, how many ran then, itself included."""
    found, start = {}, Workers.start

    def noted(self, folder, say):
        start(self, folder, say)
        found[folder.job.name] = self.running

    monkeypatch.setattr(Workers, "start", noted)
    return found


@pytest.mark.slow
def test_a_study_of_all_kinds(beside, plan_file, study_faces, drawn_genotype, tmp_path):
    (study_faces / "known.json").write_text(drawn_genotype().to_json())
    study = tmp_path / "study"
    collected = run_study(StudyConfig(plan=plan_file(ALL, {**ONE_RATE, **TIMED}), out=study, jobs=3, device="cpu"))
    assert not collected.failures
    assert not collected.unfinished
    by_architecture = {outcome.architecture: outcome.ms for outcome in collected.outcomes}
    assert all(outcome.ms == by_architecture[outcome.architecture] > 0 for outcome in collected.outcomes)
    assert [outcome.arm for outcome in collected.outcomes] == list(ALL)
    by_arm = {outcome.arm: outcome for outcome in collected.outcomes}
    assert by_arm["nafnet"].architecture.startswith("nafnet:")
    assert by_arm["searched"].budget == "80% GFLOPs"
    for arm, outcome in by_arm.items():
        in_space = arm not in ("known", "nafnet")
        assert outcome.supernet_psnr.keys() == ({"searches/seed0"} if in_space else set())
        assert not in_space or outcome.flops >= by_arm["cheapest"].flops
        assert len(outcome.psnr) == len(outcome.ssim) == len(outcome.input_psnr) == len(outcome.faces) == 2
        assert outcome.input_psnr == by_arm["cheapest"].input_psnr
    spent = [row.what for row in collected.ledger]
    assert {what: spent.count(what) for what in spent} == {
        "search": 1,
        "selection": 1,
        "training": 5,
        "judging": 5,
        "ranking": 1,
        "timing": len(by_architecture),
    }
    timings = [name for name in beside if name.startswith("timings/")]
    assert list(beside)[-len(timings) :] == timings  # nothing runs after them either
    assert {beside[name] for name in timings} == {1}
    assert max(beside.values()) == 3
    before = untimed(study)
    again = run_study(StudyConfig(plan=plan_file(ALL, {**ONE_RATE, **TIMED}), out=study, device="cpu"))
    assert untimed(study) == before
    assert again == collected  # nothing ran


def test_a_failing_arm_is_shown_and_the_others_go_on(here, plan_file, tmp_path):
    arms = {"cheapest": "kind: cheapest, seeds: [0, 1]"}
    config = StudyConfig(plan=plan_file(arms, TIMED), out=tmp_path / "study", device="cpu")
    names = ["networks/cheapest/seed1/training-lr1e-06", "timings/cheapest/network"]
    for name in names:
        (config.out / JOBS / name / "run").mkdir(parents=True)
        (config.out / JOBS / name / "run/strange").touch()
    with pytest.raises(MfpsError, match="holds other files than a study"):
        run_study(config)
    plan = read_plan(config.plan)
    begin(config.out, plan, read_recipe(plan, config.plan).content)
    ended = run_command(["study", str(config.plan), "--out", str(config.out), "--device", "cpu"])
    assert ended.status == 1
    report = untimed(config.out)
    assert [outcome["job"] for outcome in report["trainings"]] == ["networks/cheapest/seed0"]
    assert [failure["job"] for failure in report["status"]["failed"]] == names
    for failure in report["status"]["failed"]:
        assert "overwrites nothing" in failure["error"]
        assert f"failed    {failure['job']}: {failure['error']}" in ended.out
    assert json.loads((config.out / "study.json").read_text())["trainings"][0]["ms"] is None
    assert report["status"]["unfinished"] == ["networks/cheapest/seed1/judging"]
    for name in names:
        (config.out / JOBS / name / "run/strange").unlink()
    again = run_study(config)
    assert not again.failures
    assert not again.unfinished
    assert again.outcomes[0].ms == again.outcomes[1].ms > 0
    assert again.outcomes[0].psnr == tuple(report["trainings"][0]["psnr"])
    counted = json.loads((config.out / JOBS / "networks/cheapest/seed1/judged.json").read_text())["counted"]
    kept = {path.name: kept_psnr(path) for path in (config.out / JOBS / "networks/cheapest/seed1").glob("training*")}
    assert counted == f"networks/cheapest/seed1/{max(kept, key=kept.get)}"


def test_arms_may_differ_in_more_than_their_architecture(here, plan_file, tmp_path):
    arms = {
        "adam": "kind: cheapest, seeds: [0, 1]",
        "sgd": "kind: cheapest, seeds: [0, 1], recipe: {solver: sgd, rates: [0.1, 0.01]}",
        "again": "kind: again, networks_of: sgd, judge: {workers: 0}",
    }
    file = plan_file(arms, {**ONE_RATE, "name: tiny": "name: tiny\ncompared_with: adam"})
    study = tmp_path / "study"
    collected = run_study(StudyConfig(plan=file, out=study, device="cpu"))
    assert not collected.failures
    by_arm = {arm: [one for one in collected.outcomes if one.arm == arm] for arm in arms}
    assert [one.psnr for one in by_arm["again"]] == [one.psnr for one in by_arm["sgd"]]
    assert [one.psnr for one in by_arm["adam"]] != [one.psnr for one in by_arm["sgd"]]
    assert all(len(one.curve) == 2 for one in collected.outcomes)
    solvers = {
        json.loads(file.read_text())["recipe"]["recipe"]["solver"]: file.parent.parent.parent.name
        for file in sorted((study / JOBS / "networks").glob("*/*/training*/job.json"))
    }
    assert solvers == {"adam": "adam", "sgd": "sgd"}
    report = json.loads((study / "study.json").read_text())
    assert [row["arm"] for row in report["compared"]] == ["again", "sgd"]
    assert [row["name"] for row in report["seed_noise"]["psnr"]["spreads"]] == ["adam", "sgd"]
    assert report["facts"]["arms"]["again"] == {
        "recipe": {"solver": "sgd", "rates": [0.1, 0.01]},
        "judge": {"workers": 0},
    }
    assert {"Compared with adam", "Learning curves"} <= {
        line.removeprefix("## ") for line in (study / "study.md").read_text().splitlines()
    }


def kept_psnr(training):
    return max(record["psnr"]["iterations"][-1] for record in read_history(training / "run") if record["best"])


@pytest.mark.slow
def test_a_study_that_is_stopped_in_the_middle_goes_on_to_the_same_report(here, plan_file, tmp_path):
    """Stopped as a process that runs processes, and continued in this one; its jobs save when it is stopped."""
    arms = {"cheapest": "kind: cheapest"}
    longer = {**ONE_RATE, "epochs: 2, epoch_steps: 1": "epochs: 60, epoch_steps: 1"}
    file = plan_file(arms, longer)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run_study(StudyConfig(plan=file, out=whole, device="cpu"))
    training = parts / JOBS / "networks/cheapest/seed0/training"
    with started(MFPS, "study", file, "--out", parts, "--device", "cpu", folder=tmp_path) as process:
        process.wait_for((training / "run/history.jsonl").exists)
        os.kill(process.pid, signal.SIGTERM)
        ended = process.end()
    assert ended.status == 128 + signal.SIGTERM, ended.err
    assert "the study was stopped by SIGTERM, and its jobs have saved what they did: the same command" in ended.err
    done = len(read_history(training / "run"))
    assert 0 < done < 60
    report = json.loads((parts / "study.json").read_text())
    left = ["networks/cheapest/seed0/judging", "networks/cheapest/seed0/training"]
    assert sorted(report["status"]["unfinished"]) == left
    (sitting,) = json.loads((training / "spent.json").read_text())
    assert sitting["cpu_seconds"] > 0
    run_study(StudyConfig(plan=file, out=parts, device="cpu"))
    assert untimed(parts) == untimed(whole)
    sittings = json.loads((training / "spent.json").read_text())
    assert [sitting["status"] for sitting in sittings] == [128 + signal.SIGTERM, 0]
