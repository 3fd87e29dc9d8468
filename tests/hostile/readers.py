"""Every way into mfps for a file that somebody else made, by name. Also used by `measured_reads.py`, out of pytest."""

from pathlib import Path

from mfps.engine.weights import load_weights
from mfps.files.config_model import read_yaml
from mfps.files.external_weights import WEIGHTS, check_weights
from mfps.files.history import read_history
from mfps.files.npy_file import open_array
from mfps.genotypes.evaluations import read_evaluations
from mfps.genotypes.formats.darts_text import read_darts_cell
from mfps.genotypes.front import read_front
from mfps.genotypes.genotype_file import read_genotype
from mfps.images.image import SquareFit, image_size, read_image
from mfps.images.lists import read_list
from mfps.images.photograph import read_photograph as read_whole
from mfps.inference.compile import load_network
from mfps.inference.earlier_evaluation import EarlierEvaluation
from mfps.inference.foreign_network import import_network
from mfps.networks.state_dict_file import read_state_dict
from mfps.priors.array_source import ArraySource
from mfps.priors.dictionary.dictionary_file import read_dictionary
from mfps.priors.dictionary.kind import DICTIONARY
from mfps.priors.dictionary.prior_file import read_dictionary_prior
from mfps.priors.landmarks.formats import read_given_landmarks
from mfps.priors.landmarks.landmark_file import read_landmarks
from mfps.priors.parsing.label_maps import read_label_map


def read_photograph(path: Path) -> None:
    """As a data set does: all headers first, then the pixels. Both must say the same."""
    width, height = image_size(path)
    assert read_image(path).shape == (height, width, 3)


def read_array_prior(path: Path) -> None:
    """As a data set does: all headers first, then the values."""
    ArraySource([path], DICTIONARY).load(0, SquareFit(1.0, 0, 0))


READERS = {
    "image": read_photograph,
    "photograph": read_whole,
    "label map": read_label_map,
    "genotype": read_genotype,
    "DARTS text": read_darts_cell,
    "array": lambda path: open_array(path).sum(),
    "list": lambda path: read_list(path, path.parent),
    "landmarks": read_given_landmarks,
    "landmarks.json": read_landmarks,
    "configuration": read_yaml,
    "history": lambda path: read_history(path.parent),
    "front": lambda path: read_front(path.parent),
    "evaluations": lambda path: read_evaluations(path.parent),
    "weights": load_weights,
    "network": load_network,
    "checkpoint": read_state_dict,
    "network of others": lambda path: import_network(path, read_genotype("mfpsnet")),
    "evaluation": EarlierEvaluation,
    "external weights": lambda path: check_weights(path, WEIGHTS[0]),
    "dictionary": read_dictionary,
    "dictionary.json": read_dictionary_prior,
    "array prior": read_array_prior,
}
"""Called with the path of a file."""
