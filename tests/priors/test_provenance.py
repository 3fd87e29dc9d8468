import json

import pytest
from mfps.priors.provenance import describe_priors, oracle_priors, read_provenance

BOTH = ("parsing", "heatmap")


def test_what_is_recorded_is_read(tmp_path, refused):
    assert read_provenance(tmp_path) == {}
    (tmp_path / "priors").mkdir()
    file = tmp_path / "priors" / "provenance.json"
    record = {"heatmap": {"made_from": "clean", "model": "FAN"}}
    file.write_text(json.dumps(record))
    assert read_provenance(tmp_path) == record
    for damaged in ("", "[]", '{"heatmap": {}}', '{"heatmap": {"made_from": "thin air"}}', '{"heatmap": 3}'):
        file.write_text(damaged)
        with refused("provenance.json: .*make the data set again"):
            read_provenance(tmp_path)


@pytest.mark.parametrize(
    ("recorded", "line"),
    [
        ({}, "parsing, heatmap: oracle priors, from files made of the clean faces (not recorded: taken to be so)"),
        (
            {prior: {"made_from": "clean"} for prior in BOTH},
            "parsing, heatmap: oracle priors, from files made of the clean faces",
        ),
        (
            {"parsing": {"made_from": "clean"}, "heatmap": {"made_from": "degraded"}},
            "parsing: oracle priors, from files made of the clean faces; "
            "heatmap: from files made of the degraded faces",
        ),
    ],
)
def test_priors_of_clean_faces_are_called_oracle_priors(recorded, line):
    assert describe_priors(BOTH, "clean", recorded) == line


def test_other_priors_are_never_called_oracle_priors():
    assert "oracle" not in describe_priors(BOTH, "degraded", {})
    assert "oracle" not in describe_priors(BOTH, "coarse", {"parsing": {"made_from": "clean"}})
    assert describe_priors(BOTH, "clean", {}, dropped=BOTH) == "parsing, heatmap: left out (zeros)"
    assert describe_priors((), "clean", {}) == "none"


@pytest.mark.parametrize("source", ["clean", "degraded", "coarse"])
@pytest.mark.parametrize("made_from", ["clean", "degraded", "coarse", None])
@pytest.mark.parametrize("dropped", [(), ("heatmap",)])
def test_the_line_says_oracle_exactly_where_a_prior_is_one(source, made_from, dropped):
    recorded = {} if made_from is None else {"heatmap": {"made_from": made_from}}
    oracle = oracle_priors(("heatmap",), source, recorded, dropped)
    assert oracle == (("heatmap",) if source == "clean" and made_from in ("clean", None) and not dropped else ())
    assert ("oracle" in describe_priors(("heatmap",), source, recorded, dropped)) == bool(oracle)
