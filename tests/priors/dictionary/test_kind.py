from dataclasses import replace

import numpy as np
import pytest
import torch
from mfps.images.image import read_image, write_image
from mfps.priors.dictionary.build import build_dictionary
from mfps.priors.dictionary.config import DictionaryConfig
from mfps.priors.dictionary.dictionary_file import read_dictionary, write_dictionary
from mfps.priors.dictionary.features import features_of
from mfps.priors.dictionary.kind import DictionaryFinder
from mfps.priors.dictionary.matching import match_faces
from mfps.priors.dictionary.prior_file import read_stored_dictionary
from mfps.priors.dictionary.source import DictionarySource
from mfps.priors.faces import BATCH, CutFaces
from mfps.priors.landmarks.landmark_file import write_landmarks
from mfps.priors.prior_kind import ExternalSources


@pytest.fixture
def cut(tmp_path, faces, console):
    """Two batches of drawn faces and one face more; the sixth has no landmarks."""
    folder = tmp_path / "out"
    (folder / "images").mkdir(parents=True)
    points = {}
    for number in range(2 * BATCH + 1):
        face = faces[number % len(faces)]
        write_image(folder / "images" / f"{number}.png", face.image)
        points[f"{number}.png"] = face.points if number != 5 else None
    return CutFaces(folder, 64, points, "ibug68", console, "ibug68")


@pytest.fixture
def dictionary(cut, tmp_path, console, cheap_features):
    """A dictionary file of the faces that have landmarks."""
    (cut.root / "priors").mkdir()
    points = {name: ((64, 64), own) for name, own in cut.points.items() if own is not None}
    write_landmarks(cut.root / "priors" / "landmarks.json", "ibug68", points)
    names, file = tmp_path / "names.txt", tmp_path / "d.safetensors"
    names.write_text("".join(f"{name}\n" for name in points))
    config = DictionaryConfig(data=cut.root, out=file, list=names, entries=3, random_features=True, device="cpu")
    build_dictionary(config, console)
    return file


@pytest.fixture
def finder(dictionary):
    return DictionaryFinder(ExternalSources(dictionary=dictionary), torch.device("cpu"))


def test_what_is_stored_is_what_matches(cut, finder):
    made = finder.make(cut)
    assert made == finder.provenance
    assert made["features"] == "seeded random VGG19 (seed 0)"
    dictionary, prior = read_stored_dictionary(cut.root / "priors")
    assert list(prior.faces) == list(cut.points)
    assert prior.faces["5.png"].boxes == (None,) * 4  # it has no landmarks
    for number in (0, 3, 8):
        name = f"{number}.png"
        image = read_image(cut.root / "images" / name)
        boxes, entries = match_faces(finder.features, [image], [cut.points[name]], "ibug68", dictionary)
        assert prior.faces[name].entries == tuple(entries[0])
        assert np.allclose(prior.faces[name].boxes, boxes[0], atol=0.01)
    source = DictionarySource(cut.root / "priors", ["0.png", "5.png"], {"0.png": (64, 64), "5.png": (64, 64)})
    assert np.isnan(source.parts[1]).all()
    assert np.isfinite(source.parts[0]).all()


def test_matching_continues_where_it_stopped(cut, finder, monkeypatch):
    finder.make(cut)
    journal, stored = cut.root / ".prepare" / "dictionary.jsonl", cut.root / "priors" / "dictionary.json"
    whole = journal.read_text(), stored.read_bytes()
    journal.write_text("".join(whole[0].splitlines(keepends=True)[: 1 + BATCH + 2]))
    stored.unlink()
    finder.make(cut)
    assert stored.read_bytes() == whole[1]
    monkeypatch.setattr("mfps.priors.dictionary.kind.match_faces", lambda *_: pytest.fail("matched again"))
    finder.make(cut)


def test_a_dictionary_of_other_features_is_refused(dictionary, tmp_path, refused):
    for features in ("vgg16", "seeded random VGG19 (seed x)", "vgg19 " + "0" * 64, "vgg16 " + "0" * 64):
        write_dictionary(tmp_path / "other.safetensors", replace(read_dictionary(dictionary), features=features))
        with refused("the dictionary was made with .*; build it again"):
            features_of(read_dictionary(tmp_path / "other.safetensors"))
