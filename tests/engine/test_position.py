import pytest
from mfps.engine.configuration import RunConfig
from mfps.engine.position import Length, Position


def length(epoch_steps=5, **changed):
    return Length.of(RunConfig(**{"data": "faces", "out": "run", "epochs": 3, "batch_size": 1, **changed}), epoch_steps)


def test_a_configuration_may_shorten_epochs_and_run():
    assert length() == (3, 5, 15)
    assert length(epoch_steps=2) == (3, 2, 6)
    assert length(max_steps=7) == (3, 5, 7)
    assert length(max_steps=99) == (3, 5, 15)
    assert Length.of(RunConfig(data="faces", out="run", epochs=3, batch_size=1, epoch_steps=9), 5) == (3, 5, 15)


@pytest.mark.parametrize("steps", [1, 4, 5, 6, 14, 15])
def test_a_run_makes_its_steps_and_ends(steps):
    position, whole = Position(), length(max_steps=steps)
    made = []
    while position.unfinished(whole):
        left = position.steps_left(whole)
        for rest in reversed(range(left)):
            position.step, position.batch = position.step + 1, position.batch + 1
            assert position.steps_left(whole) == rest
            assert position.unfinished(whole)  # the epoch is still to be validated
        made.append(left)
        position.epoch, position.batch = position.epoch + 1, 0
    assert sum(made) == position.step == steps
    assert all(made)


def test_a_resumed_run_may_have_fewer_steps_than_it_has_done():
    position = Position(epoch=1, batch=3, step=8)
    assert position.steps_left(length(max_steps=6)) == 0
    assert position.unfinished(length(max_steps=6))  # its epoch is validated
    assert not Position(epoch=2, step=10).unfinished(length(max_steps=6))
