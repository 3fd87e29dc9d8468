"""What a run was given, compared with what it is given now. `training/test_face_inputs.py` goes through all fields."""

import pytest
from mfps.engine.checkpoint import Checkpoint, Checkpoints
from mfps.engine.run_inputs import RunInput, check_inputs, contents, digest

SHA = "0123456789abcdef" * 4
GIVEN = {"genotype": RunInput("genotype", "up.json", f"an architecture of SHA-256 {SHA}")}


@pytest.fixture
def started(tmp_path):
    """`started(state)`: a run folder whose newest checkpoint holds the state."""

    def make(**state):
        store = Checkpoints(tmp_path, 1)
        store.folder.mkdir(parents=True, exist_ok=True)
        store.save(Checkpoint(0, 0, 0, {}, state))
        return tmp_path

    return make


def test_a_run_that_has_saved_nothing_may_be_given_anything(tmp_path):
    check_inputs(tmp_path, GIVEN)


def test_the_place_does_not_matter_and_the_content_does(started, refused):
    folder = started(inputs=contents(GIVEN))
    check_inputs(folder, {"genotype": GIVEN["genotype"]._replace(place="/elsewhere/x.json")})
    changed = RunInput("genotype", "b.json", f"an architecture of SHA-256 {SHA[::-1]}")
    with refused(
        r"b.json: not the `genotype` that the run was started with, which was an architecture of SHA-256 "
        r"0123456789ab\.\.\., while this is an architecture of SHA-256 fedcba987654\.\.\.; give that one, or a new"
    ):
        check_inputs(folder, {"genotype": changed})
    more = {**GIVEN, "fix upsample": RunInput("fix", "upsample=a.json", "x"), "vgg19": RunInput("vgg19", "v", "x")}
    with refused(r"upsample=a.json: the run was started without this `fix`; leave it out, .*\[and 1 more\]"):
        check_inputs(folder, more)
    with refused("`genotype` is missing, with which the run was started; give it again, or a new folder"):
        check_inputs(folder, {})


def test_texts_that_are_divided_in_another_way_are_others():
    assert (
        len({digest(*parts) for parts in (("ab", "c"), ("a", "bc"), ("abc",), ("ab", "c", ""), ("2 ab",), ("2", "ab"))})
        == 6
    )
