"""What other programs find beside the ONNX file is what they look for."""

import zlib

import pytest
from mfps.export.config import ExportConfig
from mfps.export.export import export
from mfps.export.neighbours import facefusion_entry, plain_name


def test_facefusion_finds_its_checksum_and_its_entry(wrapped):
    out, _ = wrapped
    found = (out / "frsnet.hash").read_text().strip()
    assert found == format(zlib.crc32((out / "frsnet.onnx").read_bytes()), "08x")
    text = (out / "frsnet.facefusion.txt").read_text()
    entries = eval(f"{{{text}}}", {"resolve_relative_path": lambda path: path})
    assert entries["frsnet"]["template"] == "ffhq_512"
    assert entries["frsnet"]["size"] == (512, 512)
    assert entries["frsnet"]["hashes"]["face_enhancer"]["path"] == "../.assets/models/frsnet.hash"
    assert entries["frsnet"]["sources"]["face_enhancer"]["path"] == "../.assets/models/frsnet.onnx"


@pytest.mark.parametrize("licence", ["CC0", "it's \"mine\"\n'}", ""])
def test_any_licence_stands_in_the_entry_as_it_is(licence):
    entry = eval(f"{{{facefusion_entry('a', licence)}}}", {"resolve_relative_path": str})
    assert entry["a"]["__metadata__"]["license"] == licence


@pytest.mark.parametrize("name", ["my-codeformer", "CodeFormer_2", "net1024", "a.2048"])
def test_reactor_would_mistake_some_names(name, frsnet, tmp_path, refused):
    values = {"wrap": "face512", "neighbours": ("reactor",), "name": name}
    with refused("give another `name`"):
        export(ExportConfig(weights=frsnet, out=tmp_path / "out", **values))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("called", "name"),
    [("retrain", "retrain"), ("a b\nc'd", "a-b-c-d"), ("..", "network"), ("-x.y", "x.y"), ("é", "network")],
)
def test_files_have_plain_names_whatever_the_run_is_called(called, name):
    assert plain_name(called) == name
