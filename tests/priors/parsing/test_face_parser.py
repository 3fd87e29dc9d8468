import json
import logging
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from mfps.files.external_weights import PARSER_MODEL as MODEL
from mfps.files.external_weights import PARSER_REVISION as REVISION
from mfps.priors.parsing import face_parser
from mfps.priors.parsing.classes import CELEBAMASK_CLASSES
from mfps.priors.parsing.face_parser import FaceParser, network_input

pytest.importorskip("transformers", reason="the extra mfps[parsing] is not installed")
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 6, 5, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)


@pytest.fixture
def folder(parser_folder, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(parser_folder, tmp_path / "parser")


@pytest.fixture
def reconfigured(folder):
    """`reconfigured(key=value)` changes the folder's config.json; None removes a key."""

    def change(**values):
        path = folder / "config.json"
        config = json.loads(path.read_text()) | values
        path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))
        return folder

    return change


def names(*order):
    return {str(number): name for number, name in enumerate(order or CELEBAMASK_CLASSES)}


def test_labels_have_the_pictures_size_and_do_not_depend_on_the_batch(parser_folder):
    parser = FaceParser(parser_folder)
    labels = parser.parse(IMAGES)
    assert labels.shape == (2, 48, 40)
    assert labels.dtype == np.uint8
    assert len(np.unique(labels)) > 3
    alone = np.concatenate([parser.parse(image[None]) for image in IMAGES])
    assert np.mean(labels != alone) < 0.01  # sums may be taken in another order


def test_labels_are_the_networks_most_likely_classes(parser_folder):
    from transformers import SegformerForSemanticSegmentation

    network = SegformerForSemanticSegmentation.from_pretrained(parser_folder).eval()
    with torch.no_grad():
        logits = network(network_input(IMAGES)).logits
    assert logits.shape == (2, 19, 128, 128)
    resized = torch.nn.functional.interpolate(logits, size=(48, 40), mode="bilinear", align_corners=False)
    assert np.mean(FaceParser(parser_folder).parse(IMAGES) != resized.argmax(1).numpy()) < 0.01


def test_preprocessing_is_the_published_one():
    """Against transformers' own processor, the one on Pillow."""
    processing = pytest.importorskip("transformers.models.segformer.image_processing_pil_segformer")
    processor = processing.SegformerImageProcessorPil()
    for size in (48, 512, 700):
        image = np.random.default_rng(size).integers(0, 256, (size, size - 7, 3), dtype=np.uint8)
        theirs = processor(image, return_tensors="pt")["pixel_values"]
        assert torch.allclose(network_input(image[None]), theirs, atol=1e-5)


def test_pictures_of_512_are_not_resized():
    image = np.random.default_rng(0).integers(0, 256, (1, 512, 512, 3), dtype=np.uint8)
    mean, std = np.array(face_parser.IMAGENET_MEAN), np.array(face_parser.IMAGENET_STD)
    expected = ((image[0] / 255 - mean) / std).transpose(2, 0, 1)
    assert np.allclose(network_input(image)[0].numpy(), expected, atol=1e-5)


def test_classes_in_another_order_are_renamed(parser_folder, reconfigured):
    """The same network with renamed channels gives the same map, in the numbers of the new names."""
    order = np.random.default_rng(0).permutation(19)
    folder = reconfigured(id2label=names(*(CELEBAMASK_CLASSES[number] for number in order)))
    renamed = FaceParser(folder).parse(IMAGES)
    assert np.array_equal(renamed, order.astype(np.uint8)[FaceParser(parser_folder).parse(IMAGES)])


def test_the_published_network_must_have_its_order(reconfigured, monkeypatch, refused):
    swapped = names(*CELEBAMASK_CLASSES[:4], "r_eye", "l_eye", *CELEBAMASK_CLASSES[6:])
    folder = reconfigured(id2label=swapped, _name_or_path=MODEL)
    with refused("config.json: the classes of jonathandinu/face-parsing are not in this order; get config.json and"):
        FaceParser(folder)
    sha256 = FaceParser(reconfigured(_name_or_path=None)).provenance()["sha256"]
    monkeypatch.setattr(face_parser, "FACE_PARSER", replace(face_parser.FACE_PARSER, sha256=sha256))
    with refused("are not in this order"):
        FaceParser(folder)
    assert FaceParser(reconfigured(id2label=names())).provenance()["revision"] == REVISION


def test_provenance(parser_folder):
    import transformers

    found = FaceParser(str(parser_folder)).provenance()
    assert found["model"] == parser_folder.name  # not where it is
    assert found["revision"] == "unknown"
    assert len(found["sha256"]) == 64
    assert found["transformers"] == transformers.__version__


