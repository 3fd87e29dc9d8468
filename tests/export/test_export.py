"""What an export leaves: files that compute what the network does, say which it is, and run as their README says."""

import json
import re
import shutil
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from mfps.errors import MfpsError
from mfps.export.config import ExportConfig
from mfps.export.export import export
from mfps.export.formats import FORMATS
from mfps.files.hashes import sha256_of
from mfps.images.image import write_image
from mfps.inference.compile import load_network
from mfps.inference.export_metadata import read_metadata
from mfps.inference.exported_network import open_exported

from .conftest import SIZE

EXPORTS = ("exported", "folded", "wrapped")


@pytest.fixture(params=EXPORTS)
def any_export(request):
    return request.getfixturevalue(request.param)


def onnx_file(out):
    (file,) = out.glob("*.onnx")
    return file


def test_an_onnx_file_is_whole_and_its_norms_are_folded(any_export):
    out, _ = any_export
    model = onnx.load(onnx_file(out), load_external_data=False)
    counts = Counter(node.op_type for node in model.graph.node)
    assert counts["BatchNormalization"] == 0 < counts["Conv"]
    assert not [tensor.name for tensor in model.graph.initializer if tensor.external_data]
    assert {path.suffix for path in out.iterdir()} <= {
        *(".onnx", ".pt2", ".torchscript", ".safetensors", ".json", ".md", ".hash", ".txt")
    }
    assert model.ir_version <= 10
    onnx.checker.check_model(model)


@pytest.mark.parametrize(("export", "opset"), [("exported", 20), ("folded", 17)])
def test_the_operators_are_of_the_version_that_was_asked_for(export, opset, request):
    out, _ = request.getfixturevalue(export)
    assert [entry.version for entry in onnx.load(onnx_file(out)).opset_import if not entry.domain] == [opset]


def test_every_file_says_which_network_it_is(any_export, request):
    out, done = any_export
    weights = request.getfixturevalue("mfpsnet" if done.files[0].file == "mfpsnet.onnx" else "frsnet")
    compiled = load_network(weights)
    for parity in done.files:
        if FORMATS[parity.format].load is not None:
            again = load_network(out / parity.file)
            assert (again.genotype, again.config, again.provenance) == (
                *(compiled.genotype, compiled.config, compiled.provenance),
            )
            continue
        opened = open_exported(out / parity.file)
        assert opened.genotype == compiled.genotype
        assert opened.metadata.weights_sha256 == sha256_of(weights)
        assert opened.metadata.provenance == compiled.provenance
        assert opened.metadata.degradation == "blur(1,2)"
        assert opened.metadata.precision == parity.precision
    assert read_metadata(dict(onnxruntime.InferenceSession(onnx_file(out)).get_modelmeta().custom_metadata_map), "f")


def test_nothing_of_the_machine_that_exported_is_in_a_file(any_export):
    out, _ = any_export
    for file in out.iterdir():
        content = file.read_bytes()
        for place in (str(Path(__file__).parents[2]), torch.__path__[0], str(out)):
            assert place.encode() not in content, file.name


def test_no_face_is_in_a_file(exported, frsnet):
    """Torch keeps the inputs with which a network was traced."""
    out, done = exported
    with zipfile.ZipFile(out / "net.pt2") as archive:
        assert sum(member.file_size for member in archive.infolist() if "sample_inputs" in member.filename) < 4000
    sizes = {parity.format: parity.bytes for parity in done.files}
    assert sizes["pt2"] < 1.5 * sizes["safetensors"]


def test_what_was_given_is_written_down(exported, folded, wrapped):
    plain, drawn, face512 = (open_exported(onnx_file(out)).metadata for out, _ in (exported, folded, wrapped))
    assert [done.files[0].faces for _, done in (exported, folded)] == ["3 faces of drawn"] * 2
    assert (plain.licence, plain.data, plain.batch, plain.range) == ("CC0", "some faces", None, "0..1")
    assert (drawn.priors, drawn.outputs, drawn.network.iterations) == ("folded", (0, 1), 2)
    assert (face512.wrap, face512.batch, face512.range, face512.precision) == ("face512", 1, "-1..1", "float16")


