"""The data sets of a run: the faces it learns from, and separate faces for whatever judges it."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..data.augmentation import Augmentation
from ..data.dataset import FaceFolder, Tolerance, WantedPriors
from ..data.given_pairs import degraded_by
from ..data.sampling import random_order
from ..engine.configuration import RunConfig
from ..errors import MfpsError

HELD_OUT = 0.1
"""Share of the faces that is held out for each purpose for which no list is given."""

LEAST = 4
"""Faces from which some can be held out: two to learn from, and one for each of two purposes."""

VALIDATION_SEED = 0
"""Degradations of validation faces are the same in every run, whatever its seed, so that runs can be compared."""


class HeldOut(NamedTuple):
    """Faces that a run does not learn from."""

    purpose: str
    """What they are for, in one word, for messages."""
    list: Path | None
    """File with their names; None holds some of the training faces out."""
    images: int
    """How many of them are used, from the top."""


def training_data(
    config: RunConfig, *held_out: HeldOut, stored_priors: bool = True
) -> tuple[FaceFolder, FaceFolder, *tuple[FaceFolder, ...]]:
    """Open a run's folder of faces for training, for validation, and for other purposes.

    Args:
        config: the run's configuration.
        held_out: other purposes besides the validation.
        stored_priors: whether to read the run's priors; False if they are found on the fly.

    Returns:
        The training faces, the validation faces, and those of each other purpose; no face is in two of them.

    Raises:
        MfpsError: as `FaceFolder`; or two lists share a name, or there are too few faces to hold any out.
    """
    listed = face_folder(config, config.list, learning=True, stored_priors=stored_priors)
    purposes = (HeldOut("validation", config.val_list, config.val_images), *held_out)
    given = {
        held.purpose: face_folder(config, held.list, stored_priors=stored_priors).names
        for held in purposes
        if held.list is not None
    }
    train_names, others = split_names(config, listed, purposes, given)
    train = face_folder(config, train_names, learning=True, stored_priors=stored_priors)
    judging = [face_folder(config, names, stored_priors=stored_priors) for names in others]
    for faces in judging:
        for index in range(len(faces)):
            faces[0, index]  # a face that cannot be read is better found now than after the first epoch
    val, *more = judging
    return train, val, *more


def face_folder(
    config: RunConfig, names: Path | Sequence[str] | None, *, learning: bool = False, stored_priors: bool = True
) -> FaceFolder:
    """Open some faces of a run's folder.

    Args:
        config: the run's configuration.
        names: a list file or the names; None takes all.
        learning: to learn from: augmented, degraded by the run's seed, and some may be unreadable. Otherwise they are
            to judge by.
        stored_priors: whether to read the run's priors.

    Raises:
        MfpsError: as `FaceFolder`.
    """
    wanted, dropped = (config.priors, config.drop_prior) if stored_priors else ((), ())
    priors = WantedPriors(wanted, config.heatmap_rgb, dict.fromkeys(dropped))
    tolerance = Tolerance(
        max_bad=config.max_bad_faces if learning else 0.0,
        max_pixels=int(config.max_megapixels * 1e6),
        follow_links=config.follow_links,
    )
    return FaceFolder(
        config.data,
        config.size,
        degraded_by(config.degradation, config.pairs, config.follow_links),
        names,
        priors,
        config.seed if learning else VALIDATION_SEED,
        Augmentation(config.flip, config.prior_dropout) if learning else None,
        tolerance,
    )


def split_names(
    config: RunConfig, listed: FaceFolder, purposes: Sequence[HeldOut], given: Mapping[str, Sequence[str]]
) -> tuple[list[str], list[list[str]]]:
    """The names to train on, and those for each purpose.

    Args:
        config: the run's configuration.
        listed: the faces of the training list.
        purposes: what faces are held out for.
        given: the names of those that have a list.

    Raises:
        MfpsError: as `training_data`.
    """
    taken: dict[str, str] = {}
    for purpose, names in given.items():
        if config.list is not None and (shared := set(listed.names) & set(names)):
            raise _shared(purposes, purpose, shared, "training")
        for name in names:
            if name in taken:
                raise _shared(purposes, purpose, set(names) & set(given[taken[name]]), taken[name])
        taken |= dict.fromkeys(names, purpose)
    free = [name for name in listed.names if name not in taken]
    chosen_at_random = [held.purpose for held in purposes if held.purpose not in given]
    if chosen_at_random and len(listed.names) < LEAST:
        raise MfpsError(
            f"{config.data}: {len(listed.names)} faces are too few to hold some out for "
            f"{' and others for '.join(chosen_at_random)}; give at least {LEAST}"
        )
    order, share = iter(random_order(free, config.seed)), max(1, round(HELD_OUT * len(listed.names)))
    for purpose in chosen_at_random:
        taken |= dict.fromkeys(islice(order, share), purpose)
    train = [name for name in free if name not in taken]
    if not train:
        raise MfpsError(f"{config.data}: no face is left to train on; name others in `list`")
    judging = [
        [
            name
            for name in given.get(held.purpose, listed.names)
            if taken.get(name) == held.purpose and name not in listed.bad
        ][: held.images]
        for held in purposes
    ]
    return train, judging


def _shared(purposes: Sequence[HeldOut], purpose: str, shared: set[str], other: str) -> MfpsError:
    file = next(held.list for held in purposes if held.purpose == purpose)
    return MfpsError(
        f"{file}: {len(shared)} faces are also in the {other} list, the first is {min(shared)}; take others for "
        f"{purpose}"
    )
