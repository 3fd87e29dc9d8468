"""The table of formats, and what it asks of the machine."""

import pytest
from mfps.export import formats
from mfps.export.config import ExportConfig
from mfps.export.export import export
from mfps.export.formats import FORMATS, check_packages


def test_no_two_files_of_an_export_have_one_name():
    endings = [ending for row in FORMATS.values() for ending in row.endings]
    assert len(set(endings)) == len(endings)


@pytest.mark.parametrize("name", FORMATS)
def test_three_lines_of_use(name):
    lines = FORMATS[name].use
    assert len(lines) == 3
    assert sum("{file}" in line for line in lines) == 1


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch, refused, frsnet, tmp_path):
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "onnxscript" else name)
    with refused(r"`format` onnx needs onnxscript; install with: pip install 'mfps\[export\]'"):
        export(ExportConfig(weights=frsnet, out=tmp_path / "out"))
    assert not list(tmp_path.iterdir())
    check_packages(("pt2", "torchscript", "safetensors"))


def test_without_a_compiler_nothing_is_compiled(monkeypatch, refused):
    monkeypatch.setattr(formats.shutil, "which", lambda _: None)
    with refused(r"`format` aoti compiles C\+\+, and there is no g\+\+"):
        check_packages(("pt2", "aoti"))
    check_packages(("pt2", "torchscript", "safetensors"))
