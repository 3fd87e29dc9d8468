"""What a search's report is made from: the files of a run folder, any of which may be missing or damaged."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ...errors import MfpsError
from ...files.config_model import read_yaml
from ...files.history import read_history
from ...files.json_text import read_strict
from ...files.regular_file import read_text
from ...genotypes.backbone import MAX_BLOCKS, BackboneSpace, backbone_space
from ...genotypes.genotype import Genotype
from ...genotypes.genotype_file import read_genotype
from ..ledger import StageCost, read_ledger

MAX_FRONT_BYTES = 10_000_000
MAX_EVALUATIONS_BYTES = 128 * 2**20

Found = TypeVar("Found")


class Evaluated(NamedTuple):
    """A genotype that was scored, or one that the front is compared with."""

    name: str
    """Its hash, or what the baseline is called."""
    psnr: float
    gflops: float
    parameters: int


class Member(NamedTuple):
    """A genotype of the front."""

    number: int
    file: str
    hash: str
    psnr: float
    gflops: float
    parameters: int
    origin: str
    ms: float | None = None
    measured_ms: float | None = None


class Front(NamedTuple):
    """What a selection found."""

    members: list[Member]
    baselines: list[Evaluated]
    """Those that were evaluated too."""
    budget: Mapping[str, Any]
    cost: str
    """What it weighs against quality: `flops` or `parameters`."""
    evaluated: list[Evaluated]


class RunFiles(NamedTuple):
    """The content of a run folder, as far as it can be read."""

    folder: Path
    history: list[dict[str, Any]]
    config: dict[str, Any]
    environment: dict[str, Any]
    ledger: list[StageCost]
    genotype: Genotype | None
    """The genotype that the search chose, or has so far."""
    front: Front | None
    members: dict[int, Genotype]
    """The genotypes of the front, by number."""
    problems: list[str]
    """What cannot be read and why, a line each."""

    @property
    def backbones(self) -> BackboneSpace | None:
        """What the search chose backbones from; None if it chose none, or its configuration doesn't say."""
        blocks = self.config.get("blocks")
        if self.config.get("space") != "wide" or type(blocks) is not int or not 0 < blocks <= MAX_BLOCKS:
            return None
        return backbone_space(blocks, bool(self.config.get("priors")))


def read_run_files(folder: Path) -> RunFiles:
    """Read a search's run folder; what is missing is empty, and what is damaged is so too and named in `problems`."""
    problems: list[str] = []

    def read(name: str, reader: Callable[[], Found], otherwise: Found) -> Found:
        if not os.path.lexists(folder / name):
            return otherwise
        try:
            return reader()
        except MfpsError as error:
            problems.append(str(error))
        return otherwise

    front = read("front.json", lambda: read_front(folder), None)
    members = {
        member.number: read(
            f"front/{member.file}", lambda file=member.file: read_genotype(folder / "front" / file), None
        )
        for member in (front.members if front else [])
    }
    records = read("history.jsonl", lambda: read_history(folder), [])
    return RunFiles(
        folder,
        history=[record for record in records if type(record.get("epoch")) is int],
        config=read("config.yaml", lambda: read_yaml(folder / "config.yaml"), {}),
        environment=read("environment.json", lambda: _read_object(folder / "environment.json"), {}),
        ledger=read("ledger.json", lambda: read_ledger(folder), []),
        genotype=read("genotype.json", lambda: read_genotype(folder / "genotype.json"), None),
        front=front,
        members={number: genotype for number, genotype in members.items() if genotype is not None},
        problems=problems,
    )


def read_front(folder: Path) -> Front:
    """The front that a selection left in a run folder, with all that it evaluated.

    Raises:
        MfpsError: it cannot be read.
    """
    file = folder / "front.json"
    data = _read_object(file)
    try:
        members = [_member(member) for member in data["members"]]
        baselines = [_evaluated(each["name"], each) for each in data.get("baselines", []) if "psnr" in each]
        cost = "parameters" if data.get("cost") == "parameters" else "flops"
        evaluated = _read_evaluations(folder, data.get("supernet"))
        return Front(members, baselines, dict(data.get("budget", {})), cost, evaluated)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise MfpsError(f"{file}: not a front, or damaged; run `mfps select` again") from None


def _member(data: Mapping[str, Any]) -> Member:
    return Member(
        number=int(data["number"]),
        file=Path(str(data["file"])).name,  # they lie in front/, and no other file is read
        hash=str(data["hash"]),
        psnr=float(data["psnr"]),
        gflops=float(data["gflops"]),
        parameters=int(data["parameters"]),
        origin=str(data.get("origin", "")),
        ms=_optional(data.get("ms")),
        measured_ms=_optional(data.get("measured_ms")),
    )


def _optional(value: Any) -> float | None:
    return None if value is None else float(value)


def _evaluated(name: object, data: Mapping[str, Any]) -> Evaluated:
    gflops = data["gflops"] if "gflops" in data else data["flops"] / 1e9
    return Evaluated(str(name), float(data["psnr"]), float(gflops), int(data["parameters"]))


def _read_evaluations(folder: Path, supernet: object) -> list[Evaluated]:
    """All that was evaluated on a supernet; a line that is cut off is left out, as the selection leaves it out too."""
    file = folder / "evaluations.jsonl"
    if not os.path.lexists(file):
        return []
    found: list[Evaluated] = []
    for line in read_text(file, "list of evaluations", MAX_EVALUATIONS_BYTES).split("\n"):
        try:
            data = read_strict(line)
            if data.get("supernet") == supernet:
                found.append(_evaluated(data["hash"], data))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _read_object(file: Path) -> dict[str, Any]:
    try:
        data = read_strict(read_text(file, "JSON file", MAX_FRONT_BYTES))
    except MfpsError as error:
        raise MfpsError(f"{file}: {error}") from None
    if not isinstance(data, dict):
        raise MfpsError(f"{file}: not a JSON object; run the search again")
    return data
