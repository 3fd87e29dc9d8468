"""The genotype's JSON file: read strictly, written once.

It is meant to be read by people: rates instead of indices, operations and edges by name. Unknown keys are errors.
Reading a file never evaluates anything.
"""

import json
import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import MfpsError, first_violation, shown
from ..files.atomic_file import remove_leftovers, write_atomically
from ..files.atomic_folder import made_folder
from ..files.json_text import read_strict
from ..files.regular_file import is_folder, read_text
from .front import MEMBER_OF_RUN, read_member
from .genotype import FIRST_SCHEMA, GENOTYPE_SCHEMA, Genotype
from .searched_epoch import epoch_record

EPOCH_OF_RUN = re.compile(r"(.+)@([0-9]{1,9})", re.DOTALL)
"""How an epoch of a search is named: its run folder, `@`, the epoch's number."""

MAX_GENOTYPE_BYTES = 1_000_000
"""A genotype is a few kilobytes; anything larger is not one."""


def parse_genotype(text: str, where: str) -> Genotype:
    """Read a genotype from JSON text.

    Args:
        text: the file's content.
        where: its name, for error messages.

    Raises:
        MfpsError: the text is not JSON, has duplicate keys or a newer schema, or breaks another rule of the format; the
            one-line message says which.
    """
    try:
        data = read_strict(text)
    except MfpsError as error:
        raise MfpsError(f"{where}: {error}") from None
    if not isinstance(data, dict):
        raise MfpsError(
            f"{where}: a genotype is a JSON object with `schema` and `branches`, not a {type(data).__name__}"
        )
    schema = data.get("schema")
    if schema not in (FIRST_SCHEMA, GENOTYPE_SCHEMA):
        newer = isinstance(schema, str) and schema.startswith("mfps.genotype/")
        remedy = "it was written by another version of mfps; upgrade mfps" if newer else "add it, if this is a genotype"
        raise MfpsError(
            f"{where}: schema is {shown(schema)}: this version reads {FIRST_SCHEMA!r} and {GENOTYPE_SCHEMA!r}; {remedy}"
        )
    try:
        genotype = Genotype.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        raise first_violation(error, where) from None
    try:
        genotype.to_json().encode()
    except (ValueError, RecursionError):
        raise MfpsError(f"{where}: provenance: not Unicode text, or nested too deeply: simplify it") from None
    return genotype


def read_genotype(name_or_file: str | Path) -> Genotype:
    """Read a published genotype by name (`mfpsnet`), a genotype file, or the genotype of a run folder.

    Args:
        name_or_file: the name, the file or the folder; or `RUN@12` for epoch 12 of a search's run folder, `RUN#3` for
            member 3 of the front that was selected there. What exists under the whole name comes first.

    Raises:
        MfpsError: there is no such name, file, epoch or member, or it is not a valid genotype.
    """
    text, path = str(name_or_file), Path(name_or_file)
    if is_folder(path):
        path = path / "genotype.json"
    elif not os.path.lexists(path):
        for pattern, read in ((EPOCH_OF_RUN, read_epoch), (MEMBER_OF_RUN, read_member)):
            if (named := pattern.fullmatch(text)) and is_folder(named[1]):
                return read(Path(named[1]), int(named[2]))
    if not os.path.lexists(path):
        if text in (names := published_names()):
            file = resources.files(str(__package__)) / "published" / f"{text}.json"
            return parse_genotype(file.read_text(encoding="utf-8"), f"published genotype {text}")
        raise MfpsError(
            f"no genotype {text!r}: give a file, a run folder (RUN@12 for epoch 12 of a search, RUN#3 for member 3 of "
            f"its front), or a published name ({', '.join(names)})"
        )
    remedy = "give a JSON file written by `mfps search`"
    return parse_genotype(read_text(path, "genotype", MAX_GENOTYPE_BYTES, remedy), str(path))


def read_epoch(folder: Path, epoch: int) -> Genotype:
    """The genotype that a search had after an epoch.

    Args:
        folder: the search's run folder.
        epoch: from 1 on.

    Raises:
        MfpsError: there is no such run or epoch, it is not a search's, or its record is damaged.
    """
    return recorded_genotype(epoch_record(folder, epoch), f"{folder.name}, epoch {epoch}", folder / "history.jsonl")


def recorded_genotype(record: Mapping[str, Any], name: str, history: Path) -> Genotype:
    """The genotype in an epoch's record.

    Args:
        record: it has an entry `genotype`.
        name: the genotype's name.
        history: the file that the record is from.

    Raises:
        MfpsError: it is not a valid genotype.
    """
    content: dict[str, Any] = {"schema": FIRST_SCHEMA, "name": name, "branches": record["genotype"]}
    if isinstance(content["branches"], dict) and "backbone" in content["branches"]:
        branches = {branch: found for branch, found in content["branches"].items() if branch != "backbone"}
        content |= {"schema": GENOTYPE_SCHEMA, "branches": branches, "backbone": content["branches"]["backbone"]}
    return parse_genotype(json.dumps(content), str(history))


def write_genotype(genotype: Genotype, file: Path) -> None:
    """Write a genotype file; an existing file is not overwritten.

    Args:
        genotype: what to write.
        file: where to; missing folders are made.

    Raises:
        MfpsError: the file exists, or cannot be written.
    """
    remove_leftovers(file)
    if os.path.lexists(file):
        raise MfpsError(f"{file}: already exists, and nothing is overwritten; give another name for `out`")
    with made_folder(file.parent):
        write_atomically(file, genotype.to_json(), new=True)


def published_names() -> list[str]:
    """Names of the genotypes that ship with the package."""
    folder = resources.files(str(__package__)) / "published"
    return sorted(Path(file.name).stem for file in folder.iterdir() if file.name.endswith(".json"))
