from mfps.bench.passes import timed_passes


def test_there_are_as_many_passes_as_fit_and_at_least_some():
    assert len(timed_passes(lambda: None, 0.0)) == 1
    assert len(timed_passes(lambda: None, 0.0, least=5)) == 5
    assert len(timed_passes(lambda: None, 0.01)) > 5


def test_each_is_timed_by_the_clock_that_is_given():
    now = [0.0]

    def run():
        now[0] += 0.5

    assert timed_passes(run, 0.0, least=3, clock=lambda: now[0]) == [0.5] * 3
