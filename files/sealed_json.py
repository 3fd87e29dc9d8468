"""JSON files that carry the SHA-256 of their own content: one that was edited is refused, not believed."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import MfpsError, first_violation
from .hashes import sha256_of_texts
from .json_text import compact_leaves, read_strict

Model = TypeVar("Model", bound=BaseModel)

LEAF = 240
"""Characters up to which an object or a list stands on one line."""


def check_of(content: dict[str, Any]) -> str:
    """The SHA-256 of a JSON object, whatever the order of its keys."""
    return sha256_of_texts(json.dumps(content, sort_keys=True))


def sealed(content: dict[str, Any], indent: int) -> str:
    """A file's text, with the SHA-256 of the content as its last entry, `digest`."""
    return compact_leaves(json.dumps({**content, "digest": check_of(content)}, indent=indent), LEAF) + "\n"


def read_sealed(text: str, model: type[Model], schema: str, file: Path, what: str, remedy: str) -> Model:
    """Read what `sealed` wrote.

    Args:
        text: the file's.
        model: what it holds, with its entry `schema`.
        schema: the format's name and version.
        file: where the text is from, for messages.
        what: the file holds, such as `front`.
        remedy: what to do where it cannot be used.

    Raises:
        MfpsError: it is no such file, is of another version, or was changed after it was written.
    """
    try:
        content = read_strict(text, remedy=remedy)
    except MfpsError as error:
        raise MfpsError(f"{file}: {error}") from None
    if not isinstance(content, dict) or content.get("schema") != schema:
        raise MfpsError(f"{file}: this version reads a {what} of schema {schema!r} only; {remedy}")
    if content.pop("digest", None) != check_of(content):
        raise MfpsError(f"{file}: was changed after it was written; {remedy}")
    try:
        return model.model_validate(content, by_alias=True, by_name=False)
    except ValidationError as error:
        raise first_violation(error, str(file)) from None
