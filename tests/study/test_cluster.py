"""Jobs on a cluster, with submitit's own processes on this machine in its place."""

import pytest
from mfps.errors import MfpsError
from mfps.study.cluster import STOP, ClusterSitting, ClusterWorkers, check_cluster
from mfps.study.config import StudyConfig
from mfps.study.job_folder import JobFolder
from mfps.study.jobs import JOBS, Job

submitit = pytest.importorskip("submitit", reason="needs the extra `study`")


@pytest.fixture
def folder(tmp_path):
    """A job whose command only reads a list of names, wrongly."""
    job = Job("networks/arm/seed0/judging", "judging", "arm", 0, "evaluate", {})
    folder = JobFolder(tmp_path / JOBS / job.name, job)
    content = {"recipe": {}, "judge": {}, "data": {}}
    folder.prepare({"weights": "nothing", "data": str(tmp_path), "out": str(folder.run), "device": "cpu"}, content)
    return folder


@pytest.mark.slow
def test_a_job_of_the_cluster_is_recorded_as_one_of_this_machine(folder):
    workers = ClusterWorkers("local", folder.study, 2, {"timeout_min": 5})
    workers.start(folder, print)
    assert (workers.free, workers.running) == (1, 1)
    workers.finish()
    assert workers.ended() == [folder]
    assert (workers.free, workers.running) == (2, 0)
    (sitting,) = folder.sittings()
    assert sitting.status == 1
    assert sitting.cpu_seconds > 0
    assert "nothing" in (folder.error or "")


def test_a_job_that_was_asked_to_stop_does_not_begin(folder):
    (folder.path / STOP).touch()
    assert ClusterSitting(folder, 1)() is None
    assert not folder.sittings()


def test_what_the_time_limit_ends_is_put_back_into_the_queue(folder):
    delayed = ClusterSitting(folder, 1).checkpoint()
    assert isinstance(delayed.function, ClusterSitting)


def test_a_job_that_the_cluster_loses_is_a_failure(folder, monkeypatch):
    class Lost:
        job_id = "17"

        def done(self):
            return True

        def exception(self):
            return RuntimeError("details\nthe node is gone")

    workers = ClusterWorkers("local", folder.study, 1, {})
    monkeypatch.setattr(workers._executor, "submit", lambda sitting: Lost())
    workers.start(folder, print)
    assert workers.ended() == [folder]
    assert folder.error == "the cluster's job 17 was lost: the node is gone"


@pytest.mark.parametrize(
    ("cluster", "parameters", "words"),
    [("slurm", {}, "srun"), ("local", {"partition": "a"}, "partition"), ("local", {"timeout_min": "x"}, "timeout_min")],
)
def test_what_a_cluster_cannot_be_given_is_refused_in_one_line(cluster, parameters, words, monkeypatch):
    monkeypatch.setenv("PATH", "")  # so that there is no SLURM here
    with pytest.raises(MfpsError, match=f"`cluster` {cluster}: .*{words}"):
        check_cluster(cluster, parameters)


def test_parameters_are_numbers_where_they_look_like_them():
    places = {"plan": "plan.yaml", "out": "study", "cluster": "slurm"}
    config = StudyConfig(**places, cluster_options=["slurm_partition=gpu", "timeout_min=60", "mem_gb=1.5"])
    assert config.cluster_options == {"slurm_partition": "gpu", "timeout_min": 60, "mem_gb": 1.5}
    with pytest.raises(ValueError, match="write NAME=VALUE"):
        StudyConfig(**places, cluster_options=["gpu"])
    with pytest.raises(ValueError, match="need a `cluster`"):
        StudyConfig(plan="plan.yaml", out="study", cluster_options={"mem_gb": 1})
