import dataclasses
import importlib.metadata
import importlib.util
import socket

import pytest
from mfps.engine import examination
from mfps.engine.examination import ALSO_AS, examine
from mfps.files import external_weights
from mfps.files.external_weights import WEIGHTS
from mfps.files.hashes import sha256_of


@pytest.fixture
def nothing(tmp_path, monkeypatch):
    """A machine without weights, and without a network."""

    def no_network(*_, **__):
        pytest.fail("a connection was opened")

    for name in ("TORCH_HOME", "HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "empty"))
    monkeypatch.delenv(external_weights.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "empty"), raising=False)
    monkeypatch.setattr(external_weights, "find_spec", lambda _: None)  # no package holds weights
    monkeypatch.setattr("urllib.request.urlopen", no_network)
    monkeypatch.setattr(socket.socket, "connect", no_network)
    return tmp_path


def by_name(*args, **options):
    findings = examine(*args, **options)
    named = {finding.name: finding for finding in findings}
    assert len(named) == len(findings)
    return named


def test_what_is_missing_comes_with_how_to_get_it(nothing):
    found = by_name(nothing / "mine")
    for weights in WEIGHTS:
        finding = found[weights.name]
        assert finding.there is False
        assert str(nothing / "mine" / weights.file) in finding.found
        assert str(nothing / "empty") in finding.found
        for fact in (weights.url, weights.licence, f"{weights.megabytes} MB", weights.used_by, "`weights_dir`"):
            assert fact in finding.remedy
    assert found["face parser"].there is False
    assert "jonathandinu/face-parsing" in found["face parser"].remedy


def test_what_is_there_says_where_and_is_checked_when_asked(nothing, monkeypatch):
    for weights in WEIGHTS:
        (nothing / weights.file).write_bytes(weights.name.encode())
    page, *rest = WEIGHTS
    (nothing / page.file).write_text("<!DOCTYPE html>")
    right = tuple(dataclasses.replace(weights, sha256=sha256_of(nothing / weights.file)) for weights in rest)
    monkeypatch.setattr(examination, "WEIGHTS", (page, *right))
    unchecked, checked = by_name(nothing), by_name(nothing, check=True)
    for weights in rest:
        assert unchecked[weights.name].there is checked[weights.name].there is True
        assert str(nothing / weights.file) in unchecked[weights.name].found
        assert "as listed" in checked[weights.name].found
    assert checked[page.name].there is False
    assert "a web page" in checked[page.name].found
    assert page.url in checked[page.name].remedy


def test_weights_inside_a_package_say_where_and_missing_ones_how_to_install_it(nothing, monkeypatch):
    held = [weights for weights in WEIGHTS if weights.package]
    assert held
    missing = by_name()
    for weights in held:
        assert weights.install in missing[weights.name].remedy
        assert weights.licence in missing[weights.name].remedy
    site = packages_of(nothing, held, monkeypatch)
    for weights in held:
        (site / weights.package / weights.file).write_bytes(b"other")
    for weights in held:
        file = str(site / weights.package / weights.file)
        assert by_name()[weights.name].found == file
        checked = by_name(check=True)[weights.name]
        assert not checked.there
        assert file in checked.found
        assert weights.install in checked.found


def packages_of(folder, held, monkeypatch):
    """Packages that end the program when they are imported, as an older one does without pkg_resources."""
    site = folder / "site"
    for weights in held:
        (site / weights.package).mkdir(parents=True, exist_ok=True)
        (site / weights.package.split("/")[0] / "__init__.py").write_text("raise SystemExit")
    monkeypatch.setattr(external_weights, "find_spec", importlib.util.find_spec)
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    return site


def test_libraries_and_programs(nothing, monkeypatch):
    found = by_name()
    for name in ("python", "torch", "transformers", *examination.REQUIRED):
        assert found[name].there is True, name
    assert "no device" in found["CUDA"].found or "devices" in found["CUDA"].found
    monkeypatch.setenv("PATH", "")
    assert by_name()["dot"].there is None
    monkeypatch.setattr(examination, "OPTIONAL", {"no-such-library": "pip install it"})
    missing = by_name()["no-such-library"]
    assert (missing.there, missing.remedy) == (False, "pip install it")


@pytest.mark.parametrize(("name", "package"), [(n, p) for n, others in ALSO_AS.items() for p in others])
def test_a_library_is_found_whichever_package_holds_it(nothing, monkeypatch, name, package):
    def version(asked):
        if asked in (name, *ALSO_AS[name]) and asked != package:
            raise importlib.metadata.PackageNotFoundError(asked)
        return "1.2"

    monkeypatch.setattr("importlib.metadata.version", version)
    assert by_name()[name][1:3] == (True, f"1.2 ({package})")
