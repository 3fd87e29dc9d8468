"""Exported files run as what is inside them does; whatever else has such a name is refused in one line."""

import json
import pickle
import re
import shutil
import sys
import zipfile

import pytest
import torch
from mfps.files.hashes import sha256_of
from mfps.inference.exported_network import is_exported, open_exported

KINDS = ("a.onnx", "a.pt2", "a.torchscript")
PRIORS = ("parsing", "heatmap")


def batch(faces, *priors, size=16):
    generator = torch.Generator().manual_seed(faces)
    channels = {"parsing": 19, "heatmap": 68}
    return torch.rand(faces, 3, size, size, generator=generator), {
        prior: torch.rand(faces, channels[prior], size, size, generator=generator) for prior in priors
    }


@pytest.fixture(scope="session", params=KINDS)
def exported(request, write_exported, tmp_path_factory):
    """A file with priors of each kind, read only, and its stand-in."""
    file = tmp_path_factory.mktemp("exported") / request.param
    return file, write_exported(file, PRIORS)


@pytest.mark.parametrize("faces", [1, 3])
def test_a_file_runs_as_what_is_inside(exported, faces):
    file, network = exported
    opened = open_exported(file)
    assert is_exported(file)
    assert (opened.priors, opened.size, opened.metadata.outputs) == (PRIORS, 16, (0, 1))
    assert opened.runtime == ("onnxruntime" if file.suffix == ".onnx" else "torch")
    degraded, priors = batch(faces, *PRIORS)
    model = opened.model(threads=1, device="cpu")
    expected = network(degraded, *priors.values())
    both = model(degraded, dict(reversed(priors.items())))
    assert len(both) == 2
    for output, truth in zip(both, expected, strict=True):
        assert torch.allclose(output, truth, atol=1e-6)
    (first,) = model(degraded, None, 1)  # needs no priors
    assert torch.allclose(first, expected[0], atol=1e-6)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("faces", [1, 2, 5])
def test_a_file_for_some_faces_at_a_time_takes_any_number(write_exported, tmp_path, refused, name, faces):
    network = write_exported(tmp_path / name, ("parsing",), batch=2)
    degraded, priors = batch(faces, "parsing")
    outputs = open_exported(tmp_path / name).model(device="cpu")(degraded, priors)
    for output, truth in zip(outputs, network(degraded, *priors.values()), strict=True):
        assert torch.allclose(output, truth, atol=1e-6)


def test_a_wrapped_file_takes_faces_of_512_pixels_in_0_to_1(write_exported, tmp_path):
    write_exported(tmp_path / "a.onnx", wrap="face512")
    opened = open_exported(tmp_path / "a.onnx")
    degraded, _ = batch(1, size=512)
    assert opened.size == 512
    outputs = opened.model(device="cpu")(degraded)
    assert torch.allclose(outputs[0], (0.5 * (2 * degraded - 1)) * 0.5 + 0.5, atol=1e-6)


def test_zeros_inside_mean_that_no_priors_are_taken(write_exported, tmp_path):
    write_exported(tmp_path / "a.onnx", PRIORS, priors="zeros")
    opened = open_exported(tmp_path / "a.onnx")
    degraded, _ = batch(2)
    assert opened.priors == ()
    assert torch.allclose(opened.model(device="cpu")(degraded)[1], 0.5 * degraded, atol=1e-6)


def test_what_a_file_cannot_do_is_said_in_one_line(exported, refused):
    file, _ = exported
    opened = open_exported(file)
    model, (degraded, priors) = opened.model(device="cpu"), batch(2, *PRIORS)
    with refused(r"takes faces \(B, 3, 16, 16\)"):
        model(degraded[..., :8, :8], priors)
    with refused("parsing, heatmap, and heatmap is missing"):
        model(degraded, {"parsing": priors["parsing"]})
    with refused("heatmap has shape"):
        model(degraded, {**priors, "heatmap": priors["heatmap"][:, 1:]})
    for ask in (opened.check_iterations, lambda number: model(degraded, priors, number)):
        with refused("of pass 3"):
            ask(3)
    with refused("takes faces of 16 pixels only"):
        opened.check_size(24)
    opened.check_size(16)
    opened.check_iterations(2)


def test_the_output_of_a_pass_that_is_not_in_the_file(write_exported, tmp_path, refused):
    write_exported(tmp_path / "a.onnx", outputs=(1,))
    with refused("its inputs and outputs are not those that it says"):
        open_exported(tmp_path / "a.onnx").model(device="cpu")
    with refused("gives the pictures of pass 2 and not of pass 1"):
        open_exported(tmp_path / "a.onnx").check_iterations(1)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("damage", ["empty", "text", "cut", "zip", "pickle", "missing", "folder"])
def test_files_of_others_and_damaged_ones_are_refused_in_one_line(
    name, damage, write_exported, tmp_path, refused, capfd
):
    file = tmp_path / name
    if damage == "empty":
        file.touch()
    elif damage == "text":
        file.write_text("version 1\n" * 10)
    elif damage == "cut":
        write_exported(file)
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif damage == "zip":
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a/b", "c")
    elif damage == "pickle":
        torch.save({"a": torch.rand(1)}, file)
    elif damage == "folder":
        file.mkdir()
    with refused(re.escape(str(file))):
        open_exported(file)
    assert capfd.readouterr().err == ""


