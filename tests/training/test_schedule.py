import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.retrain.config import RetrainConfig
from mfps.training.schedule import WARMUP, lr_factor

PUBLISHED = (3, 7, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
totals = st.integers(1, 5000)


def test_published_milestones():
    assert RetrainConfig.model_fields["halve_at"].default == PUBLISHED
    factors = [lr_factor("published", epoch, 0, 1, PUBLISHED) for epoch in range(104)]
    assert factors[0] == 1
    halved = [epoch for epoch in range(1, 104) if factors[epoch] == factors[epoch - 1] / 2]
    kept = [epoch for epoch in range(1, 104) if factors[epoch] == factors[epoch - 1]]
    assert tuple(halved) == PUBLISHED
    assert len(kept) + len(halved) == 103


@given(totals)
def test_cosine_rises_briefly_and_falls_to_zero(total):
    factors = [lr_factor("cosine", 0, step, total, ()) for step in range(total)]
    warm = max(1, round(WARMUP * total))
    assert all(0 < factor <= 1 for factor in factors)
    assert factors[:warm] == sorted(factors[:warm])
    assert factors[warm:] == sorted(factors[warm:], reverse=True)
    assert max(factors) == pytest.approx(1)
    assert lr_factor("cosine", 0, total, total, ()) == pytest.approx(0, abs=1e-12) or total == warm
    assert factors[-1] < 0.01 or total < 50


@given(st.integers(0, 200), st.integers(0, 5000), totals)
def test_constant_is_constant(epoch, step, total):
    assert lr_factor("constant", epoch, step, total, PUBLISHED) == 1


@given(st.integers(0, 200), totals)
def test_published_depends_on_the_epoch_alone(epoch, step):
    assert lr_factor("published", epoch, step, 9999, PUBLISHED) == lr_factor("published", epoch, 0, 1, PUBLISHED)
