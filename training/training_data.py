"""The two data sets of a run: the faces it learns from, and the separate faces it is validated on."""

from ..data.augmentation import Augmentation
from ..data.dataset import FaceFolder, Tolerance, WantedPriors
from ..data.sampling import random_order
from ..engine.configuration import RunConfig
from ..errors import MfpsError

HELD_OUT = 0.1
"""Share of the faces that is held out for validation if no validation list is given."""

VALIDATION_SEED = 0
"""Degradations of validation faces are the same in every run, whatever its seed, so that runs can be compared."""


def training_data(config: RunConfig, stored_priors: bool = True) -> tuple[FaceFolder, FaceFolder]:
    """Open a run's folder of faces for training and validation.

    Args:
        config: the run's configuration.
        stored_priors: whether to read the run's priors; False if they are found on the fly.

    Returns:
        The training and the validation faces.

    Raises:
        MfpsError: as `FaceFolder`; or the two lists share a name, or there are too few faces to hold any out.
    """
    names, dropped = (config.priors, config.drop_prior) if stored_priors else ((), ())
    stored = WantedPriors(names, config.heatmap_rgb)
    priors = stored._replace(dropped=dict.fromkeys(dropped))
    strict = Tolerance(max_pixels=int(config.max_megapixels * 1e6), follow_links=config.follow_links)
    tolerant = strict._replace(max_bad=config.max_bad_faces)
    data, size, degradation, seed = config.data, config.size, config.degradation, config.seed

    listed = FaceFolder(data, size, degradation, config.list, stored, seed, tolerance=tolerant)
    train_names, val_names = _split(config, listed, stored, strict)
    if not train_names:
        raise MfpsError(f"{data}: every face is in the validation list; name others to train on in `list`")
    augmentation = Augmentation(config.flip, config.prior_dropout)
    train = FaceFolder(data, size, degradation, train_names, priors, seed, augmentation, tolerant)
    val = FaceFolder(data, size, degradation, val_names, priors, VALIDATION_SEED, tolerance=strict)
    for index in range(len(val)):
        val[0, index]  # a face that cannot be read is better found now than after the first epoch
    return train, val


def _split(
    config: RunConfig, listed: FaceFolder, stored: WantedPriors, strict: Tolerance
) -> tuple[list[str], list[str]]:
    """The names to train on and to validate on."""
    if config.val_list is not None:
        validating = FaceFolder(
            config.data, config.size, config.degradation, config.val_list, stored, VALIDATION_SEED, tolerance=strict
        )
        shared = set(listed.names) & set(validating.names)
        if shared and config.list is not None:
            raise MfpsError(
                f"{config.val_list}: {len(shared)} faces are also in the training list, the first is {min(shared)}; "
                "validate on others"
            )
        return [name for name in listed.names if name not in shared], list(validating.names)[: config.val_images]
    if len(listed.names) < 4:
        raise MfpsError(
            f"{config.data}: {len(listed.names)} faces are too few to hold one out for validation; give at least 4"
        )
    order = random_order(listed.names, config.seed)
    held_out = set(order[: max(1, round(HELD_OUT * len(order)))])
    val_names = [name for name in listed.names if name in held_out and name not in listed.bad][: config.val_images]
    return [name for name in listed.names if name not in held_out], val_names
