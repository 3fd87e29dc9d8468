"""Where priors come from, and running without them: the same for evaluating, restoring and training."""

import shutil

import numpy as np
import pytest
import torch
from mfps.data.dataset import FaceFolder
from mfps.data.loader import make_loader
from mfps.engine.weights import save_weights
from mfps.files.config_model import fill
from mfps.images.image import read_image
from mfps.images.tensors import images_to_tensor, to_uint8
from mfps.inference.compile import compile_genotype, weights_header
from mfps.inference.config import EvaluateConfig, RestoreConfig
from mfps.inference.evaluate import evaluate
from mfps.inference.prior_runs import run_with_priors
from mfps.inference.restore import restore
from mfps.networks.network_config import NetworkConfig

CHANNELS = {"parsing": 19, "heatmap": 68}


def judged(weights, data, out, console, **options):
    return evaluate(fill(EvaluateConfig, {"weights": weights, "data": data, "out": out, **options}), console)


def restored(weights, source, out, console, **options):
    return restore(fill(RestoreConfig, {"weights": weights, "source": source, "out": out, **options}), console)


def found_in(images):
    """Stands in for an extractor: priors that depend on the picture alone."""
    # Large, so that an untrained network's output shows them.
    return {prior: 20 * images.mean(1, keepdim=True).expand(-1, n, -1, -1) for prior, n in CHANNELS.items()}


@pytest.fixture
def network(drawn_genotype, randomised, tmp_path):
    """Wide enough for its output to depend on the priors, though it is untrained."""
    genotype = drawn_genotype(tuple(CHANNELS), width=4)
    config = NetworkConfig(blocks=1, prior_channels=CHANNELS)
    network = randomised(compile_genotype(genotype, config))
    with torch.no_grad():
        for module in (network.prior_output, network.fusion_output, network.redistill):
            for parameter in module.parameters():
                parameter.mul_(8 if parameter.ndim > 1 else 1)
    header = weights_header(genotype, config, {"size": 16})
    save_weights(tmp_path / "w.safetensors", network.state_dict(), **header)
    return network


@pytest.fixture
def extracted(monkeypatch):
    """Extraction is `found_in`, with what is dropped as zeros."""

    class Extractor:
        def __init__(self, dropped):
            self.dropped = dropped

        def __call__(self, images):
            return {prior: maps * (prior not in self.dropped) for prior, maps in found_in(images).items()}

        def provenance(self):
            return {"heatmap": {"model": "found_in"}}

    for module in ("evaluate", "restore_plan"):
        monkeypatch.setattr(
            f"mfps.inference.{module}.prior_extractor", lambda compiled, sources, device, dropped: Extractor(dropped)
        )


@torch.no_grad()
def test_priors_are_taken_from_what_was_asked_for(network):
    degraded, stored = torch.rand(2, 3, 16, 16), found_in(torch.rand(2, 3, 16, 16))
    coarse = network(degraded, iterations=1)[0].clamp(0, 1)
    expected = {"clean": stored, "degraded": found_in(degraded), "coarse": found_in(coarse)}
    for source, priors in expected.items():
        outputs = run_with_priors(network, degraded, stored, source, found_in)
        assert len(outputs) == 2
        for output, truth in zip(outputs, network(degraded, priors), strict=True):
            assert torch.allclose(output, truth, atol=1e-6), source
        others = [network(degraded, other)[1] for name, other in expected.items() if name != source]
        assert not any(torch.allclose(outputs[1], other, atol=1e-4) for other in others)


def test_training_does_not_reach_into_the_coarse_pass(network):
    degraded = torch.rand(1, 3, 16, 16, requires_grad=True)
    seen = []
    run_with_priors(network, degraded, {}, "coarse", lambda images: seen.append(images) or found_in(images))
    assert not seen[0].requires_grad


def mean_psnr(report):
    return [stage["psnr"] for stage in report["iterations"]]


