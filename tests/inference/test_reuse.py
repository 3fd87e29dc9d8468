"""What is kept between restorations."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.inference.open_runnable import open_runnable
from mfps.inference.reuse import Reuse
from mfps.priors.extractor import PriorExtractor
from mfps.priors.prior_kind import ExternalSources


@pytest.fixture(scope="module")
def opened(tmp_path_factory, write_weights):
    file = tmp_path_factory.mktemp("net") / "w.safetensors"
    write_weights(file, size=16)
    return open_runnable(file, None, "auto")


def faces(numbers):
    return [np.full((2, 2, 3), number, np.uint8) for number in numbers]


@settings(max_examples=25)
@given(batches=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=3), max_size=8), most=st.integers(0, 5))
def test_the_results_are_those_of_the_function_and_few_are_kept(opened, batches, most):
    """Whatever is asked in whatever order; two ways of restoring are never confused."""
    reuse = Reuse(opened, most)
    for way in (1, 2):
        remembered = reuse.remembering(lambda given, way=way: np.stack(given) + np.uint8(10 * way), way)
        for batch in batches:
            assert (remembered(faces(batch)) == np.stack(faces(batch)) + 10 * way).all()
            assert sum(map(len, reuse._restored.values())) <= max(most, len(batch))


def test_a_batch_is_restored_once_while_it_is_remembered(opened):
    runs = []

    def run(given):
        runs.append(len(given))
        return np.stack(given)

    remembered, other = Reuse(opened, 4).remembering(run), Reuse(opened).remembering(run)
    for batch in ([1, 2], [1, 2], [3], [1, 2], [4, 5], [1, 2]):
        remembered(faces(batch))
    assert runs == [2, 1, 2, 2]
    runs.clear()
    for batch in ([1], [1]):
        other(faces(batch))
    assert runs == [1, 1]


@pytest.mark.parametrize("most", [0, 4])
def test_the_check_comes_before_every_batch(opened, most):
    def check():
        raise MfpsError("enough")

    with pytest.raises(MfpsError, match="enough"):
        Reuse(opened, most, check).remembering(lambda given: np.stack(given))(faces([1]))


def test_what_finds_priors_is_made_once_for_what_is_dropped(opened):
    reuse, made = Reuse(opened), []

    def make():
        made.append(PriorExtractor({}, ExternalSources(), torch.device("cpu")))
        return made[-1]

    found = [reuse.extractor(dropped, make) for dropped in ((), ("parsing",), (), ("parsing",))]
    assert found == [*made, *made]
    assert len(made) == 2
