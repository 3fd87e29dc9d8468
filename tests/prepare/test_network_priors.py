import json

import numpy as np
import pytest
from mfps.images.image import write_image
from mfps.prepare.config import PrepareConfig
from mfps.prepare.faces import PreparedFace
from mfps.prepare.network_priors import BATCH, PriorNetworks, match_dictionary, open_networks, parse_faces
from mfps.priors.dictionary.build import build_dictionary
from mfps.priors.dictionary.matching import match_faces
from mfps.priors.dictionary.prior_file import read_stored_dictionary
from mfps.priors.dictionary.source import DictionarySource


class Counting:
    """In the parser's place: every pixel gets the number of faces seen together."""

    def __init__(self):
        self.batches = []

    def parse(self, images):
        self.batches.append(len(images))
        return np.full(images.shape[:3], len(images), np.uint8)


@pytest.fixture
def out(tmp_path, faces):
    (tmp_path / "out" / "images").mkdir(parents=True)
    prepared = []
    for number in range(2 * BATCH + 1):
        face = faces[number % len(faces)]
        write_image(tmp_path / "out" / "images" / f"{number}.png", face.image)
        prepared.append(PreparedFace(f"{number}.png", f"{number}.jpg", face.points if number != 5 else None))
    return tmp_path / "out", prepared


def test_faces_are_parsed_in_the_same_batches_after_an_interruption(out, console, monkeypatch):
    monkeypatch.setattr("mfps.prepare.network_priors.FaceParser", Counting)
    folder, faces = out
    parse = getattr(parse_faces, "__wrapped__", parse_faces)  # without the check of the parser's type
    first = Counting()
    parse(first, folder, faces, console)
    assert first.batches == [BATCH, BATCH, 1]
    made = {file.name: file.read_bytes() for file in (folder / "priors" / "parsing").iterdir()}
    assert len(made) == len(faces)
    (folder / "priors" / "parsing" / "5.png").unlink()
    again = Counting()
    parse(again, folder, faces, console)
    assert again.batches == [BATCH]
    assert {file.name: file.read_bytes() for file in (folder / "priors" / "parsing").iterdir()} == made


def networks_of(tmp_path, folder, faces, console):
    from mfps.priors.landmarks.landmark_file import write_landmarks

    (folder / "priors").mkdir(exist_ok=True)
    points = {face.name: ((64, 64), face.points) for face in faces if face.points is not None}
    write_landmarks(folder / "priors" / "landmarks.json", "ibug68", points)
    names = tmp_path / "names.txt"
    names.write_text("".join(f"{name}\n" for name in points))
    build_dictionary(folder, tmp_path / "d.safetensors", console, names, 3, random_features=True, device="cpu")
    config = PrepareConfig.model_validate(
        {"photos": folder, "out": folder, "priors": ("dictionary",), "dictionary": tmp_path / "d.safetensors"}
    )
    return open_networks(config, find_landmarks=False)


def test_what_is_stored_is_what_matches(out, tmp_path, console, cheap_features):
    folder, faces = out
    networks = networks_of(tmp_path, folder, faces, console)
    made = match_dictionary(networks, folder, 64, faces, "ibug68", console)
    assert made["features"] == networks.dictionary.features == "seeded random VGG19 (seed 0)"
    dictionary, prior = read_stored_dictionary(folder / "priors")
    assert list(prior.faces) == [face.name for face in faces]
    assert prior.faces["5.png"].boxes == (None,) * 4  # it has no landmarks
    for number in (0, 3, 8):
        from mfps.images.image import read_image

        image = read_image(folder / "images" / f"{number}.png")
        boxes, entries = match_faces(networks.features, [image], [faces[number].points], "ibug68", dictionary)
        assert prior.faces[f"{number}.png"].entries == tuple(entries[0])
        assert np.allclose(prior.faces[f"{number}.png"].boxes, boxes[0], atol=0.01)
    source = DictionarySource(folder / "priors", ["0.png", "5.png"], {"0.png": (64, 64), "5.png": (64, 64)})
    assert np.isnan(source.parts[1]).all()
    assert np.isfinite(source.parts[0]).all()


def test_matching_goes_on_where_it_stopped(out, tmp_path, console, cheap_features, monkeypatch):
    folder, faces = out
    networks = networks_of(tmp_path, folder, faces, console)
    match_dictionary(networks, folder, 64, faces, "ibug68", console)
    journal = folder / ".prepare" / "dictionary.jsonl"
    whole = journal.read_text(), (folder / "priors" / "dictionary.json").read_bytes()
    journal.write_text("".join(whole[0].splitlines(keepends=True)[: 1 + BATCH + 2]))
    (folder / "priors" / "dictionary.json").unlink()
    match_dictionary(networks, folder, 64, faces, "ibug68", console)
    assert (folder / "priors" / "dictionary.json").read_bytes() == whole[1]
    monkeypatch.setattr("mfps.prepare.network_priors.match_faces", lambda *_: pytest.fail("matched again"))
    match_dictionary(networks, folder, 64, faces, "ibug68", console)


def test_networks_are_loaded_for_what_is_wanted_alone(tmp_path, parser_folder):
    config = {"photos": tmp_path, "out": tmp_path / "out", "parser": str(parser_folder)}
    assert open_networks(PrepareConfig.model_validate({**config, "priors": ("heatmap",)}), False) == PriorNetworks()
    given = PrepareConfig.model_validate({**config, "priors": ("parsing",), "labels": tmp_path})
    assert open_networks(given, False) == PriorNetworks()
    found = open_networks(PrepareConfig.model_validate({**config, "priors": ("parsing",)}), False)
    assert list(found.provenance()) == ["parsing"]
    assert str(parser_folder) not in json.dumps(found.provenance())


def test_a_dictionary_of_other_features_is_refused(out, tmp_path, console, cheap_features, monkeypatch, refused):
    from dataclasses import replace

    from mfps.priors.dictionary.dictionary_file import read_dictionary, write_dictionary
    from mfps.priors.dictionary.features import features_of

    folder, faces = out
    networks_of(tmp_path, folder, faces, console)
    dictionary = read_dictionary(tmp_path / "d.safetensors")
    for features in ("vgg16", "seeded random VGG19 (seed x)", "vgg19 " + "0" * 64):
        write_dictionary(tmp_path / "other.safetensors", replace(dictionary, features=features))
        with refused("the dictionary was made with .*; build it again"):
            features_of(read_dictionary(tmp_path / "other.safetensors"))
