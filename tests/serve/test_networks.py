"""What a page is given: networks and runs, each under a short name."""

import pytest
from mfps.engine.weights import load_weights, save_weights
from mfps.errors import MfpsError
from mfps.serve.networks import open_given


def check():
    pass


@pytest.fixture
def folders(tmp_path, write_weights):
    """A trained network, an evaluation, and a search whose weights are a supernet's."""
    (tmp_path / "trained").mkdir()
    write_weights(tmp_path / "trained/weights.safetensors", size=16)
    (tmp_path / "trained/config.yaml").write_text("epochs: 1\n")
    (tmp_path / "judged").mkdir()
    (tmp_path / "judged/evaluation.json").write_text("{}")
    (tmp_path / "searched").mkdir()
    (tmp_path / "searched/history.jsonl").write_text("")
    header = {k: v for k, v in load_weights(tmp_path / "trained").header.items() if k != "genotype"}
    save_weights(
        tmp_path / "searched/weights.safetensors", load_weights(tmp_path / "trained").state, **header, space={}
    )
    return tmp_path


def test_what_restores_and_what_can_be_looked_at(folders):
    given = open_given([folders / name for name in ("trained", "judged", "searched")], check)
    assert list(given.networks) == ["trained"]
    assert list(given.runs) == ["trained", "judged", "searched"]
    assert given.networks["trained"].passes == [1, 2]
    assert "searched" in given.silent


def test_a_weights_file_restores_and_is_no_run(folders):
    given = open_given([folders / "trained/weights.safetensors"], check)
    assert (list(given.networks), list(given.runs), given.silent) == (["weights.safetensors"], [], "")


def test_no_two_have_one_name(folders):
    paths = [folders / "trained", folders / "judged/../trained", folders / "trained/weights.safetensors"]
    given = open_given([*paths, *paths], check)
    assert len(given.networks) == 6


@pytest.mark.parametrize("path", ["nowhere", "judged/evaluation.json", "."])
def test_what_is_neither_is_refused_at_once(folders, path):
    with pytest.raises(MfpsError):
        open_given([folders / "trained", folders / path], check)
