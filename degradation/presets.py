"""Degradations by name: what turns a clean face into the network's input."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np

from ..errors import MfpsError
from .stages import blind, blur, jpeg, lose_resolution, noise

Stage = Callable[[np.ndarray, np.random.Generator, float], np.ndarray]


@dataclass(frozen=True)
class Preset:
    """One named degradation: the steps in order, and the size they were published for."""

    stages: tuple[Stage, ...]
    native_size_px: int


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "none": Preset((), 128),
        "blur": Preset((blur,), 128),
        "noise": Preset((noise,), 128),
        "jpeg": Preset((jpeg,), 128),
        "lowres": Preset((lose_resolution,), 128),
        "full": Preset((blur, noise, jpeg, lose_resolution), 128),
        "gfpgan": Preset(
            (partial(blind, sigma_px=(0.1, 10.0), shrink=(0.8, 8.0), noise_sigma=(0.0, 20.0), quality=(60, 100)),), 512
        ),
        "codeformer": Preset(
            (partial(blind, sigma_px=(1.0, 15.0), shrink=(4.0, 30.0), noise_sigma=(0.0, 20.0), quality=(30, 80)),), 512
        ),
    }
)
"""`full` and its four parts as the published MFPSNet trains with them; `gfpgan`, and `codeformer` (its stage 2)."""


@dataclass(frozen=True)
class Degradation:
    """A preset, or a weighted mix of presets from which each face draws one.

    A preset is exactly as published at its own size (128 pixels; 512 for `gfpgan` and `codeformer`). At another size
    its lengths in pixels (blur sigma, kernel side, motion length, and the side of one pixel of the reduced picture)
    scale along, so that a preset looks alike at every size. Noise and JPEG have no length and stay as they are.
    """

    mix: tuple[tuple[str, float], ...]
    """Preset names and their probabilities, which sum to 1."""

    @classmethod
    def parse(cls, text: str) -> "Degradation":
        """Read `"full"` or a mix such as `"full:0.5,blur:0.25,jpeg:0.25"` (weights are positive; any sum will do).

        Raises:
            MfpsError: a name is unknown or comes twice, or a weight is not a positive number.
        """
        weights: dict[str, float] = {}
        for part in text.split(","):
            name, colon, number = (piece.strip() for piece in part.partition(":"))
            if name not in PRESETS:
                raise MfpsError(f"degradation {text!r}: {name!r} is not a preset; known are {', '.join(PRESETS)}")
            if name in weights:
                raise MfpsError(f"degradation {text!r}: {name!r} comes twice; add its weights up")
            weights[name] = _weight(number, text) if colon else 1.0
        total = sum(weights.values())
        return cls(tuple((name, weight / total) for name, weight in weights.items()))

    def apply(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Spoil one face; equal generators give equal bytes.

        Args:
            image: uint8 (H, W, 3) RGB; it is not changed.
            rng: draws the preset of a mix and everything in it.

        Returns:
            A new uint8 picture of the same shape.
        """
        preset = PRESETS[self._draw(rng)]
        scale = min(image.shape[:2]) / preset.native_size_px
        spoiled = image.copy()
        for stage in preset.stages:
            spoiled = stage(spoiled, rng, scale)
        return spoiled

    def _draw(self, rng: np.random.Generator) -> str:
        if len(self.mix) == 1:
            return self.mix[0][0]
        names, probabilities = zip(*self.mix, strict=True)
        return names[rng.choice(len(names), p=probabilities)]

    def __str__(self) -> str:
        if len(self.mix) == 1:
            return self.mix[0][0]
        return ",".join(f"{name}:{probability:g}" for name, probability in self.mix)


def degradation_rng(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The generator of one face in one epoch, the same in whichever process and batch the face is degraded."""
    return np.random.default_rng(np.random.SeedSequence((seed, epoch, index)))


def _weight(number: str, text: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        weight = 0.0
    if not 0 < weight < float("inf"):
        raise MfpsError(f"degradation {text!r}: the weight {number!r} is not a positive number; write full:0.5, say")
    return weight
