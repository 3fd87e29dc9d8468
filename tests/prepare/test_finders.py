import json

from mfps.prepare.config import PrepareConfig
from mfps.prepare.finders import Finders, open_finders


def test_only_the_networks_that_are_needed_are_loaded(tmp_path, parser_folder):
    config = {"photos": tmp_path, "out": tmp_path / "out", "parser": str(parser_folder), "device": "cpu"}
    heatmap = open_finders(PrepareConfig.model_validate({**config, "priors": ("heatmap",)}), False)
    assert (heatmap.detector, list(heatmap.priors), heatmap.networks()) == (None, ["heatmap"], {})
    given = PrepareConfig.model_validate({**config, "priors": ("parsing",), "labels": tmp_path})
    assert open_finders(given, False) == Finders(None, {})
    found = open_finders(PrepareConfig.model_validate({**config, "priors": ("parsing",)}), False)
    assert list(found.networks()) == ["parsing"]
    assert str(parser_folder) not in json.dumps(found.networks())
