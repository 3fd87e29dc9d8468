"""The restorer: FRSNet, and with priors MFPSNet. Written once; search and retraining pass in different paths.

Channel counts follow from one number, the base width w of the upsample branch (published: 8): the encoder has 8w
features, a path outputs 3w channels, re-distillation works on 64w. Images are RGB in [0, 1].

Legend: B batch, C channels, H/W pixels (multiples of 8), h/w = H/8, W/8.
Source: MFPSNet paper sections III-A to III-D; the published network, quirks included.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import MfpsError
from ..genotypes.backbone import Backbone, whole_backbone
from ..genotypes.prior_branches import PRIOR_BRANCHES
from ..genotypes.space import OUTPUT_NODES, RATES, BranchSpace, cell_width
from .backbone import BackboneSizes, first_blocks, residual_blocks, through_hidden
from .base import begin_as_base, first_base
from .doubling_convolution import DoublingConvolution
from .iteration_norms import store_once, with_own_norms
from .nested import convolve
from .network_config import NetworkConfig
from .path import Mixture, PathFactory
from .prior_input import prior_input
from .residual_dense import LEAKY_SLOPE
from .sparse_input import convolve_sparse

STRIDE = RATES[-1]
"""Images are unshuffled by this factor; their height and width must be multiples of it."""


class Restorer(nn.Module):
    """Restores a degraded face in `config.iterations` passes.

    Args:
        config: iterations, blocks, prior channels, base. With a base the last convolution is zero at the start, so that
            the network begins as its base.
        spaces: the branches; their names say which priors there are, and their widths how wide the layers are.
        make_path: builds the path of each branch.
        backbone: how deep and wide the layers around the paths are; by default as `config` says, and whole.

    Raises:
        MfpsError: the priors of `config` are not those of `spaces`.
    """

    def __init__(
        self,
        config: NetworkConfig,
        spaces: Mapping[str, BranchSpace],
        make_path: PathFactory,
        backbone: Backbone | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.priors = tuple(name for name in spaces if name not in ("upsample", "fusion"))
        self.backbone = backbone or whole_backbone(config.blocks, bool(self.priors))
        if set(self.priors) != set(config.prior_channels):
            raise MfpsError(
                f"the architecture takes the priors {', '.join(self.priors) or 'none'} but the data has "
                f"{', '.join(config.prior_channels) or 'none'}: name the same ones in `priors`"
            )
        width = spaces["upsample"].width
        features, decoded = cell_width(width, RATES[0]), OUTPUT_NODES * width

        self.conv_first = nn.Conv2d(3 * STRIDE**2, features, 3, padding=1)
        self.encoder = residual_blocks(features, self.backbone.encoder_blocks)
        self.paths = nn.ModuleDict({name: make_path(space) for name, space in spaces.items()})
        later = config.norm_sets("upsample") - 1
        self.later_passes = nn.ModuleList(with_own_norms(self.paths["upsample"]) for _ in range(later))
        store_once(self, "paths.upsample", [f"later_passes.{number}" for number in range(later)])

        if self.priors:
            prior_width = spaces[self.priors[0]].width
            self.prior_inputs = nn.ModuleDict(
                {name: prior_input(name, config.prior_channels[name], prior_width) for name in self.priors}
            )
            self.prior_output = nn.Conv2d(OUTPUT_NODES * prior_width, prior_width, 3, padding=1)
            fused = spaces["fusion"].width
            self.fusion_output = nn.Sequential(
                nn.Conv2d(OUTPUT_NODES * fused, fused, 3, padding=1), nn.Conv2d(fused, decoded, 3, padding=1)
            )
        if config.attention:
            self.attention = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in self.priors})

        self.sizes = BackboneSizes.of(self.backbone, features)
        _, _, hidden, restored = self.sizes
        self.redistill = nn.Sequential(
            nn.PixelUnshuffle(STRIDE),
            nn.Conv2d(decoded * STRIDE**2, hidden, 1),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Conv2d(hidden, features, 1),
        )
        self.refine = residual_blocks(features, self.backbone.refine_blocks)
        self.conv_refined = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up = nn.ModuleList(DoublingConvolution(features if i == 0 else restored, restored) for i in range(3))
        self.conv_hr = nn.Conv2d(restored, restored, 3, padding=1)
        self.conv_last = nn.Conv2d(restored, 3, 3, padding=1)
        begin_as_base(self.conv_last, config.base)

    def forward(
        self,
        image: Float[Tensor, "B 3 H W"],
        priors: Mapping[str, Tensor] | None = None,
        iterations: int | None = None,
        mixtures: Mapping[str, Mixture] | None = None,
        backbone: Backbone | None = None,
    ) -> list[Float[Tensor, "B 3 H W"]]:
        """Restore a batch of faces.

        Args:
            image: degraded faces, RGB in [0, 1], H and W multiples of 8.
            priors: for each prior a tensor (B, C, H, W); not needed for one iteration.
            iterations: passes to run, `config.iterations` by default.
            mixtures: while searching, weights that replace a branch's own; a branch missing here uses its own.
            backbone: while searching, how much of the layers around the paths runs; by default all.

        Returns:
            The output of each iteration, not clamped.

        Raises:
            MfpsError: the image has another shape or type, H or W is not a multiple of 8, or a prior that is needed is
                missing or has another shape.
        """
        iterations = iterations or self.config.iterations
        self._check(image, priors or {}, iterations)
        mixtures = mixtures or {}
        sizes = self.sizes if backbone is None else BackboneSizes.of(backbone, self.conv_first.out_channels)
        outputs: list[Tensor] = []
        base = self.config.base
        added_to = None if base == "none" else first_base(image, base, self.config.base_window)
        kept: dict[str, Tensor] = {}
        upsample = [self.paths["upsample"], *self.later_passes]
        for iteration in range(iterations):
            features = self.conv_first(F.pixel_unshuffle(image, STRIDE))
            encoded = first_blocks(self.encoder, sizes.encoder_blocks, features)
            decoded = upsample[min(iteration, len(upsample) - 1)](encoded, mixtures.get("upsample"))
            if iteration > 0 and self.priors:
                decoded = self._fuse(image, decoded, priors or {}, mixtures, kept)
            image = self._reconstruct(decoded, encoded, features, sizes)
            if added_to is not None:
                image = added_to = image + added_to
            outputs.append(image)
        return outputs

    @property
    def passes(self) -> dict[str, nn.ModuleList]:
        """The paths of each branch: one for all iterations, or of the upsample branch one for each."""
        own = {"upsample": tuple(self.later_passes)}
        return {name: nn.ModuleList((path, *own.get(name, ()))) for name, path in self.paths.items()}

    def _fuse(
        self,
        image: Tensor,
        decoded: Tensor,
        priors: Mapping[str, Tensor],
        mixtures: Mapping[str, Mixture],
        kept: dict[str, Tensor],
    ) -> Tensor:
        """The upsample branch's features (B, 3w, H, W) enriched by every prior; the shape is unchanged."""
        features = [self._prior_features(name, image, priors[name], mixtures.get(name), kept) for name in self.priors]
        x = self.paths["fusion"](torch.cat([decoded, *features], dim=1), mixtures.get("fusion"))
        return through_hidden(self.fusion_output, x, x.shape[1] // OUTPUT_NODES, (OUTPUT_NODES, 1))

    def _prior_features(
        self, name: str, image: Tensor, prior: Tensor, mixture: Mixture | None, kept: dict[str, Tensor]
    ) -> Tensor:
        """A prior's features (B, w, H, W).

        `kept` is filled with what does not depend on the picture, and so is the same in every iteration: in eval mode
        the features; in training the input of the path, whose batch norms count every iteration.
        """
        with_picture = PRIOR_BRANCHES[name].with_picture
        if with_picture:
            seen = self.prior_inputs[name](torch.cat([image, prior], dim=1))
        elif name not in kept:
            seen = convolve_sparse(self.prior_inputs[name], prior)  # pyright: ignore[reportArgumentType] - a Sequential
        elif self.training:
            seen = kept[name]
        else:
            return kept[name]
        features = self.prior_output(self.paths[name](seen, mixture))
        if self.config.attention:
            features = 2 * torch.sigmoid(self.attention[name]) * features
        if not with_picture:
            kept[name] = seen if self.training else features
        return features

    def _reconstruct(self, decoded: Tensor, encoded: Tensor, features: Tensor, sizes: BackboneSizes) -> Tensor:
        """Re-distill and re-restore: (B, 3w, H, W) and two encoder grids (B, 8w, h, w) to an image (B, 3, H, W)."""
        x = through_hidden(self.redistill, decoded, sizes.hidden) + encoded
        x = self.conv_refined(first_blocks(self.refine, sizes.refine_blocks, x)) + features
        for conv in (*self.conv_up, self.conv_hr):
            x = F.leaky_relu(convolve(conv, x, sizes.restored), LEAKY_SLOPE)  # pyright: ignore[reportArgumentType]
        return convolve(self.conv_last, x, self.conv_last.out_channels)

    def _check(self, image: Tensor, priors: Mapping[str, Tensor], iterations: int) -> None:
        check_image(image)
        batch, _, height, width = image.shape
        if iterations == 1:
            return
        for name in self.priors:
            expected = (batch, self.config.prior_channels[name], height, width)
            if name not in priors:
                raise MfpsError(f"the {name} prior is missing: this network needs it after its first iteration")
            if priors[name].shape != expected:
                raise MfpsError(f"the {name} prior has shape {tuple(priors[name].shape)}, expected {expected}")


def is_of_priors(name: str) -> bool:
    """Whether a parameter of a restorer, or of the search's network around it, is one that priors alone need."""
    layer, *inner = name.removeprefix("restorer.").split(".")
    return layer in ("prior_inputs", "prior_output", "fusion_output", "attention") or (
        layer == "paths" and inner[0] != "upsample"
    )


def check_image(image: Tensor) -> None:
    """Refuse what no restorer takes: another shape or type than images have, or a side that is no multiple of 8."""
    if image.ndim != 4 or image.shape[1] != 3 or not image.is_floating_point():
        raise MfpsError(
            f"the network takes images (B, 3, H, W) of floating-point numbers, RGB in [0, 1], not "
            f"{str(image.dtype).removeprefix('torch.')} {tuple(image.shape)}; convert the images first"
        )
    height, width = image.shape[2:]
    if min(height, width) < STRIDE or height % STRIDE or width % STRIDE:
        raise MfpsError(
            f"the image is {width} x {height} pixels: both must be positive multiples of {STRIDE}; pad or resize it"
        )
