"""FID and KID against independent computations and against torch-fidelity's own, with weights of the real format."""

import dataclasses
import re
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest
import scipy.linalg
import torch
from mfps.drawn.faces import draw_face
from mfps.files import external_weights
from mfps.files.external_weights import weights_of
from mfps.files.hashes import sha256_of
from mfps.images.image import write_image
from mfps.metrics.face_sets import (
    ENOUGH_FACES,
    FEATURES,
    INCEPTION,
    SETS,
    FaceSets,
    SetMetric,
    few_faces,
    open_face_sets,
)
from mfps.metrics.metric import Column, MetricSources

from ..torchvision_beside import torchvision_imported


@pytest.fixture(scope="module")
def fidelity():
    """The package torch-fidelity, with which alone some of these tests run; `make integrations` has it."""
    if find_spec("torch_fidelity") is None:
        pytest.skip("torch-fidelity is not installed; `make integrations` runs this with it")
    with torchvision_imported():
        yield import_module("torch_fidelity")


@pytest.fixture
def there(monkeypatch):
    """torch-fidelity seems to be installed."""
    monkeypatch.setattr("mfps.metrics.face_sets.find_spec", lambda _: object())


@pytest.fixture
def features():
    """Of 90 faces and 90 others, float32 (90, 24), all positive as Inception's are."""
    rng = np.random.default_rng(0)
    mixed = rng.normal(0, 1, (24, 24))
    return [torch.from_numpy(np.abs(rng.normal(m, 1, (90, 24)) @ mixed).astype(np.float32)) for m in (0, 0.3)]


