"""A 3x3 convolution of features at twice their size, as the picture is built up from the coarse grid."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class DoublingConvolution(nn.Conv2d):
    """Repeats every pixel in a square of four, then convolves with 3x3 kernels.

    Of the nine pixels under the kernel only four differ. So the same numbers come from a transposed convolution with
    stride 2, whose 4x4 kernel holds sums of the weights: four multiplications for each output pixel instead of nine.

    Args:
        in_channels: of the features.
        out_channels: of the result.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1)

    def forward(self, input: Float[Tensor, "B _ h w"]) -> Float[Tensor, "B _ 2*h 2*w"]:
        """Map (B, in_channels, h, w) to (B, out_channels, 2 * h, 2 * w)."""
        return F.conv_transpose2d(input, self._transposed_weight(), self.bias, 2, 1)

    def as_transposed(self) -> nn.ConvTranspose2d:
        """The transposed convolution itself, for running only: its weights are computed once and for all."""
        made = nn.ConvTranspose2d(self.in_channels, self.out_channels, 4, stride=2, padding=1, device="meta")
        made.weight = nn.Parameter(self._transposed_weight().detach(), requires_grad=False)
        made.bias = nn.Parameter(self.get_parameter("bias").detach(), requires_grad=False)
        return made.train(self.training)

    def as_drawn(self) -> nn.Sequential:
        """The enlargement and the convolution apart, as the paper draws them, for running only."""
        plain = nn.Conv2d(self.in_channels, self.out_channels, 3, padding=1, device="meta")
        plain.load_state_dict({name: kept.detach() for name, kept in self.state_dict().items()}, assign=True)
        plain.requires_grad_(False)
        return nn.Sequential(nn.Upsample(scale_factor=2), plain).train(self.training)

    def _transposed_weight(self) -> Tensor:
        """The weights (in_channels, out_channels, 4, 4): each the sum of the 3x3 weights that meet one pixel."""
        turned = self.weight.flip(2, 3).transpose(0, 1)
        return F.avg_pool2d(turned, 2, stride=1, padding=1, divisor_override=1)
