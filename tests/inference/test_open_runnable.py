"""Restoring and evaluating with exported files: as with weights, or a refusal in one line."""

import shutil

import numpy as np
import pytest
import torch
from mfps.files.config_model import fill
from mfps.images.image import read_image, write_image
from mfps.images.tensors import images_to_tensor, to_uint8
from mfps.inference.config import EvaluateConfig, RestoreConfig
from mfps.inference.evaluate import evaluate
from mfps.inference.open_network import open_network
from mfps.inference.open_runnable import open_runnable
from mfps.inference.restore import restore


def restored(weights, source, out, console=None, **options):
    return restore(fill(RestoreConfig, {"weights": weights, "source": source, "out": out, **options}), console)


def judged(weights, data, out, console=None, **options):
    return evaluate(fill(EvaluateConfig, {"weights": weights, "data": data, "out": out, **options}), console)


@pytest.fixture
def folder(drawn_folder, tmp_path):
    """The drawn faces with a prior whose mean shows: half of the maps are one."""
    shutil.copytree(drawn_folder, tmp_path / "faces")
    shutil.rmtree(tmp_path / "faces" / "priors")
    heatmaps = tmp_path / "faces" / "priors" / "heatmap"
    heatmaps.mkdir(parents=True)
    for number, image in enumerate(sorted((tmp_path / "faces" / "images").iterdir())):
        np.save(heatmaps / f"{image.stem}.npy", np.full((68, 16, 16), number / 16, np.float32))
    return tmp_path / "faces"


@pytest.mark.parametrize("name", ["a.onnx", "a.pt2", "a.torchscript"])
def test_faces_are_restored_as_the_file_does(write_exported, folder, tmp_path, name):
    network = write_exported(tmp_path / name, ("heatmap",))
    done = restored(tmp_path / name, folder, tmp_path / "out", batch_size=3, device="cpu")
    assert (len(done.files), done.size, done.iterations, done.left_out) == (8, 16, 2, ())
    for number, file in enumerate(done.files):
        picture = images_to_tensor([read_image(folder / "images" / file.name)])
        expected = to_uint8(network(picture, torch.full((1, 68, 16, 16), number / 16))[1].numpy())[0]
        np.testing.assert_allclose(read_image(file).astype(int), expected, atol=1)
    once = restored(tmp_path / name, folder, tmp_path / "once", iterations=1, device="cpu")
    assert once.iterations == 1
    dropped = restored(tmp_path / name, folder, tmp_path / "zeros", drop_prior=["heatmap"], device="cpu")
    assert (dropped.iterations, dropped.left_out) == (1, ("heatmap",))


def test_a_file_of_the_last_pass_alone_is_given_zeros_for_missing_priors(write_exported, folder, tmp_path):
    shutil.rmtree(folder / "priors")
    write_exported(tmp_path / "a.pt2", ("heatmap",), outputs=(1,), network_outputs=(1,))
    done = restored(tmp_path / "a.pt2", folder, tmp_path / "out", device="cpu")
    assert (done.iterations, done.left_out) == (2, ("heatmap",))


def test_wrapped_faces_have_512_pixels(write_exported, drawn_folder, tmp_path):
    write_exported(tmp_path / "a.onnx", wrap="face512", batch=1, outputs=(0, 1))
    done = restored(tmp_path / "a.onnx", drawn_folder / "images" / "0000.png", tmp_path / "out", device="cpu")
    assert done.size == 512
    assert read_image(done.files[0]).shape == (512, 512, 3)


@pytest.mark.parametrize("outputs", [(0, 1), (1,)], ids=str)
def test_a_report_says_what_computed_it_and_which_iterations_it_is_about(write_exported, folder, tmp_path, outputs):
    write_exported(tmp_path / "a.onnx", ("heatmap",), outputs=outputs, network_outputs=outputs)
    report = judged(tmp_path / "a.onnx", folder, tmp_path / "out", device="cpu")
    assert report["convention"]["computed"].startswith("onnxruntime ")
    assert report["convention"]["computed"].endswith("an ONNX file in float32")
    assert len(report["iterations"]) == len(outputs)
    assert report["convention"].get("iterations", [0, 1]) == list(outputs)
    page = (tmp_path / "out" / "evaluation.md").read_text()
    assert "iteration 1 (oracle priors)" in page
    assert ("iteration 0" in page) == (0 in outputs)
    again = judged(tmp_path / "a.onnx", folder, tmp_path / "again", device="cpu", against=tmp_path / "out")
    assert again["against"]["results"][0]["psnr"]["difference"] == 0


def test_zeros_inside_are_said_in_a_report(write_exported, folder, tmp_path):
    write_exported(tmp_path / "a.onnx", ("heatmap",), priors="zeros")
    report = judged(tmp_path / "a.onnx", folder, tmp_path / "out", device="cpu")
    assert report["convention"]["computed"].endswith("with zeros in place of priors")
    assert len(report["iterations"]) == 2