@pytest.fixture
def inception(fidelity, tmp_path, monkeypatch):
    """A weights file of the real format, listed, with random weights that keep the features' scale."""
    module = import_module("torch_fidelity.feature_extractor_inceptionv3")
    with monkeypatch.context() as patch:
        patch.setattr(module, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(module.FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        torch.manual_seed(0)
        network = module.FeatureExtractorInceptionV3("any", [str(FEATURES)])
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
    file = tmp_path / "random.pth"
    torch.save(network.state_dict(), file)
    listed = dataclasses.replace(weights_of(INCEPTION), sha256=sha256_of(file))
    monkeypatch.setattr(external_weights, "WEIGHTS", (listed,))
    return file


def test_fid_is_that_of_scipys_square_root(fidelity, features):
    one, other = (part.double().numpy() for part in features)
    covariances = [np.cov(part, rowvar=False) for part in (one, other)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = ((one.mean(0) - other.mean(0)) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)
    found = SETS["fid"].distance(*features)
    assert found == {"fid": pytest.approx(expected, rel=1e-4)}
    assert SETS["fid"].distance(features[0], features[0])["fid"] == pytest.approx(0, abs=1e-3)


def test_kid_is_that_of_its_kernel(fidelity, features, monkeypatch):
    def kernel(a, b):
        return (a.double() @ b.double().T / a.shape[1] + 1) ** 3

    def discrepancy(one, other):
        n = len(one)
        within = sum(
            (kernel(part, part).sum() - kernel(part, part).diagonal().sum()) / (n * n - n) for part in (one, other)
        )
        return float(within - 2 * kernel(one, other).mean())

    found = SETS["kid"].distance(*features)
    assert found["kid"] == pytest.approx(discrepancy(*features), rel=1e-4)
    assert found["kid_std"] < 1e-4 * found["kid"]  # each subset is the whole set
    monkeypatch.setattr("mfps.metrics.face_sets.SUBSET", 40)
    found = SETS["kid"].distance(*features)
    rng = np.random.RandomState(2020)
    expected = [discrepancy(*(part[rng.choice(90, 40, replace=False)] for part in features)) for _ in range(100)]
    assert found == {
        "kid": pytest.approx(np.mean(expected), rel=1e-4), "kid_std": pytest.approx(np.std(expected), rel=1e-3)
    }  # fmt: skip


def test_numbers_are_torch_fidelitys(fidelity, inception, tmp_path):
    rng = np.random.default_rng(1)
    clean = [draw_face(np.random.default_rng(seed), 32).image for seed in range(6)]
    noisy = [np.clip(face + rng.normal(0, 30, face.shape), 0, 255).astype(np.uint8) for face in clean]
    for name, faces in (("clean", clean), ("noisy", noisy)):
        for number, face in enumerate(faces):
            (tmp_path / name).mkdir(exist_ok=True)
            write_image(tmp_path / name / f"{number}.png", face)
    sets = open_face_sets(("psnr", "fid", "kid"), MetricSources(32, inception=inception))
    assert sets is not None
    pairs = np.stack([sets.features_of(pair) for pair in zip(noisy, clean, strict=True)], axis=1)
    assert pairs.shape == (2, 6, FEATURES)
    found = sets.distances(*pairs)
    own = fidelity.calculate_metrics(
        input1=str(tmp_path / "noisy"), input2=str(tmp_path / "clean"), cuda=False, fid=True, kid=True,
        kid_subset_size=6, feature_extractor_weights_path=str(inception), cache=False, save_cpu_ram=True, verbose=False,
    )  # fmt: skip
    keys = {"fid": "frechet_inception_distance", "kid": "kernel_inception_distance_mean"}
    assert all(found[key] == pytest.approx(own[theirs], rel=1e-4) for key, theirs in keys.items())
    assert min(found["fid"], found["kid"]) > 0
    assert found.keys() == {column.key for metric in sets.metrics.values() for column in metric.columns}
    assert sets.convention["fid"]["sha256"] == sha256_of(inception)


def test_without_its_package_or_weights_one_line_says_how_to_get_them(tmp_path, monkeypatch, refused):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv(external_weights.FOLDER_VARIABLE, raising=False)
    assert open_face_sets(("psnr", "lpips"), MetricSources(64)) is None
    for name in SETS:
        with monkeypatch.context() as patch:
            patch.setattr("mfps.metrics.face_sets.find_spec", lambda _: None)
            with refused(f"`metrics` {name}: needs torch-fidelity: run `pip install 'mfps.fid.'`$"):
                open_face_sets((name,), MetricSources(64))
            patch.setattr("mfps.metrics.face_sets.find_spec", lambda _: object())
            with refused(
                f"`metrics` {name}: there are no Inception weights: get them from {weights_of(INCEPTION).url}$"
            ):
                open_face_sets((name,), MetricSources(64))


def test_another_file_is_never_unpickled(there, tmp_path, monkeypatch, refused):
    monkeypatch.setattr("mfps.metrics.face_sets.import_module", lambda _: pytest.fail("was read"))
    (tmp_path / "other.pth").write_bytes(b"other")
    with refused("other.pth: not the Inception weights .SHA-256"):
        open_face_sets(("fid",), MetricSources(64, inception=tmp_path / "other.pth"))
    with refused("none.pth: there are no Inception weights; get them from"):
        open_face_sets(("kid",), MetricSources(64, inception=tmp_path / "none.pth"))


def test_a_torchvision_that_does_not_fit_its_torch_is_named(there, tmp_path, monkeypatch, refused):
    def fails(_):
        raise RuntimeError("operator torchvision::nms\ndoes not exist")

    monkeypatch.setattr("mfps.metrics.face_sets.check_weights", lambda *_: "")
    monkeypatch.setattr("mfps.metrics.face_sets.import_module", fails)
    with refused(re.escape("cannot be imported (operator torchvision::nms does not exist); install the torchvision")):
        open_face_sets(("fid",), MetricSources(64, inception=tmp_path / "any.pth"))


def test_small_sets_are_noted_and_one_face_is_refused(refused):
    assert few_faces(ENOUGH_FACES) is None
    assert "singular" not in str(few_faces(FEATURES))
    assert "fid of 2,047 faces: fewer than its 2,048 features, so that its covariances are singular" in str(
        few_faces(2047)
    )
    sets = FaceSets({"kid": SETS["kid"]}, lambda pictures: pictures, {})
    sets.check_count(2, "val")
    with refused("`metrics` kid: compares sets of faces, and val has 1; give 2 or more"):
        sets.check_count(1, "val")


def test_every_metric_of_a_set_adds_its_numbers():
    metrics = {
        name: SetMetric((Column(name, name, 2, "lower"),), {}, lambda a, b, key=name: {key: float((a - b).mean())})
        for name in ("one", "other")
    }
    sets = FaceSets(metrics, lambda pictures: pictures.float().mean((2, 3)), {})
    faces = sets.features_of([np.full((4, 4, 3), (9, 5, 1), np.uint8)])
    assert faces.tolist() == [[9, 5, 1]]
    assert sets.distances(faces, faces - 2) == {"one": 2, "other": 2}
