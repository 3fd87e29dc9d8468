"""What a run is given: every file and list is known by what it holds, not by how its path is written.

A checkpoint records what its run was started with. A file that was moved or is named in another way is the same one, a
file that was changed is not, wherever it lies.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import MAX_PLACE, MfpsError, shortened

BY_CONTENT = frozenset(
    (
        "data",
        "pairs",
        "list",
        "val_list",
        "select_list",
        "fix",
        "genotype",
        "from_supernet",
        "init_from",
        "parser",
        "dictionary",
        "weights_dir",
        "vgg19",
        "vgg16",
    )
)
"""Fields that name a file or folder which a run reads. When it is resumed they may be written in another way, but must
hold the same: of photographs the names count, of architectures the paths and cells, of other files all bytes."""


class RunInput(NamedTuple):
    """One thing that a run was given."""

    field: str
    """The field that names it."""
    place: str
    """Where it is now, for messages."""
    content: str
    """What it holds: the same text for the same content, wherever it lies."""


Inputs = Mapping[str, RunInput]
"""What a run was given, each by its field and, where a field gives several, a second word: `list`, `fix upsample`."""


def file_input(field: str, place: str | Path, sha256: str) -> RunInput:
    """A file that is known by its bytes."""
    return RunInput(field, str(place), f"a file of SHA-256 {sha256}")


def contents(inputs: Inputs) -> dict[str, str]:
    """What a checkpoint records of them."""
    return {name: given.content for name, given in inputs.items()}


def check_inputs(before: Mapping[str, str], inputs: Inputs) -> None:
    """Compare what a run is given with what it was started with.

    Args:
        before: what its checkpoint recorded (see `contents`).
        inputs: what the run is given now.

    Raises:
        MfpsError: something holds other contents than at the start, was added or is missing.
    """
    now = contents(inputs)
    changed = [name for name in {**now, **before} if before.get(name) != now.get(name)]
    if changed:
        # Another list leaves other faces of the data folder, which is therefore not the cause.
        changed.sort(key=lambda name: name in inputs and inputs[name].field == "data")
        more = f" [and {len(changed) - 1} more]" if len(changed) > 1 else ""
        raise MfpsError(f"{_difference(changed[0], before, inputs)}, or a new folder for `out`{more}")


def _difference(name: str, before: Mapping[str, str], inputs: Inputs) -> str:
    if name not in inputs:
        field, _, part = name.partition(" ")
        return f"`{field}` {part}{' ' * bool(part)}is missing, with which the run was started; give it again"
    given = inputs[name]
    place = shortened(given.place, MAX_PLACE)
    if name not in before:
        return f"{place}: the run was started without this `{given.field}`; leave it out"
    was, now = (
        re.sub(r"[0-9a-f]{64}", lambda found: f"{found[0][:12]}...", text) for text in (before[name], given.content)
    )
    return (
        f"{place}: not the `{given.field}` that the run was started with, which was {was}, while this is {now}; give "
        "that one"
    )
