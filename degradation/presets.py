"""Degradations, by name or composed as text: they turn a clean face into the network's input."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

import numpy as np

from ..errors import MfpsError, shown
from ..files.hashes import number_of
from .stages import STAGES
from .step import Step, name_of, read_step, written

DEGRADATIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "none": (),
        "full": ("blur(3,8)", "noise(20,40)", "jpeg(17,51)", "lowres(2,2)"),
        "gfpgan": ("blind(0.1,10,0.8,8,0,20,60,100)",),
        "codeformer": ("blind(1,15,4,30,0,20,30,80)",),
    }
)
"""The presets as chains of stages: `full` of the published MFPSNet's training, GFPGAN's, and CodeFormer's of stage 2.

Each of the four parts of `full` is also a stage by itself, such as `blur`.
"""

MAX_TEXT = 500
"""Characters of a degradation's text."""

MAX_WEIGHT = 1e9
"""The largest weight of a part of a mix."""


@dataclass(frozen=True)
class Degradation:
    """A preset, a chain of stages, or a weighted mix of these, from which one is drawn for each face.

    A stage is exactly as published at its own size (128 pixels; 512 for `blind`, which `gfpgan` and `codeformer` use).
    At another size its lengths in pixels (blur sigma, kernel side, motion length, and the side of one pixel of the
    reduced picture) are scaled, so that a degradation looks the same at every size. Noise and JPEG have no length and
    do not change.

    Attributes:
        text: its normal form, without spaces and with numbers as short as possible.
        mix: the steps of each part, and the part's probability; the probabilities sum to 1.
    """

    text: str
    mix: tuple[tuple[tuple[Step, ...], float], ...]

    @classmethod
    def parse(cls, text: str) -> "Degradation":
        """Read a preset, `"full"`, a chain of stages, `"grey|blur(6,12)|jpeg(30,60)"`, or a mix of these.

        A mix, `"full:0.5,blur(6,12)|jpeg:0.25,none:0.25"`, gives each part a positive weight; they need not sum to 1.
        A preset may be part of a chain. A stage without brackets uses the published ranges.

        Raises:
            MfpsError: a name is unknown, a part occurs twice, a weight is not a positive number, or brackets or numbers
                do not fit the stage (see `read_step`).
        """
        try:
            if len(text) > MAX_TEXT:
                raise MfpsError(f"{len(text):,} characters are too many: at most {MAX_TEXT} are read")
            if re.search(r"[()]", re.sub(r"\([^()]*\)", "", text)):
                raise MfpsError("its brackets do not match: write them as in blur(6,12)|jpeg(30,60)")
            return _read(text)
        except MfpsError as error:
            raise MfpsError(f"degradation {shown(text)}: {error}") from None

    def apply(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Degrade one face; equal generators produce equal bytes.

        Args:
            image: uint8 (H, W, 3) RGB; it is not changed.
            rng: draws the part of a mix, and everything random in its stages.

        Returns:
            A new uint8 picture of the same shape.
        """
        degraded = image.copy()
        for step in self._draw(rng):
            stage = STAGES[step.stage]
            degraded = stage.apply(degraded, rng, min(image.shape[:2]) / stage.size_px, *step.bounds)
        return degraded

    def _draw(self, rng: np.random.Generator) -> tuple[Step, ...]:
        if len(self.mix) == 1:
            return self.mix[0][0]
        parts, probabilities = zip(*self.mix, strict=True)
        return parts[rng.choice(len(parts), p=probabilities)]

    def __str__(self) -> str:
        return self.text


def degradation_rng(seed: int, epoch: int, name: str) -> np.random.Generator:
    """The random generator of one face in one epoch, whatever list, batch and process the face is degraded in.

    Args:
        seed: of the run, the evaluation or the folder.
        epoch: 0 outside training.
        name: of the photograph in its data folder (see `find_photographs`).
    """
    return np.random.default_rng(np.random.SeedSequence((seed, epoch, number_of(name))))


def _read(text: str) -> Degradation:
    parts: dict[str, tuple[tuple[Step, ...], float]] = {}
    texts: list[str] = []
    for part in re.split(r",(?![^(]*\))", text):  # the commas outside brackets
        chain, colon, number = part.partition(":")
        steps, name = _read_chain(chain)
        if name in parts:
            raise MfpsError(f"{name!r} occurs twice: add its weights up")
        weight = _weight(number) if colon else 1.0
        parts[name] = steps, weight
        texts.append(f"{name}:{written(weight)}" if colon else name)
    total = sum(weight for _, weight in parts.values())
    return Degradation(",".join(texts), tuple((steps, weight / total) for steps, weight in parts.values()))


def _read_chain(text: str) -> tuple[tuple[Step, ...], str]:
    """The steps of a chain such as `grey|blur(6,12)`, and its normal form."""
    if not text.strip():
        raise MfpsError("it is empty, or a part of it is: give a preset or stages (`none` does not change faces)")
    steps: list[Step] = []
    words: list[str] = []
    for word in text.split("|"):
        name = name_of(word)
        if name in DEGRADATIONS:
            if "(" in word:
                raise MfpsError(f"the preset {name!r} takes no numbers: its stages are {'|'.join(DEGRADATIONS[name])}")
            steps += [read_step(step, STAGES) for step in DEGRADATIONS[name]]
        elif name in STAGES:
            steps.append(read_step(word, STAGES))
        else:
            raise _unknown(name)
        words.append(str(steps[-1]) if "(" in word else name)
    return tuple(steps), "|".join(words)


def _unknown(name: str) -> MfpsError:
    if not name:
        return MfpsError("a stage is missing: separate stages by one |, such as blur(6,12)|jpeg(30,60)")
    close = get_close_matches(name, [*DEGRADATIONS, *STAGES], 1)
    known = f"known are the presets {', '.join(DEGRADATIONS)} and the stages {', '.join(STAGES)}"
    return MfpsError(
        f"{shown(name)} is not a preset or a stage: {f'did you mean {close[0]}? ' if close else ''}{known}"
    )


def _weight(number: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        weight = 0.0
    if not 0 < weight <= MAX_WEIGHT:
        raise MfpsError(
            f"the weight {shown(number.strip())} is not a positive number of at most {MAX_WEIGHT:g}: "
            "write it as in full:0.5"
        )
    return weight
