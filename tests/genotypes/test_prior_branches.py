import pytest
from mfps.genotypes.drawing.palette import BRANCH_COLOURS
from mfps.genotypes.prior_branches import PRIOR_BRANCHES, PUBLISHED_PRIORS, known_priors
from mfps.genotypes.space import BRANCHES, PRIORS, RATES, START_RATES


def test_rows_are_complete():
    for name, row in PRIOR_BRANCHES.items():
        assert name == row.name
        assert name.isidentifier()  # of a field, a module and a folder
        assert row.channels >= 1
        assert row.start_rate in RATES


def test_everything_that_goes_by_branches_has_every_prior():
    assert tuple(PRIOR_BRANCHES) == PRIORS
    assert BRANCHES == tuple(START_RATES) == tuple(BRANCH_COLOURS)
    assert len(set(BRANCH_COLOURS.values())) == len(BRANCH_COLOURS)


def test_the_published_priors_are_known():
    assert set(PUBLISHED_PRIORS) <= set(PRIORS)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("none", ()),
        ("", ()),
        ((), ()),
        (["heatmap", "parsing", "heatmap"], ("parsing", "heatmap")),
        ("dictionary, parsing", ("parsing", "dictionary")),
        (tuple(reversed(PRIORS)), PRIORS),
    ],
)
def test_priors_have_one_order(value, found):
    assert known_priors(value) == found


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("parsing,nose", "unknown prior 'nose': choose from parsing, heatmap"),
        (["n" * 500], "unknown prior 'nnn.{0,99}: choose from"),
        (3, r"must be none, or names such as parsing,heatmap \(got 3\)"),
        ([3], "must be none, or names such as"),
        ({"parsing": 19}, "must be none, or names such as"),
    ],
    ids=str,
)
def test_what_names_no_priors_is_refused(value, said, refused):
    with refused(said):
        known_priors(value)
