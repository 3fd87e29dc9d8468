from itertools import pairwise

import pytest
from mfps.bench.latency.turns import LEAST_PASSES, take_turns


def test_all_take_turns_and_the_first_round_does_not_count():
    now, order = [0.0], []

    def runs(name, seconds):
        def run():
            order.append(name)
            now[0] += 1000 if len(order) <= 2 * (LEAST_PASSES + 1) else seconds

        return run

    ticks = []
    found = take_turns({"a": runs("a", 1.0), "b": runs("b", 2.0)}, 3, lambda: now[0], lambda: ticks.append(1))
    assert set(found) == {"a", "b"}
    assert found["b"] == pytest.approx(2) or found["b"] > found["a"]
    assert len(ticks) == 8
    changes = sum(one != other for one, other in pairwise(order))
    assert changes == 7


def test_it_can_be_interrupted():
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_turns({"a": lambda: None}, 3, lambda: 0.0, stop)
