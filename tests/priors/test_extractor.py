import numpy as np
import pytest
import torch
from mfps.drawn.faces import write_drawn_faces
from mfps.files.hashes import sha256_of
from mfps.genotypes.space import PRIORS
from mfps.images.image import SquareFit
from mfps.images.tensors import images_to_tensor
from mfps.priors.dictionary.build import build_dictionary
from mfps.priors.dictionary.config import DictionaryConfig
from mfps.priors.dictionary.dictionary_file import read_dictionary
from mfps.priors.dictionary.matching import match_faces
from mfps.priors.dictionary.prior_file import DICTIONARY_FILE, PRIOR_FILE, write_dictionary_prior
from mfps.priors.dictionary.source import DictionarySource
from mfps.priors.extractor import PriorExtractor, found_channels
from mfps.priors.landmarks.detector import DetectedFace
from mfps.priors.landmarks.heatmaps import draw_heatmaps
from mfps.priors.parsing.face_parser import FaceParser
from mfps.priors.prior_kind import ExternalSources

from ..gallery import CheapFeatures

CPU = torch.device("cpu")
DETECTOR = "mfps.priors.landmarks.detector.open_detector"


@pytest.fixture
def known(monkeypatch, faces):
    """The loaded detectors; they recognise the drawn faces by their pictures, and nothing else."""
    loaded = []

    class Known:
        def __init__(self, *_):
            loaded.append(self)

        def detect(self, image):
            same = (face for face in faces if np.array_equal(face.image, image))
            return [DetectedFace(face.points, 1.0, (0.0, 0.0, 1.0, 1.0)) for face in same]

        def provenance(self):
            return {"model": "known"}

    monkeypatch.setattr(DETECTOR, Known)
    return loaded


@pytest.fixture
def dictionary(tmp_path, cheap_features, console):
    write_drawn_faces(tmp_path / "data", 4, 32, seed=0)
    file = tmp_path / "made" / DICTIONARY_FILE
    build_dictionary(
        DictionaryConfig(data=tmp_path / "data", out=file, entries=2, random_features=True, device="cpu"), console
    )
    return file


def batch_of(faces, unknown=True):
    stranger = np.random.default_rng(0).integers(0, 256, faces[0].image.shape, np.uint8)
    return images_to_tensor([*(face.image for face in faces[:2]), *[stranger] * unknown])


def test_heatmaps_are_those_of_the_points_that_are_found(known, faces):
    find = PriorExtractor({"heatmap": 68}, ExternalSources(), CPU)
    found = find(batch_of(faces))["heatmap"]
    points = torch.from_numpy(np.stack([face.points for face in faces[:2]])).float()
    assert torch.equal(found[:2], draw_heatmaps(points, 64))
    assert not found[2].any()  # no landmarks, so zero channels
    with_rgb = PriorExtractor({"heatmap": 71}, ExternalSources(), CPU, heatmap_rgb=True)(batch_of(faces))["heatmap"]
    assert torch.equal(with_rgb, torch.cat([batch_of(faces), found], 1))


def test_parsing_maps_are_the_parsers(parser_folder, faces):
    find = PriorExtractor({"parsing": 19}, ExternalSources(parser=str(parser_folder)), CPU)
    found = find(batch_of(faces))["parsing"]
    labels = FaceParser(parser_folder).parse(np.stack([face.image for face in faces[:2]]))
    assert found.shape == (3, 19, 64, 64)
    assert torch.equal(found.sum(1), torch.ones(3, 64, 64))
    assert np.mean(found[:2].argmax(1).numpy() != labels) < 0.01
    assert find.provenance()["parsing"]["sha256"] == sha256_of(parser_folder / "model.safetensors")


def test_a_dictionary_found_on_the_fly_is_the_one_that_is_stored(known, dictionary, faces, tmp_path):
    find = PriorExtractor({"dictionary": 256}, ExternalSources(dictionary=dictionary), CPU)
    found = find(batch_of(faces))["dictionary"]
    (tmp_path / DICTIONARY_FILE).write_bytes(dictionary.read_bytes())
    images, points = [face.image for face in faces[:2]], [face.points for face in faces[:2]]
    boxes, entries = match_faces(CheapFeatures(), images, points, "ibug68", read_dictionary(dictionary))
    stored = {str(i): (boxes[i], entries[i]) for i in range(2)}
    write_dictionary_prior(tmp_path / PRIOR_FILE, tmp_path / DICTIONARY_FILE, 64, stored)
    source = DictionarySource(tmp_path, ["0", "1"], {"0": (64, 64), "1": (64, 64)})
    rows = [source.load(i, SquareFit(1.0, 0, 0)) for i in range(2)]
    assert torch.allclose(found[:2], source.tensor(rows, 64, torch.zeros(1)), atol=0.02)  # boxes are stored to 0.01
    assert found[:2].any(1).any(1).any(1).all()
    assert not found[2].any()
    assert find.provenance()["dictionary"]["dictionary_sha256"] == sha256_of(dictionary)


def test_kinds_that_need_landmarks_share_one_detector(known, dictionary, faces):
    both = PriorExtractor({"heatmap": 68, "dictionary": 256}, ExternalSources(dictionary=dictionary), CPU)
    assert len(known) == 1
    assert {prior: by["model"] for prior, by in both.provenance().items()} == dict.fromkeys(both.channels, "known")
    alone = PriorExtractor({"heatmap": 68}, ExternalSources(), CPU)
    assert torch.equal(both(batch_of(faces))["heatmap"], alone(batch_of(faces))["heatmap"])


def test_dropped_priors_are_zeros_and_need_nothing(faces, monkeypatch):
    for name in (DETECTOR, "mfps.priors.parsing.face_parser.FaceParser", "mfps.priors.dictionary.kind.read_dictionary"):
        monkeypatch.setattr(name, lambda *_: pytest.fail("a network was loaded for a dropped prior"))
    channels = found_channels(PRIORS, False)
    find = PriorExtractor(channels, ExternalSources(), CPU, dropped=tuple(channels))
    found = find(batch_of(faces))
    assert {prior: tensor.shape[1] for prior, tensor in found.items()} == channels
    assert not any(tensor.any() for tensor in found.values())
    assert find.provenance() == {}


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ({"heatmap": 29}, "heatmap prior of 29 channels, but 68 are found"),
        ({"parsing": 11}, "parsing prior of 11 channels, but 19"),
        ({"dictionary": 4}, "dictionary prior of 4 channels, but 256"),
        ({"dictionary": 256}, "needs a `dictionary` file, made by `mfps dictionary build`"),
    ],
)
def test_what_cannot_be_found_is_refused(known, channels, said, refused):
    with refused(said):
        PriorExtractor(channels, ExternalSources(), CPU)
