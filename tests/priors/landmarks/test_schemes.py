import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.drawn.shape import draw_shape
from mfps.errors import MAX_VALUE, MfpsError, shortened
from mfps.priors.landmarks.schemes import SCHEMES, scheme_of_count, scheme_of_name


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_a_flip_is_an_involution(scheme):
    order = scheme.flip_order()
    assert sorted(order) == list(range(scheme.count))
    assert [order[other] for other in order] == list(range(scheme.count))
    assert scheme_of_name(scheme.name) is scheme_of_count(scheme.count) is scheme


def test_ibug_flip_pairs_mirror_a_drawn_face():
    points = draw_shape(np.random.default_rng(0)).landmarks()
    mirrored = points[list(scheme_of_name("ibug68").flip_order())] * [-1, 1]
    assert np.abs(mirrored - points).max() < 1e-9


def test_any_other_count_is_a_custom_scheme():
    scheme = scheme_of_count(5)
    assert scheme_of_name(scheme.name) == scheme
    with pytest.raises(MfpsError, match="mirror"):
        scheme.flip_order()


@given(st.text(max_size=12) | st.integers(-5, 10**6).map(lambda count: f"points-{count}"))
def test_names_are_known_or_refused(name):
    message = ""
    try:
        assert scheme_of_name(name).name == name
    except MfpsError as error:
        message = str(error)
    assert message == "" or f"{shortened(repr(name), MAX_VALUE)} is not known" in message
    assert "\n" not in message


def test_an_endless_number_is_refused():
    with pytest.raises(MfpsError, match="is not known"):
        scheme_of_name("points-" + "1" * 10_000)
