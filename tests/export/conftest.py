"""Small networks with random weights, and drawn faces with every prior. What is exported is exported once a session."""

import numpy as np
import pytest
import torch
from mfps.drawn.faces import write_drawn_faces
from mfps.engine.weights import save_weights
from mfps.export.config import ExportConfig
from mfps.export.export import export
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space
from mfps.inference.compile import compile_genotype, weights_header
from mfps.networks.network_config import NetworkConfig
from mfps.priors.dictionary.component_boxes import PARTS, component_boxes
from mfps.priors.dictionary.dictionary_file import CHANNELS, PATCH_SIDES, FacialDictionary, write_dictionary
from mfps.priors.dictionary.prior_file import write_dictionary_prior
from mfps.priors.landmarks.landmark_file import points_array, read_landmarks

SIZE = 16
PRIORS = {"parsing": 19, "heatmap": 71, "dictionary": 256}


@pytest.fixture(scope="session")
def dictionary():
    """Two random entries of each part."""
    generator = torch.Generator().manual_seed(0)
    centres = {
        part: torch.rand(2, CHANNELS, side, side, generator=generator).half() for part, side in PATCH_SIDES.items()
    }
    return FacialDictionary(centres, 2, 0, "random", "0" * 64)


@pytest.fixture(scope="session")
def prior_faces(tmp_path_factory, dictionary):
    """Five drawn faces with landmarks, label maps and dictionary entries; the mouth of the first one is missing."""
    folder = tmp_path_factory.mktemp("faces") / "drawn"
    write_drawn_faces(folder, 5, SIZE, seed=0)
    file = folder / "priors/dictionary.safetensors"
    write_dictionary(file, dictionary)
    faces = {}
    for number, (name, face) in enumerate(read_landmarks(folder / "priors/landmarks.json").faces.items()):
        boxes = component_boxes(points_array(face.points), "ibug68", SIZE)
        entries = np.array([(number + part) % 2 for part in range(len(PARTS))])
        if not number:
            boxes[3], entries[3] = np.nan, -1
        faces[name] = boxes, entries
    write_dictionary_prior(file.with_suffix(".json"), file, SIZE, faces)
    return folder


@pytest.fixture(scope="session")
def write_network(randomised):
    """`write_network(folder, channels, iterations, **provenance)`: a weights file of a network with random weights."""

    def write(folder, channels=(), iterations=None, **provenance):
        channels = dict(channels)
        genotype = random_genotype(search_space(tuple(channels), width=2, layers=1, fusion_layers=1), 0)
        config = NetworkConfig(iterations=iterations or 1 + bool(channels), blocks=1, prior_channels=channels)
        torch.manual_seed(0)
        network = randomised(compile_genotype(genotype, config))
        header = weights_header(genotype, config, {"size": SIZE, "degradation": "blur(1,2)", **provenance})
        save_weights(folder / "weights.safetensors", network.state_dict(), **header)
        return folder / "weights.safetensors"

    return write


@pytest.fixture(scope="session")
def frsnet(tmp_path_factory, write_network):
    """A network without priors."""
    folder = tmp_path_factory.mktemp("runs") / "frsnet"
    folder.mkdir()
    return write_network(folder, data="some faces")


@pytest.fixture(scope="session")
def mfpsnet(tmp_path_factory, write_network):
    """A network with all priors, whose heatmaps begin with the picture."""
    folder = tmp_path_factory.mktemp("runs") / "mfpsnet"
    folder.mkdir()
    return write_network(folder, PRIORS, heatmap_rgb=True)


@pytest.fixture(scope="session")
def exported(frsnet, prior_faces, tmp_path_factory):
    """An export of the network without priors in every quick format, and what it returned. Read only."""
    out = tmp_path_factory.mktemp("exported") / "frsnet"
    formats = ("onnx", "pt2", "torchscript", "safetensors")
    values = {"name": "net", "licence": "CC0", "data": prior_faces}
    return out, export(ExportConfig(weights=frsnet, out=out, format=formats, **values))


@pytest.fixture(scope="session")
def folded(mfpsnet, prior_faces, tmp_path_factory):
    """An export of the network with priors, which are drawn inside; it returns every pass. Read only."""
    out = tmp_path_factory.mktemp("exported") / "mfpsnet"
    values = {"priors": "folded", "iterations": "all", "opset": 17, "data": prior_faces}
    return out, export(ExportConfig(weights=mfpsnet, out=out, **values))


@pytest.fixture(scope="session")
def wrapped(frsnet, tmp_path_factory):
    """An export for other programs, in float16; there were no faces. Read only."""
    out = tmp_path_factory.mktemp("exported") / "wrapped"
    values = {"wrap": "face512", "neighbours": ("facefusion", "reactor"), "half": True}
    return out, export(ExportConfig(weights=frsnet, out=out, **values))
