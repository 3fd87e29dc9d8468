"""The faces on which exported files are compared with the network: the run's own, given ones, or drawn ones."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.batch import Collate
from ..data.dataset import FaceFolder, Tolerance, WantedPriors
from ..degradation.fields import GIVEN_PAIRS
from ..degradation.presets import Degradation, degradation_rng
from ..drawn.faces import draw_face
from ..errors import MfpsError
from ..files.boundary import Boundary
from ..files.config_model import read_yaml
from ..files.regular_file import is_file, is_folder
from ..images.lists import find_images, image_folder, read_list
from ..images.tensors import images_to_tensor
from ..inference.compile import CompiledNetwork
from ..inference.exported_model import FACE_PX
from ..inference.folded_inputs import folded_inputs
from ..inference.network_facts import NetworkFacts
from ..priors.dictionary.prior_file import DICTIONARY_FILE
from ..priors.face_priors import stored_prior
from .config import ExportConfig
from .face_graph import GraphSpec
from .made_up_priors import Drawing, GivenPriors, made_up

SEED = 0
"""Of drawn faces and of made-up priors."""


class CheckedFaces(NamedTuple):
    """Faces on which a file and the network are compared."""

    degraded: Tensor
    """float32 (N, 3, S, S) in [0, 1]."""
    clean: Tensor
    """Likewise."""
    priors: GivenPriors
    described: str
    """What they are, for people."""

    def pictures(self, spec: GraphSpec) -> Tensor:
        """The degraded faces at the size that a file takes, in [0, 1]."""
        if not spec.wrapped:
            return self.degraded
        return F.interpolate(self.degraded, (FACE_PX, FACE_PX), mode="bicubic").clamp(0, 1)

    def file_inputs(self, spec: GraphSpec) -> dict[str, Tensor]:
        """What a file is given by other programs, by name."""
        pictures = self.pictures(spec)
        return {"input": pictures * 2 - 1 if spec.wrapped else pictures, **self.priors.inputs}

    def first(self) -> "CheckedFaces":
        """The first face alone."""
        maps, inputs = ({name: a[:1] for name, a in given.items()} for given in (self.priors.maps, self.priors.inputs))
        return self._replace(degraded=self.degraded[:1], clean=self.clean[:1], priors=GivenPriors(inputs, maps))

    def examples(self, spec: GraphSpec) -> dict[str, Tensor]:
        """Zeros of the types and sizes of what a file is given, for two faces, or for one if it takes one at a time.

        Not the faces themselves: torch keeps examples in its files.
        """
        count = 1 if spec.wrapped else 2
        return {
            name: torch.zeros(count, *tensor.shape[1:], dtype=tensor.dtype)
            for name, tensor in self.file_inputs(spec).items()
        }


class FacePlace(NamedTuple):
    """Where faces are taken from."""

    data: Path
    held_out: tuple[str, ...]
    """Names of faces that the network was not trained on, as far as that is known."""
    others: tuple[str, ...]
    """Names of other faces."""
    degradation: str
    seed: int
    follow_links: bool

    @property
    def dictionary(self) -> Path | None:
        """The dictionary file of the data folder, if there is one.

        Raises:
            MfpsError: it is a link that leads out of the folder.
        """
        file = self.data / "priors" / DICTIONARY_FILE
        if not is_file(file):
            return None
        Boundary(self.data, self.follow_links).check(file)
        return file


def face_place(config: ExportConfig, compiled: CompiledNetwork) -> FacePlace | None:
    """Where the faces are: in the folder that is given, or in that of the run if it is still there.

    Raises:
        MfpsError: the folder that is given cannot be used.
    """
    run = _run_values(config.weights)
    degradation = degradation_of_checks(config, compiled)
    seed = run["seed"] if isinstance(run.get("seed"), int) else SEED
    if config.data is not None:
        names = find_images(image_folder(config.data, config.follow_links), config.follow_links)
        return FacePlace(config.data, names[::2], names[1::2], degradation, seed, config.follow_links)
    if not isinstance(run.get("data"), str) or not is_folder(run["data"]):
        return None
    data, links = Path(run["data"]), bool(run.get("follow_links", False)) or config.follow_links
    try:
        train, val = (
            read_list(run[key], data, links) if isinstance(run.get(key), str) else () for key in ("list", "val_list")
        )
        train = train or find_images(image_folder(data, links), links)
    except MfpsError:  # the run's faces are no longer what they were
        return None
    return FacePlace(data, val or train[::2], train if val else train[1::2], degradation, seed, links)


def degradation_of_checks(config: ExportConfig, compiled: CompiledNetwork) -> str:
    """How faces are degraded on which a file is checked: as was asked for, as in training, or `full`.

    A training on given pairs says nothing of how they were degraded.
    """
    said = compiled.provenance.get("degradation")
    return config.degradation or (said if isinstance(said, str) and said not in ("", GIVEN_PAIRS) else "full")


def _run_values(weights: Path) -> dict[str, Any]:
    """The configuration of the run that wrote weights, if it lies beside them."""
    file = (weights if is_folder(weights) else weights.parent) / "config.yaml"
    try:
        return read_yaml(file) if is_file(file) else {}
    except MfpsError:
        return {}


def spread(names: Sequence[str], count: int) -> tuple[str, ...]:
    """Up to `count` of some names, evenly spaced."""
    return tuple(names[i * len(names) // count] for i in range(count)) if len(names) > count else tuple(names)


class FaceReader:
    """Reads faces of a folder with their priors; if some prior is not stored, all of them are made up.

    Args:
        place: where they are.
        names: which of them.
        facts: the network.
        spec: what the file computes.
        drawing: how priors are drawn.

    Attributes:
        real: priors are the faces' own, or none are taken.
        described: what the faces are, for people.

    Raises:
        MfpsError: the faces or their priors do not fit the network.
    """

    def __init__(
        self, place: FacePlace, names: Sequence[str], facts: NetworkFacts, spec: GraphSpec, drawing: Drawing
    ) -> None:
        given = tuple(spec.channels) if spec.priors in ("inputs", "folded") else ()
        self.real = all(stored_prior(place.data, prior) for prior in given)
        wanted = WantedPriors(given if self.real else (), drawing.heatmap_rgb)
        links = Tolerance(follow_links=place.follow_links)
        self._folder = FaceFolder(place.data, spec.size, place.degradation, names, wanted, place.seed, tolerance=links)
        for prior, count in self._folder.prior_channels.items():
            if count != spec.channels[prior]:
                raise MfpsError(
                    f"{place.data}: its {prior} prior has {count} channels but the network takes "
                    f"{spec.channels[prior]}; use the data it was trained with"
                )
        self._facts, self._spec, self._drawing = facts, spec, drawing
        name = place.data.absolute().name
        self.described = f"{len(names)} faces of {name}{'' if self.real else ' with made-up priors'}"

    def __len__(self) -> int:
        return len(self._folder)

    def read(self, numbers: Iterable[int]) -> CheckedFaces:
        """Read some of the faces, by their numbers.

        Raises:
            MfpsError: a face or a prior cannot be read.
        """
        samples = [self._folder[0, number] for number in numbers]
        batch = Collate(self._folder.priors)(samples)
        priors = GivenPriors(batch.priors, batch.priors)
        if not self.real or self._spec.priors == "zeros":
            priors = made_up(batch.degraded, self._spec, self._drawing, SEED)
        elif self._spec.priors == "folded":
            priors = priors._replace(inputs=folded_inputs(self._facts, [sample.priors for sample in samples]))
        return CheckedFaces(batch.degraded, batch.clean, priors, self.described)


def drawn_faces(count: int, degradation: str, spec: GraphSpec, drawing: Drawing) -> CheckedFaces:
    """Drawn faces with made-up priors, where there are no others.

    Args:
        count: how many.
        degradation: how they are degraded.
        spec: what the file computes.
        drawing: how priors are drawn.
    """
    chain = Degradation.parse(degradation)
    clean = [draw_face(np.random.default_rng((SEED, number)), spec.size).image for number in range(count)]
    degraded = [chain.apply(face, degradation_rng(SEED, 0, str(number))) for number, face in enumerate(clean)]
    pictures = images_to_tensor(degraded)
    priors = made_up(pictures, spec, drawing, SEED)
    return CheckedFaces(pictures, images_to_tensor(clean), priors, f"{count} drawn faces")
