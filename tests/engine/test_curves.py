import pytest
from mfps.engine.curves import Curves
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def points(folder, tag):
    events = EventAccumulator(str(folder)).Reload()
    return [(point.step, point.value) for point in events.Scalars(tag)]


def test_tensorboard_reads_them(tmp_path):
    curves = Curves(tmp_path / "tensorboard", 0)
    for step in (1, 2):
        curves.add("loss/l1", step / 2, step)
    curves.flush()
    assert points(tmp_path / "tensorboard", "loss/l1") == [(1, 0.5), (2, 1.0)]
    curves.close()


def test_a_resumed_run_hides_what_it_does_again(tmp_path):
    for first, last in ((0, 5), (2, 4)):
        curves = Curves(tmp_path, first)
        for step in range(first + 1, last + 1):
            curves.add("loss", 10.0 * first + step, step)
        curves.close()
    assert points(tmp_path, "loss") == [(1, 1.0), (2, 2.0), (3, 23.0), (4, 24.0)]


def test_a_full_disk_is_an_error_where_the_numbers_are(tmp_path, monkeypatch):
    curves = Curves(tmp_path, 0)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(curves._records, "flush", fail)
    curves.add("loss", 1.0, 1)
    with pytest.raises(OSError, match="No space left"):
        curves.flush()
    curves.close()
