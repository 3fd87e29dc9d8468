"""The configuration of a training. The published hyperparameters are the defaults."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from ..engine.configuration import RunConfig
from ..errors import MfpsError


class RetrainConfig(RunConfig):
    """A training of a fixed network: its genotype, the optimisation, and what `RunConfig` has."""

    genotype: str
    """Genotype file, run folder or published name."""
    width: int | None = Field(None, ge=1, le=512)
    """Base width to train at; the genotype's own by default. Search narrow, retrain wide."""
    from_supernet: Path | None = None
    """Run folder or weights file of the search, to start from the supernet's weights."""

    priors_from: Literal["clean", "degraded", "coarse"] = "clean"
    """`clean` reads stored priors, which are oracle priors; `degraded` finds them in the degraded face, `coarse` in the
    output of iteration 0, on the fly."""
    weights_dir: Path | None = None
    """Folder with the external weights that find priors."""
    parser: str | None = None
    """Folder or name of the face parser's weights."""
    dictionary: Path | None = None
    """Dictionary file, for a dictionary prior that is found on the fly."""

    epochs: int = Field(104, ge=1)
    """Passes over the training list."""
    batch_size: int = Field(8, ge=1)
    """Faces a step, those of all devices together."""
    solver: Literal["adam", "sgd"] = "adam"
    """Optimizer: Adam with betas 0.9 and 0.99, or SGD with momentum 0.9."""
    lr: float = Field(1e-3, gt=0)
    """Learning rate at the start."""
    weight_decay: float = Field(1e-3, ge=0)
    """Weight decay."""
    ema: float | None = Field(None, gt=0, lt=1)
    """Decay of an exponential moving average of the weights, such as 0.999; the average is judged and kept."""
    schedule: Literal["published", "cosine", "constant"] = "published"
    """`published` halves the rate at the epochs `halve_at`; `cosine` falls to 0 over all steps, after a warm-up."""
    halve_at: tuple[int, ...] = (3, 7, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
    """Epochs at which the published schedule halves the learning rate."""
    pixel: Literal["l1", "smooth_l1"] = "l1"
    """Pixel loss."""
    perceptual: float = Field(0.005, ge=0)
    """Weight of the perceptual loss (VGG19 conv5_4); 0 leaves it out and needs no VGG19."""
    vgg19: Path | None = None
    """Local copy of VGG19's official weights; by default torch's hub cache, or a download into it."""

    @model_validator(mode="after")
    def _drops_what_is_stored(self) -> "RetrainConfig":
        if self.prior_dropout and self.priors_from != "clean":
            raise MfpsError(
                f"--prior-dropout is of stored priors, and --priors-from {self.priors_from} finds them on the fly; "
                "leave one out"
            )
        return self
