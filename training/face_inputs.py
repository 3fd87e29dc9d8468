"""What a run is given to learn from, by its content: the faces, and the priors stored for them."""

from ..data.dataset import FaceFolder
from ..data.given_pairs import GivenPairs
from ..engine.configuration import RunConfig
from ..engine.run_inputs import RunInput, file_input
from ..files.hashes import sha256_of, sha256_of_texts
from ..files.regular_file import is_file
from ..priors.kinds import PRIOR_KINDS


def face_inputs(
    config: RunConfig, train: FaceFolder, val: FaceFolder, select: FaceFolder | None = None
) -> dict[str, RunInput]:
    """The faces of a run by their names, and the files with the priors of all faces by their bytes.

    Photographs, and priors that have a file for each face, are known by their names alone: reading all of them would
    take minutes.

    Args:
        config: the run's configuration.
        train: the faces to learn from.
        val: the faces to validate on.
        select: the faces that a search selects on.

    Returns:
        By field; see `engine.run_inputs.Inputs`.
    """
    inputs: dict[str, RunInput] = {}
    for field, faces in (("list", train), ("val_list", val), ("select_list", select)):
        if faces is None:
            continue
        given = getattr(config, field)
        content = f"a list of {len(faces.names)} photographs (SHA-256 {sha256_of_texts(*faces.names)})"
        inputs[field] = RunInput("data" if given is None else field, str(given or config.data), content)
    if isinstance(train.degradation, GivenPairs):
        described = train.degradation.described(train.partners | val.partners | (select.partners if select else {}))
        content = f"{described['faces']} degraded faces (SHA-256 {described['names_sha256']})"
        inputs["pairs"] = RunInput("pairs", str(config.pairs), content)
    for prior in train.priors.sources:
        for name in _files_of_all(prior, config):
            file = config.data / "priors" / name
            inputs[f"data {name}"] = file_input("data", file, sha256_of(file))
    return inputs


def _files_of_all(prior: str, config: RunConfig) -> tuple[str, ...]:
    """The files with a prior of all faces, if the run reads them."""
    shared = PRIOR_KINDS[prior].shared_files
    read = prior not in config.drop_prior and bool(shared) and is_file(config.data / "priors" / shared[0])
    return shared if read else ()
