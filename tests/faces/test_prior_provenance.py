import json

import pytest
from mfps.faces.prior_provenance import describe_priors, read_provenance

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


def test_other_sources_are_never_called_so():
    assert "oracle" not in describe_priors(BOTH, "degraded", {})
    assert "oracle" not in describe_priors(BOTH, "coarse", {"parsing": {"made_from": "clean"}})
    assert describe_priors(BOTH, "clean", {}, dropped=BOTH) == "parsing, heatmap: left out (zeros)"
    assert describe_priors((), "clean", {}) == "none"