def test_the_record_of_the_comparison(any_export):
    out, done = any_export
    record = json.loads((out / "parity.json").read_text())
    assert [entry["file"] for entry in record["files"]] == [parity.file for parity in done.files]
    for entry in record["files"]:
        file = out / entry["file"]
        assert (entry["sha256"], entry["bytes"]) == (sha256_of(file), file.stat().st_size)
        assert entry["largest"] < 1e-4
        assert 0 <= entry["mean"] <= entry["largest"]
        assert entry["psnr"] > 60
        assert re.fullmatch(r"(torch|onnxruntime) [\d.]+(\+cpu)?", entry["runtime"])


def test_a_file_that_was_changed_is_found_out(exported, tmp_path, refused):
    out, _ = exported
    for name in ("net.onnx", "parity.json"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    open_exported(tmp_path / "net.onnx")
    changed = bytearray((tmp_path / "net.onnx").read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "net.onnx").write_bytes(changed)
    with refused("was changed after its export"):
        open_exported(tmp_path / "net.onnx")


@pytest.mark.parametrize("format", ["onnx", "pt2", "torchscript"])
def test_any_number_of_faces_goes_through_a_file(exported, frsnet, format):
    out, _ = exported
    model = open_exported(out / f"net.{format}").model(device="cpu")
    network = load_network(frsnet).restorer
    faces = torch.rand(3, 3, SIZE, SIZE)
    (together,) = model(faces)
    alone = torch.cat([model(face[None])[0] for face in faces])
    with torch.no_grad():
        (expected,) = network(faces)
    assert float((together - alone).abs().max()) < 1e-6
    assert float((together - expected).abs().max()) < 1e-6


def test_label_maps_of_any_size_go_into_a_file(folded):
    out, _ = folded
    session = onnxruntime.InferenceSession(onnx_file(out))
    names = [value.name for value in session.get_inputs()]
    assert names == ["input", "labels", "landmarks", "boxes", "entries"]
    assert [value.name for value in session.get_outputs()] == ["iteration_0", "iteration_1"]
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 19, (1, 4, 4))
    given = {
        "input": rng.random((1, 3, SIZE, SIZE), np.float32),
        "landmarks": np.full((1, 68, 2), np.nan, np.float32),
        "boxes": np.full((1, 4, 4), np.nan, np.float32),
        "entries": np.full((1, 4), -1),
    }
    one, two = (session.run(None, {**given, "labels": labels.repeat(n, 1).repeat(n, 2)}) for n in (2, 5))
    assert np.array_equal(one[0], two[0])  # the first pass takes no priors
    assert 0 < np.abs(one[1] - two[1]).max() < 1


def test_a_wrapped_file_is_what_face_enhancers_are(wrapped):
    out, done = wrapped
    session = onnxruntime.InferenceSession(onnx_file(out))
    (taken,), (given,) = session.get_inputs(), session.get_outputs()
    assert (taken.name, taken.shape, taken.type) == ("input", [1, 3, 512, 512], "tensor(float)")
    assert (given.name, given.shape, given.type) == ("output", [1, 3, 512, 512], "tensor(float)")
    (face,) = session.run(None, {"input": np.random.default_rng(0).uniform(-1, 1, (1, 3, 512, 512)).astype("float32")})
    assert -1 <= face.min() < face.max() <= 1
    assert done.note == "the run's faces are not there; name others as `data`"
    assert done.files[0].faces == "2 drawn faces"
    assert done.added == ("frsnet.hash", "frsnet.facefusion.txt")


def test_half_of_the_bytes(exported, wrapped):
    whole, half = (onnx_file(out).stat().st_size for out, _ in (exported, wrapped))
    assert 0.5 * whole < half < 0.75 * whole  # the graph itself takes its share of so small a network
    types = {tensor.data_type for tensor in onnx.load(onnx_file(wrapped[0])).graph.initializer if len(tensor.dims) == 4}
    assert types == {onnx.TensorProto.FLOAT16}


