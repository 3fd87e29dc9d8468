"""The draws and rates of a step follow from its position; a warm-up has one draw, and a schedule of its own."""

import pytest
from mfps.engine.position import Length, Position
from mfps.nas.config import SearchConfig
from mfps.nas.steps import draws_of_step, is_warming_up, rate_factor
from mfps.nas.strategies import STRATEGIES

LENGTH = Length(epochs=5, epoch_steps=10, steps=50)


def config(strategy="single-path", **changed):
    options = {"epochs": 5, "warmup_epochs": 2, "schedule": "cosine" if STRATEGIES[strategy].samples else "published"}
    return SearchConfig(data="-", out="-", strategy=strategy, **{**options, **changed})


def draws(given, step, level="weights"):
    return draws_of_step(given, STRATEGIES[given.strategy], level, Position(epoch=step // 10, step=step), LENGTH)


def factor(given, step):
    return rate_factor(given, STRATEGIES[given.strategy], Position(epoch=step // 10, step=step), LENGTH)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_warm_up_trains_one_draw(strategy):
    found = {draw for step in range(20) for draw in draws(config(strategy), step)}
    assert {draw.number for draw in found} == {0}
    assert len(draws(config("single-path", draws=4), 19)) == 1


@pytest.mark.parametrize("count", [1, 4])
def test_every_later_draw_is_another_one(count):
    numbers = [draw.number for step in range(20, 50) for draw in draws(config(draws=count), step)]
    assert numbers == list(range(30 * count))


def test_the_temperature_falls_to_the_last_one():
    given = config("gumbel", temperature=4.0, last_temperature=0.25)
    found = [draws(given, step, "architecture")[0].temperature for step in range(50)]
    assert found[:21] == [4.0] * 21
    assert found[20:] == sorted(found[20:], reverse=True)
    assert found[-1] == pytest.approx(0.25, rel=0.15)
    assert found[35] == pytest.approx(1.0)


def test_a_sampled_search_begins_its_schedule_again_after_the_warm_up():
    factors = [factor(config(), step) for step in range(50)]
    assert factors[0] == factors[20] == 1.0
    assert factors[19] < 0.05
    assert factors[49] < 0.05
    assert factors[:20] == sorted(factors[:20], reverse=True)


def test_the_published_search_halves_its_rate_and_nothing_else():
    given = config("mixed", halve_every=2)
    assert [factor(given, step) for step in range(0, 50, 10)] == [1, 1, 0.5, 0.5, 0.25]


def test_a_warm_up_ends_with_its_epochs():
    assert [is_warming_up(config(), Position(epoch=epoch)) for epoch in range(4)] == [True, True, False, False]