def test_files_that_say_nothing_of_mfps_are_refused(write_exported, tmp_path, refused, monkeypatch):
    monkeypatch.setattr("mfps.inference.export_metadata.ExportMetadata.texts", lambda self: {"author": "someone"})
    for name in KINDS:
        write_exported(tmp_path / name)
        with refused("was not exported by mfps"):
            open_exported(tmp_path / name)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"outputs": (1, 0)}, "are not passes of 2"),
        ({"outputs": (5,)}, "are not passes of 2"),
        ({"outputs": ()}, "are not passes of 2"),
        ({"batch": 0}, "no number of faces"),
        ({"genotype_hash": "00000000"}, "was changed after its export"),
    ],
    ids=str,
)
def test_metadata_that_contradicts_itself(values, said, write_exported, tmp_path, refused):
    write_exported(tmp_path / "a.onnx", **values)
    with refused(said):
        open_exported(tmp_path / "a.onnx")


def test_a_file_that_was_changed_after_its_export(exported, tmp_path, refused):
    file = tmp_path / exported[0].name
    shutil.copy(exported[0], file)
    record = {"files": [{"file": "other", "sha256": "0"}, {"file": file.name, "sha256": sha256_of(file)}]}
    (tmp_path / "parity.json").write_text(json.dumps(record))
    open_exported(file)
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with refused("was changed after its export, says parity.json"):
        open_exported(file)
    (tmp_path / "parity.json").write_text("{")
    with refused("parity.json: .*export the network again, or remove it"):
        open_exported(file)


class _Code:
    def __reduce__(self):
        return (print, ("this was run",))


def rewritten(source, target, changes):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, changes.get(name.partition("/")[2], old.read(name)))
        for path in changes.keys() - {name.partition("/")[2] for name in old.namelist()}:
            new.writestr(f"a/{path}", changes[path])


def test_a_pickle_in_a_program_is_never_opened(write_exported, tmp_path, refused, capfd):
    good, bad, saved = tmp_path / "a.pt2", tmp_path / "b.pt2", tmp_path / "saved"
    write_exported(good)
    torch.save(_Code(), saved)
    config = {"config": {"w": {"path_name": "weight_0", "use_pickle": True, "tensor_meta": None}}}
    for changes in (
        {"data/sample_inputs/model.pt": saved.read_bytes()},
        {"data/constants/custom_obj_0": pickle.dumps(_Code())},
        {"data/constants/opaque_obj_0": pickle.dumps(_Code())},
        {"data/weights/model_weights_config.json": json.dumps(config), "data/weights/weight_0": saved.read_bytes()},
        {"data/aotinductor/model/a.so": b"machine code"},
    ):
        rewritten(good, bad, changes)
        with refused("b.pt2: "):
            open_exported(bad)
    assert capfd.readouterr() == ("", "")


def test_a_compiled_package_is_recognised_and_run_on_the_cpu(write_exported, tmp_path, refused, monkeypatch):
    network = write_exported(tmp_path / "a.pt2")
    with zipfile.ZipFile(tmp_path / "a.pt2") as program, zipfile.ZipFile(tmp_path / "b.pt2", "w") as package:
        for name in program.namelist():
            if "/extra/" in name:
                package.writestr(name, program.read(name))
        package.writestr("a/data/aotinductor/model/a.so", b"machine code")
    opened = open_exported(tmp_path / "b.pt2")
    assert (opened.kind, opened.runtime) == ("package", "torch")
    degraded, _ = batch(2)
    with refused("cannot open it .* export it again"):
        opened.model(device="cpu")
    monkeypatch.setattr("torch._inductor.aoti_load_package", lambda file: network)
    assert torch.equal(opened.model(device="cpu")(degraded)[0], 0.5 * degraded)
    with refused("compiled for CPUs"):
        opened.model(device=torch.device("cuda", 0))


def test_an_archive_is_recognised_by_what_is_in_it(write_exported, tmp_path):
    write_exported(tmp_path / "a.torchscript")
    shutil.copy(tmp_path / "a.torchscript", tmp_path / "a.pt")
    torch.save({}, tmp_path / "b.pt")
    assert is_exported(tmp_path / "a.pt")
    assert open_exported(tmp_path / "a.pt").kind == "script"
    assert not is_exported(tmp_path / "b.pt")
    assert not is_exported(tmp_path)
    assert not is_exported(tmp_path / "nothing")


def test_an_archive_that_cannot_be_read_is_no_exported_one(write_exported, tmp_path, refused):
    """Cut anywhere, or with any byte changed, it is recognised or not, but never a traceback."""
    write_exported(tmp_path / "a.torchscript")
    whole = (tmp_path / "a.torchscript").read_bytes()
    directory = whole.rindex(b"PK\x05\x06")
    for place in (*range(len(whole) - 22, len(whole)), *range(directory - 300, directory, 7)):
        file = tmp_path / "a.pt"
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert is_exported(file) in (True, False)
    file.write_bytes(whole[: len(whole) // 2])
    assert not is_exported(file)
    with refused("damaged or cut short"):
        open_exported(file)


def test_without_onnxruntime_its_package_is_named(write_exported, tmp_path, refused, monkeypatch):
    write_exported(tmp_path / "a.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with refused(r"pip install 'mfps\[export\]'"):
        open_exported(tmp_path / "a.onnx")


def test_onnxruntime_without_cuda(write_exported, tmp_path, refused):
    write_exported(tmp_path / "a.onnx")
    with refused("onnxruntime runs on CPUs only"):
        open_exported(tmp_path / "a.onnx").model(device=torch.device("cuda", 0))
