"""What a search had found after one of its epochs, from the history in its run folder."""

from pathlib import Path
from typing import Any

from ..errors import MAX_VALUE, MfpsError, shortened
from ..files.history import read_history


def epoch_record(folder: Path, epoch: int) -> dict[str, Any]:
    """The record of an epoch in a search's history.

    Args:
        folder: the search's run folder.
        epoch: from 1 on.

    Raises:
        MfpsError: there is no such run or epoch, it is not a search's, or its record lacks the genotype.
    """
    searched = {record.get("epoch"): record for record in read_history(folder) if "probabilities" in record}
    if not searched and any("worth" in record for record in read_history(folder)):
        raise MfpsError(
            f"{folder}: its strategy decides nothing before the selection, so its epochs have no genotypes; give the "
            f"folder, or a member of its front such as {folder.name}#0"
        )
    if not searched:
        raise MfpsError(f"{folder}: has no searched epoch; give the folder of a search")
    if epoch not in searched:
        numbers = [str(number) for number in searched]
        listed = f"{numbers[0]} to {numbers[-1]}" if len(numbers) > 9 else shortened(", ".join(numbers), MAX_VALUE)
        raise MfpsError(f"{folder}: has no searched epoch {epoch}; it has {listed}")
    if "genotype" not in searched[epoch]:
        raise damaged(folder, epoch)
    return searched[epoch]


def damaged(folder: Path, epoch: int) -> MfpsError:
    """The error of a record that lacks something."""
    return MfpsError(f"{folder / 'history.jsonl'}: epoch {epoch} is damaged; give another epoch")