def test_half_precision_weights_are_widened(parser_folder, tmp_path):
    from transformers import SegformerForSemanticSegmentation

    SegformerForSemanticSegmentation.from_pretrained(parser_folder).half().save_pretrained(tmp_path)
    assert np.mean(FaceParser(tmp_path).parse(IMAGES) != FaceParser(parser_folder).parse(IMAGES)) < 0.05


def test_loading_says_nothing_and_leaves_the_libraries_as_they_were(parser_folder, capfd):
    from transformers.utils import logging as library

    before = logging.getLogger("transformers").level, library.is_progress_bar_enabled()
    FaceParser(parser_folder)
    assert capfd.readouterr() == ("", "")
    assert (logging.getLogger("transformers").level, library.is_progress_bar_enabled()) == before


@pytest.mark.parametrize(
    ("id2label", "rule"),
    [
        (names(*CELEBAMASK_CLASSES[:18]), "must name 19 classes, 0 to 18, but names 18 with other numbers"),
        (names(*CELEBAMASK_CLASSES, "beard"), "but names 20 with other numbers"),
        (None, "but names none"),
        (["skin"], "but names none"),
        (
            names("background", "skin.png", *CELEBAMASK_CLASSES[2:]),
            "class 1 has the unknown name 'skin.png'; get config",
        ),
        (
            names("background", "nose", *CELEBAMASK_CLASSES[2:]),
            "no class is called 'skin', because a name appears twice",
        ),
    ],
)
def test_other_class_names_are_refused(reconfigured, refused, id2label, rule):
    with refused(f"config.json: .*{rule}"):
        FaceParser(reconfigured(id2label=id2label))


def test_folders_without_the_files_are_refused(folder, tmp_path, refused):
    with refused("nowhere: there is no such face parser folder; get config.json and model.safetensors from"):
        FaceParser(tmp_path / "nowhere")
    (folder / "config.json").rename(tmp_path / "config.json")
    with refused("parser: the folder has no config.json"):
        FaceParser(folder)
    (tmp_path / "config.json").rename(folder / "config.json")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with refused("parser: the folder has only pytorch_model.bin, which is pickled and never read"):
        FaceParser(folder)
    (folder / "pytorch_model.bin").unlink()
    with refused("parser: the folder has no model.safetensors"):
        FaceParser(folder)


def test_files_of_another_kind_are_refused(folder, reconfigured, refused):
    weights, config = folder / "model.safetensors", folder / "config.json"
    good = weights.read_bytes(), config.read_bytes()
    weights.write_bytes(b"<!DOCTYPE html><html>Not found</html>")
    with refused("model.safetensors: a web page, not safetensors weights"):
        FaceParser(folder)
    weights.write_bytes(good[0][:-100])
    with refused("model.safetensors: damaged, not safetensors weights"):
        FaceParser(folder)
    weights.write_bytes(good[0])
    config.write_text("<html>")
    with refused("config.json: not a JSON file"):
        FaceParser(folder)
    config.write_bytes(good[1])
    with refused("config.json: not the configuration of a SegFormer"):
        FaceParser(reconfigured(model_type="bert"))


def test_weights_of_another_network_are_refused(reconfigured, refused):
    with refused("parser: model.safetensors is not the network of config.json .segformer.*and .* more tensors differ"):
        FaceParser(reconfigured(depths=[1, 1, 1, 2]))
    with refused("parser: config.json and model.safetensors do not make a SegFormer"):
        FaceParser(reconfigured(depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 16, 32]))
    with refused("parser: config.json and model.safetensors do not make a SegFormer"):
        FaceParser(reconfigured(hidden_sizes="many"))


def test_without_transformers_one_line_says_what_to_install(parser_folder, monkeypatch, refused):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with refused(r"^finding label maps needs transformers; install it with: pip install 'mfps\[parsing\]'$"):
        FaceParser(parser_folder)


@pytest.mark.parametrize("source", [None, MODEL])
def test_the_published_network_comes_from_the_hubs_cache(folder, monkeypatch, refused, source):
    """Of the pinned revision, and with its hash."""
    asked = []

    def cached(repository, file, revision):
        asked.append((repository, file, revision))
        return str(folder / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", cached)
    with refused("model.safetensors: not the weights of jonathandinu/face-parsing .SHA-256 "):
        FaceParser(source)
    assert asked == [(MODEL, file, REVISION) for file in ("config.json", "model.safetensors")]
    monkeypatch.setattr(
        face_parser, "FACE_PARSER", replace(face_parser.FACE_PARSER, sha256=FaceParser(folder).provenance()["sha256"])
    )
    parser = FaceParser(source)
    assert (parser.provenance()["model"], parser.provenance()["revision"]) == (MODEL, REVISION)


def test_without_a_network_one_line_says_what_to_get(tmp_path, monkeypatch, refused, capfd):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with refused(
        f"^{MODEL} is not in the hub's cache and cannot be downloaded .*tree/{REVISION} and name their folder as `pa"
    ):
        FaceParser()
    assert capfd.readouterr() == ("", "")
