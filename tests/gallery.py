"""Photographs of drawn faces, some with everything that can be wrong with a photograph; and cheap networks."""

import io
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mfps.drawn.faces import draw_face
from mfps.images.image import write_image
from mfps.prepare.config import PrepareConfig
from mfps.prepare.prepare import prepare
from mfps.priors.dictionary.dictionary_file import PATCH_SIDES
from mfps.priors.dictionary.features import PartFeatures
from mfps.priors.parsing.classes import CELEBAMASK_CLASSES
from mfps.priors.parsing.label_maps import write_label_map
from PIL import Image
from rich.console import Console

SIDE = 64
"""Side of the drawn photographs in pixels."""


@pytest.fixture(scope="session")
def faces():
    """Four drawn faces of 64 pixels."""
    return [draw_face(np.random.default_rng(seed), SIDE) for seed in range(4)]


@pytest.fixture(scope="session")
def gallery(tmp_path_factory, faces):
    """`photos`, `marks.xml` with their landmarks and `labels` with their label maps. Read only.

    Three faces are good: one.png, and two in sub/pair.png. Each of the other photographs has something wrong.
    """
    folder = tmp_path_factory.mktemp("gallery")
    (folder / "photos" / "sub").mkdir(parents=True)
    (folder / "labels" / "sub").mkdir(parents=True)
    one, left, right, last = faces
    shift = np.array([SIDE, 0])
    small = np.array(Image.fromarray(last.image).resize((16, 16)))
    photographs = {
        "one.png": (one.image, one.labels, [one.points]),
        "sub/pair.png": (
            np.hstack([left.image, right.image]),
            np.hstack([left.labels, right.labels]),
            [left.points, right.points + shift],
        ),
        "edge.png": (one.image[:, 30:], one.labels[:, 30:], [one.points - (30, 0)]),
        "small.png": (small, np.zeros((16, 16), np.uint8), [(last.points + 0.5) / 4 - 0.5]),
        "nobody.png": (last.image, last.labels, []),
        "unlabelled.png": (last.image, None, [last.points]),
        "huge.png": (np.zeros((200, 200, 3), np.uint8), np.zeros((200, 200), np.uint8), []),
    }
    root = ElementTree.Element("dataset")
    images = ElementTree.SubElement(root, "images")
    for name, (image, labels, points) in photographs.items():
        write_image(folder / "photos" / name, image)
        if labels is not None:
            write_label_map(folder / "labels" / name, labels)
        entry = ElementTree.SubElement(images, "image", file=name)
        for own in points:
            box = ElementTree.SubElement(entry, "box", top="0", left="0", width="9", height="9")
            for number, (x, y) in enumerate(own):
                ElementTree.SubElement(box, "part", name=f"{number:02d}", x=f"{x:.3f}", y=f"{y:.3f}")
    ElementTree.ElementTree(root).write(folder / "marks.xml")
    (folder / "photos" / "cut.png").write_bytes((folder / "photos" / "one.png").read_bytes()[:200])
    (folder / "photos" / "page.jpg").write_text("<!DOCTYPE html>")
    (folder / "photos" / "empty.png").touch()
    return folder


WRONG = {
    "edge.png": "at the border",
    "small.png": "too small",
    "nobody.png": "no landmarks",
    "unlabelled.png": "no label map of it",
    "huge.png": "too large",
    "cut.png": "damaged",
    "page.jpg": "not an image",
    "empty.png": "the file is empty",
}
"""What is wrong with the gallery's photographs, and what its line must contain."""


@pytest.fixture
def wrong():
    """See `WRONG`."""
    return dict(WRONG)


@pytest.fixture
def prepared(gallery):
    """`prepared(out, **settings)` makes a data set from the gallery and returns what `prepare` returns."""

    def run(out, console=None, **settings):
        defaults = {
            "photos": gallery / "photos",
            "out": out,
            "size": 32,
            "landmarks": gallery / "marks.xml",
            "labels": gallery / "labels",
            "priors": ("parsing", "heatmap"),
            "max_megapixels": 0.03,
            "val": 0.4,
            "workers": 0,
            "device": "cpu",
        }
        return prepare(PrepareConfig.model_validate({**defaults, **settings}), console or Console(file=io.StringIO()))

    return run


@pytest.fixture(scope="session")
def tree():
    """`tree(folder)`: the bytes of every file below a folder, hidden ones too."""

    def read(folder):
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return read


class CheapFeatures(PartFeatures):
    """Stands in for VGG19's features: each channel is one of the three colours, at a quarter of the size."""

    def __init__(self):
        torch.nn.Module.__init__(self)

    def forward(self, image):
        return F.avg_pool2d(image, 4).repeat(1, 86, 1, 1)[:, :256]


@pytest.fixture
def cheap_features(monkeypatch):
    """Dictionaries of small patches are built from, and matched by, features that cost nothing."""
    cheaper_features(monkeypatch)


def cheaper_features(monkeypatch):
    for part in PATCH_SIDES:
        monkeypatch.setitem(PATCH_SIDES, part, 4)
    monkeypatch.setattr("mfps.priors.dictionary.build.random_features", lambda *_: CheapFeatures())
    monkeypatch.setattr("mfps.priors.dictionary.kind.features_of", lambda *_: CheapFeatures())


@pytest.fixture(scope="session")
def parser_folder(tmp_path_factory):
    """A tiny SegFormer with random weights, saved like the published one. Read only."""
    transformers = pytest.importorskip("transformers", reason="the extra mfps[parsing] is not installed")
    torch.manual_seed(0)
    config = transformers.SegformerConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 8, 16, 16],
        num_attention_heads=[1, 1, 2, 2],
        decoder_hidden_size=16,
        id2label=dict(enumerate(CELEBAMASK_CLASSES)),
        label2id={name: number for number, name in enumerate(CELEBAMASK_CLASSES)},
    )
    network = transformers.SegformerForSemanticSegmentation(config)
    torch.nn.init.normal_(network.decode_head.classifier.weight)  # as initialised, one class would win everywhere
    folder = tmp_path_factory.mktemp("segformer")
    network.save_pretrained(folder)
    return folder