def test_the_lines_of_the_readme_run(exported, folded, tmp_path, monkeypatch):
    """Each by itself, as they stand there."""
    for (out, done), count in ((exported, 4), (folded, 1)):
        monkeypatch.chdir(shutil.copytree(out, tmp_path / out.name))
        text = (out / "README.md").read_text()
        blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        assert len(blocks) == len(done.files) == count
        for block in blocks:
            assert len(block.splitlines()) == 3
            faces = torch.rand(1, 3, SIZE, SIZE)
            given = {
                "face": faces,
                "labels": torch.zeros(1, 8, 8, dtype=torch.int64),
                "landmarks": torch.rand(1, 68, 2),
                "boxes": torch.full((1, 4, 4), torch.nan),
                "entries": torch.full((1, 4), -1),
            }
            if "onnxruntime" in block:
                given = {name: tensor.numpy() for name, tensor in given.items()}
            run(block, given)
            restored = given.get("restored", given.get("iteration_1"))
            assert restored.shape == ((SIZE, SIZE, 3) if "import mfps" in block else (1, 3, SIZE, SIZE))


def run(block, names):
    write_image("face.png", np.zeros((SIZE, SIZE, 3), np.uint8))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch has some for its own formats
        exec(block, names)


def test_nothing_is_left_of_files_that_differ(frsnet, tmp_path, monkeypatch, refused):
    monkeypatch.setattr("mfps.export.parity.LARGEST", -1.0)
    with refused(r"a\.safetensors: differs from the network by up to \S+ \(100\.0 dB\) on 4 drawn faces"):
        export(ExportConfig(weights=frsnet, out=tmp_path / "new/out", name="a", format=("safetensors",)))
    assert not list(tmp_path.iterdir())


def test_weights_alone_need_no_exporter(frsnet, tmp_path, monkeypatch):
    monkeypatch.setattr("mfps.export.export.make_program", None)
    done = export(ExportConfig(weights=frsnet, out=tmp_path / "out", format=("safetensors",), half=True))
    assert (done.files[0].file, done.files[0].precision) == ("frsnet.safetensors", "float16")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"frsnet.safetensors", "parity.json", "README.md"}


def test_a_folder_in_use_is_left_alone(frsnet, tmp_path, refused):
    (tmp_path / "mine.txt").touch()
    with refused("overwrites nothing"):
        export(ExportConfig(weights=frsnet, out=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_a_package_compiled_for_this_processor(frsnet, prior_faces, tmp_path):
    values = {"weights": frsnet, "out": tmp_path / "out", "format": ("aoti",), "data": prior_faces, "name": "net"}
    done = export(ExportConfig(**values))
    opened = open_exported(tmp_path / "out/net-aoti.pt2")
    assert opened.kind == "package"
    assert opened.metadata.precision == "float32"
    assert done.files[0].largest < 1e-4


def test_an_exporter_that_fails_leaves_nothing(frsnet, tmp_path, monkeypatch):
    def fail(*_):
        raise MfpsError("no")

    monkeypatch.setattr("mfps.export.weights_file.save_weights", lambda *_, **__: fail())
    with pytest.raises(MfpsError, match="no"):
        export(ExportConfig(weights=frsnet, out=tmp_path / "out", format=("safetensors",)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["frsnet", "mfpsnet"])
def test_files_for_spandrel_hold_what_runs_on_a_picture_alone(name, request, tmp_path):
    done = export(ExportConfig(weights=request.getfixturevalue(name), out=tmp_path / "out", format="spandrel"))
    assert [Path(parity.file).suffix for parity in done.files] == [".safetensors", ".pth"]
    assert max(parity.largest for parity in done.files) < 1e-6


def test_what_an_exporter_raises_is_one_line_and_leaves_nothing(frsnet, tmp_path, monkeypatch, refused):
    def fails(job, file):
        file.write_bytes(b"half")
        raise RuntimeError("the compiler gave up\nin many lines")

    monkeypatch.setitem(FORMATS, "safetensors", FORMATS["safetensors"]._replace(write=fails))
    with refused(r"`format` safetensors: cannot be made \(the compiler gave up\); leave it out"):
        export(ExportConfig(weights=frsnet, out=tmp_path / "out", format="safetensors"))
    assert not list(tmp_path.iterdir())
