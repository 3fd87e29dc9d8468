"""The folder of a job."""

import json

import pytest
from mfps.errors import MfpsError
from mfps.study.job_folder import JOB, LOG, SPENT, JobFolder, Sitting, last_line
from mfps.study.jobs import JOBS, Job

CONTENT = {"recipe": {"epochs": 2}, "judge": {}, "data": {}, "search": {"epochs": 1}}


@pytest.fixture
def folder(tmp_path):
    """`folder(command, what)`: a job's folder, prepared."""

    def make(command="retrain", what="training"):
        made = JobFolder(tmp_path / JOBS / command, Job(command, what, "arm", 0, command, {}))
        made.prepare({"out": str(made.run)}, CONTENT)
        return made

    return make


def sat(status):
    return Sitting(cpu_seconds=1.5, wall_seconds=2.0, status=status)


def test_a_training_is_done_when_it_ended_well_and_left_its_weights(folder):
    job = folder()
    job.run.mkdir()
    for status in (143, 1, -9):
        job.add_sitting(sat(status))
        job.product.touch()
        assert not job.done
    job.add_sitting(sat(0))
    assert job.done
    job.product.unlink()
    assert not job.done
    assert [sitting.status for sitting in job.sittings()] == [143, 1, -9, 0]


@pytest.mark.parametrize("command", ["evaluate", "select", "rank"])
def test_what_is_written_whole_is_done_when_it_is_there(folder, command):
    job = folder(command)
    assert not job.done
    job.run.mkdir()
    job.product.touch()
    assert job.done


def test_another_recipe_is_refused_by_the_name_of_the_field(folder):
    job = folder()
    job.check_recipe(CONTENT)
    job.check_recipe({**CONTENT, "search": {"epochs": 5}})  # a training does not depend on it
    with pytest.raises(MfpsError, match=r"retrain: `recipe\.epochs` was 2 and is 3"):
        job.check_recipe({**CONTENT, "recipe": {"epochs": 3}})
    search = folder("search", "search")
    with pytest.raises(MfpsError, match=r"`search\.epochs` was 1 and is 5"):
        search.check_recipe({**CONTENT, "search": {"epochs": 5}})


@pytest.mark.parametrize("change", [{"recipe": {}}, {"recipe_sha256": "0"}, {"recipe": 3}])
def test_a_changed_record_of_the_recipe_is_refused(folder, change):
    job = folder()
    written = json.loads((job.path / JOB).read_text())
    (job.path / JOB).write_text(json.dumps({**written, **change}))
    with pytest.raises(MfpsError, match="was changed after it was written"):
        job.check_recipe(CONTENT)


@pytest.mark.parametrize("text", ["{}", "[1]", '[{"cpu_seconds": -1, "wall_seconds": 0, "status": 0}]', "["])
def test_a_damaged_record_of_costs_is_refused(folder, text):
    job = folder()
    (job.path / SPENT).write_text(text)
    with pytest.raises(MfpsError, match="not a record of costs"):
        job.sittings()


def test_the_last_line_of_a_log_is_the_last_that_says_something(folder):
    log = folder().path / LOG
    assert last_line(log) == ""
    log.write_bytes(b"one\r\ntwo \xff\n\n  \n")
    assert last_line(log) == "two \N{REPLACEMENT CHARACTER}"
