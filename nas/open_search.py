"""A finished search, opened again to judge architectures on its supernet."""

from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from ..data.kept_batches import KeptBatches
from ..data.sampling import FaceAddress
from ..engine.configuration import read_config
from ..engine.device import choose_device
from ..engine.execution import as_started
from ..engine.weights import load_weights, weights_in
from ..errors import MfpsError, first_violation
from ..files.config_model import fill
from ..files.hashes import sha256_of, sha256_of_texts
from ..files.history import read_history
from ..genotypes.branch_genotype import BranchGenotype, StrictModel
from ..training.norm_statistics import FACES_A_BATCH, norm_batches
from ..training.training_data import face_folder
from .config import SearchConfig
from .health import settled
from .judge import SupernetJudge
from .search_network import SearchNetwork, build_search_network


class OpenSearch(NamedTuple):
    """A finished search.

    Attributes:
        folder: its run folder.
        config: its configuration.
        searched: its network with the trained weights, on the device.
        judge: scores genotypes on it.
    """

    folder: Path
    config: SearchConfig
    searched: SearchNetwork
    judge: SupernetJudge


def open_search(folder: Path, device: str = "auto", data: Path | None = None) -> OpenSearch:
    """Open a finished search.

    Args:
        folder: its run folder.
        device: where to run its network; see `engine.device.choose_device`.
        data: the folder of faces, if it is no longer where the search had it.

    Raises:
        MfpsError: it is not the folder of a search, the search is not finished, or its data or weights cannot be used.
    """
    config = finished_search(folder, data)
    chosen, weights = choose_device(device), weights_in(folder)
    opened = load_weights(weights)
    try:
        names = _Names.model_validate(opened.header.get("faces"))
        fixed = _FIXED.validate_python(opened.header.get("fixed", {}))
    except ValidationError as error:
        raise first_violation(error, f"{weights}: header") from None
    held_out, learning = face_folder(config, names.select), face_folder(config, names.norms, learning=True)
    searched = build_search_network(config, held_out.prior_channels, fixed)
    try:
        searched.restorer.load_state_dict(opened.state)
    except RuntimeError as error:
        problem = str(error).splitlines()[-1].strip()
        raise MfpsError(
            f"{weights}: does not hold the supernet of {folder / 'config.yaml'} ({problem}); restore both files"
        ) from None
    execution = as_started(config.layout, config.precision)
    searched.restorer.to(chosen, memory_format=execution.memory_format)  # pyright: ignore[reportCallIssue]
    faces = KeptBatches(held_out, [FaceAddress(0, index) for index in range(len(held_out))], FACES_A_BATCH)
    estimated = norm_batches(learning, config.norm_batches, config.seed)
    digest = sha256_of_texts(sha256_of(weights), faces.sha256, estimated.sha256)
    judge = SupernetJudge(searched, chosen, execution, faces, estimated, digest)
    return OpenSearch(folder, config, searched, judge)


class _Names(StrictModel):
    """Whose faces a supernet is judged by, and from whose its batch norms are estimated."""

    select: list[str]
    norms: list[str]


_FIXED = TypeAdapter(dict[str, BranchGenotype])


def finished_search(folder: Path, data: Path | None = None) -> SearchConfig:
    """The configuration of a finished search.

    Args:
        folder: its run folder.
        data: the folder of faces, if it is no longer where the search had it.

    Raises:
        MfpsError: it is not the folder of a search, or the search is not finished.
    """
    if not folder.is_dir():
        raise MfpsError(f"{folder}: there is no such folder; give the run folder of a finished search")
    file = folder / "config.yaml"
    written = read_config(file) if file.is_file() else {}
    if "strategy" not in written:
        what = (
            "holds a training, not a search" if "genotype" in written or "init_from" in written else "holds no search"
        )
        raise MfpsError(f"{folder}: {what}; give the run folder of a finished search")
    config = fill(SearchConfig, {"data": data, "out": folder}, file, written)
    history = read_history(folder) if (folder / "history.jsonl").exists() else []
    last = history[-1] if history else {"epoch": 0, "step": 0}
    ended = last["epoch"] >= config.epochs or last["step"] >= (config.max_steps or float("inf"))
    if not ended and not settled(history, config.stop_when_settled or 0, config.warmup_epochs):
        raise MfpsError(
            f"{folder}: the search has done {last['epoch']} of {config.epochs} epochs; continue it with "
            "`resume` to its end"
        )
    return config