def test_reports_say_which_priors_a_number_depends_on(network, drawn_folder, tmp_path, console, extracted):
    reports = {}
    for source in ("clean", "degraded", "coarse"):
        reports[source] = judged(
            tmp_path / "w.safetensors", drawn_folder, tmp_path / source, console, priors_from=source, device="cpu"
        )
    said = {source: report["convention"]["priors"] for source, report in reports.items()}
    assert said["clean"].startswith("parsing, heatmap: oracle priors")
    assert said["degraded"] == "parsing, heatmap: found on the fly in the degraded faces"
    assert said["coarse"] == "parsing, heatmap: found on the fly in the coarse output of iteration 0"
    found_by = {source: report["convention"].get("priors_found_by") for source, report in reports.items()}
    by = {"heatmap": {"model": "found_in"}}
    assert found_by == {"clean": None, "degraded": by, "coarse": by}
    for source in reports:
        page = (tmp_path / source / "evaluation.md").read_text()
        assert ("iteration 1 (oracle priors)" in page) == ("oracle priors" in page) == (source == "clean")
    assert len({tuple(mean_psnr(report)) for report in reports.values()}) == 3
    assert len({mean_psnr(report)[0] for report in reports.values()}) == 1


def test_a_dropped_prior_is_zeros_wherever_priors_come_from(network, drawn_folder, tmp_path, console, extracted):
    weights = tmp_path / "w.safetensors"
    for source in ("clean", "coarse"):
        report = judged(
            weights, drawn_folder, tmp_path / source, console, drop_prior=["heatmap"], priors_from=source, device="cpu"
        )
        assert report["convention"]["priors"].endswith("heatmap: left out (zeros)")
        assert "oracle" in report["convention"]["priors"] or source == "coarse"
    faces = FaceFolder(drawn_folder, 16, "full", None, ("parsing",), seed=0)
    (batch,) = make_loader(faces, None, 8, 0, shuffle=False, workers=0)
    with torch.no_grad():
        outputs = network(batch.degraded, {**batch.priors, "heatmap": torch.zeros(8, 68, 16, 16)})
    images = tmp_path / "images"
    judged(weights, drawn_folder, images, console, drop_prior=["heatmap"], save_images=True, device="cpu")
    for name, picture in zip(batch.names, to_uint8(outputs[1].numpy()), strict=True):
        np.testing.assert_allclose(read_image(images / "restored" / "full" / name).astype(int), picture, atol=1)


def test_a_prior_that_is_not_beside_the_photographs_is_replaced_by_zeros_and_reported(
    network, drawn_folder, tmp_path, console
):
    shutil.copytree(drawn_folder, tmp_path / "some")
    (tmp_path / "some" / "priors" / "landmarks.json").unlink()
    done = restored(tmp_path / "w.safetensors", tmp_path / "some", tmp_path / "out", console, device="cpu")
    assert (done.iterations, done.left_out) == (2, ("heatmap",))
    dropped = restored(
        tmp_path / "w.safetensors", drawn_folder, tmp_path / "same", console, drop_prior=["heatmap"], device="cpu"
    )
    for one, two in zip(done.files, dropped.files, strict=True):
        assert one.read_bytes() == two.read_bytes()
    nothing = restored(
        tmp_path / "w.safetensors", drawn_folder, tmp_path / "none", console, drop_prior=list(CHANNELS), device="cpu"
    )
    assert (nothing.iterations, nothing.left_out) == (1, tuple(CHANNELS))


@torch.no_grad()
def test_restoring_with_priors_of_the_photograph(network, drawn_folder, tmp_path, console, extracted):
    done = restored(
        tmp_path / "w.safetensors", drawn_folder, tmp_path / "out", console, priors_from="coarse", device="cpu"
    )
    degraded = images_to_tensor([read_image(drawn_folder / "images" / "0003.png")])
    coarse = network(degraded, iterations=1)[0].clamp(0, 1)
    expected = to_uint8(network(degraded, found_in(coarse))[1].numpy())[0]
    np.testing.assert_allclose(read_image(done.files[3]).astype(int), expected, atol=1)
