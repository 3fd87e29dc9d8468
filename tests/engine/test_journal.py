from mfps.engine.journal import Journal
from mfps.files.history import read_history
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def test_records_read_back_in_order(tmp_path):
    records = [{"epoch": i, "loss": {"l1": 0.5 / (i + 1)}, "hash": "abc"} for i in range(3)]
    with Journal(tmp_path) as journal:
        for i, record in enumerate(records):
            journal.step(i, {"loss": 1.0})
            journal.epoch(record, i)
    assert read_history(tmp_path) == records


def test_steps_and_epochs_are_curves_of_their_own(tmp_path):
    with Journal(tmp_path) as journal:
        for step in (1, 2):
            journal.step(step, {"loss/l1": float(step)})
        journal.epoch({"epoch": 1, "step": 2, "loss": {"l1": 1.5}, "genotype": {"width": 3}, "hash": "abc"}, 2)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    curves = {tag: [(point.step, point.value) for point in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    assert curves == {"step/loss/l1": [(1, 1.0), (2, 2.0)], "epoch/loss/l1": [(2, 1.5)]}


def test_a_resumed_history_has_no_line_twice_and_none_is_missing(tmp_path):
    with Journal(tmp_path) as journal:
        sizes = [journal.epoch({"epoch": i}, i) for i in range(3)]
    history = tmp_path / "history.jsonl"
    history.write_text(history.read_text() + '{"epo')
    with Journal(tmp_path, sizes[1], 2) as journal:
        assert [record["epoch"] for record in read_history(tmp_path)] == [0, 1]
        journal.epoch({"epoch": 2}, 2)
        journal.rewind(sizes[0])
        journal.epoch({"epoch": 1}, 1)
    assert [record["epoch"] for record in read_history(tmp_path)] == [0, 1]


def test_a_history_that_lost_lines_is_not_continued(tmp_path, refused):
    (tmp_path / "history.jsonl").write_text("{}\n")
    with refused("has 3 bytes, but had 9 when the run was saved; .*`overwrite`"):
        Journal(tmp_path, 9, 2)
