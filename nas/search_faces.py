"""What a search is given: faces to learn from, to validate on and to select on, and branches that are held."""

from collections.abc import Mapping

from ..data.dataset import FaceFolder
from ..engine.run_inputs import RunInput
from ..files.hashes import sha256_of_texts
from ..genotypes.branch_genotype import BranchGenotype
from ..training.face_inputs import face_inputs
from ..training.training_data import HeldOut, training_data
from .config import SearchConfig


def search_faces(config: SearchConfig) -> tuple[FaceFolder, FaceFolder, FaceFolder]:
    """Open the three data sets of a search; no face is in two of them.

    Args:
        config: the search's.

    Returns:
        The faces to learn from, to validate on, and to select on.

    Raises:
        MfpsError: as `training.training_data.training_data`.
    """
    train, val, select = training_data(config, HeldOut("selection", config.select_list, config.select_images))
    return train, val, select


def search_inputs(
    config: SearchConfig, faces: tuple[FaceFolder, FaceFolder, FaceFolder], fixed: Mapping[str, BranchGenotype]
) -> dict[str, RunInput]:
    """What a search is given, by content; see `engine.run_inputs`.

    Args:
        config: the search's.
        faces: as `search_faces` returns them.
        fixed: the branches that are held.
    """
    return face_inputs(config, *faces) | {
        f"fix {name}": RunInput(
            "fix", f"{name}={config.fix[name]}", f"a branch of SHA-256 {sha256_of_texts(held.model_dump_json())}"
        )
        for name, held in fixed.items()
    }