def test_weights_evaluated_say_what_computed_them(write_weights, drawn_folder, tmp_path, console):
    write_weights(tmp_path / "w.safetensors", size=16)
    reports = [
        judged(tmp_path / "w.safetensors", drawn_folder, tmp_path / str(number), console, device="cpu", **options)
        for number, options in enumerate(({}, {}, {"precision": "bfloat16", "layout": "contiguous"}))
    ]
    assert reports[0] == reports[1], "nothing is chosen by timing"
    said = [report["convention"]["computed"] for report in reports]
    assert said[0] == f"torch {torch.__version__}, channels-last float32 on cpu"
    assert said[2] == f"torch {torch.__version__}, contiguous bfloat16 on cpu"
    assert reports[0]["faces"] != reports[2]["faces"]


def test_what_a_file_cannot_do_is_refused_before_anything_is_written(
    write_exported, write_weights, drawn_genotype, folder, tmp_path, refused
):
    write_exported(tmp_path / "a.onnx", ("heatmap",))
    write_exported(tmp_path / "last.onnx", ("heatmap",), outputs=(1,), network_outputs=(1,))
    write_exported(tmp_path / "folded.onnx", ("heatmap",), priors="folded")
    write_exported(tmp_path / "a.pt2", ("heatmap",))
    write_weights(tmp_path / "w.safetensors", size=16)
    (tmp_path / "other.json").write_text(drawn_genotype((), seed=3).model_dump_json(by_alias=True, exclude_none=True))
    shutil.copytree(folder / "images", tmp_path / "bare")
    common = (
        ("a.onnx", {"size": 24}, "takes faces of 16 pixels only"),
        ("a.onnx", {"layout": "contiguous"}, "the layout in .* is fixed"),
        ("a.onnx", {"precision": "bfloat16"}, "computes in float32, which is fixed"),
        ("a.onnx", {"runtime": "torch"}, "is run by onnxruntime"),
        ("a.pt2", {"runtime": "onnxruntime"}, "is run by torch"),
        ("w.safetensors", {"runtime": "onnxruntime"}, "make an ONNX file of them with `mfps export`"),
        ("w.safetensors", {"runtime": "openvino"}, "`runtime`: must be 'auto', 'torch' or 'onnxruntime'"),
        ("a.onnx", {"genotype": str(tmp_path / "other.json")}, "not the architecture of"),
        ("last.onnx", {"priors_from": "coarse"}, "does not give the picture of pass 1"),
        ("folded.onnx", {"priors_from": "degraded"}, "draws its priors from what is stored"),
        ("none.onnx", {}, "no such exported file"),
    )
    for name, options, rule in (*common, ("a.onnx", {"iterations": 3}, "not of pass 3")):
        with refused(rule):
            restored(tmp_path / name, folder, tmp_path / "out", device="cpu", **options)
    for name, options, rule in (*common, ("folded.onnx", {}, "faces are evaluated with maps")):
        with refused(rule):
            judged(tmp_path / name, folder, tmp_path / "out", device="cpu", **options)
    with refused("gives no picture of iteration 0"):
        judged(tmp_path / "last.onnx", tmp_path / "bare", tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()
    with refused("an exported file, which is only run"):
        open_network(tmp_path / "a.onnx")
    assert open_runnable(tmp_path / "w.safetensors", None, "torch").size == 16


def test_memory_does_not_grow_with_the_number_of_faces(write_exported, tmp_path, monkeypatch):
    """Batches stream: as many pictures are in memory for many faces as for a few."""
    write_exported(tmp_path / "a.onnx")
    (tmp_path / "many").mkdir()
    for number in range(60):
        write_image(tmp_path / "many" / f"{number:03}.png", np.full((16, 16, 3), number, np.uint8))
    counts = {"read": 0, "written": 0, "most": 0}

    def reading(path, *rest):
        counts["read"] += 1
        counts["most"] = max(counts["most"], counts["read"] - counts["written"])
        return read_image(path, *rest)

    def writing(path, photograph, *_):
        write_image(path, photograph.colour)
        counts["written"] += 1

    monkeypatch.setattr("mfps.inference.restore_crops.read_image", reading)
    monkeypatch.setattr("mfps.inference.restore_crops.write_photograph", writing)
    done = restored(tmp_path / "a.onnx", tmp_path / "many", tmp_path / "out", batch_size=3, device="cpu")
    assert len(done.files) == counts["written"] == 60
    assert counts["most"] <= 5 * 3
    found = [int(read_image(file)[0, 0, 0]) for file in done.files]
    np.testing.assert_allclose(found, np.arange(60) / 2, atol=1)
