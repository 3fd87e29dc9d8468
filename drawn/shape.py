"""The geometry of a drawn face: curves from which picture, landmarks and label map are all made.

Head coordinates: the unit is the width of the picture, x to the right, y down, the origin between the eyes.
"""

from dataclasses import dataclass

import numpy as np

EYE_LEVEL = 0.47
"""Where the origin stands in the picture, as in FFHQ's alignment: this far down, half-way across."""


@dataclass(frozen=True)
class Pose:
    """How the head sits in the picture: a small turn in depth, then a rotation, scale and shift in the plane."""

    yaw: float
    pitch: float
    rotation: float
    """In radians."""
    scale: float
    shift: tuple[float, float]

    def place(self, points: np.ndarray) -> np.ndarray:
        """Head coordinates (..., 2) to picture coordinates, 0 to 1 across the picture."""
        depth = np.sqrt(np.clip(1 - (points[..., :1] / 0.26) ** 2 - ((points[..., 1:] - 0.02) / 0.42) ** 2, 0, None))
        turned = (points + depth * np.array([self.yaw, self.pitch])) * self.scale
        return turned @ self._turn().T + np.array(self.shift) + np.array([0.5, EYE_LEVEL])

    def unplace(self, points: np.ndarray) -> np.ndarray:
        """Picture to head coordinates, without the turn in depth: good enough for shading."""
        return (points - np.array(self.shift) - np.array([0.5, EYE_LEVEL])) @ self._turn() / self.scale

    def _turn(self) -> np.ndarray:
        cos, sin = np.cos(self.rotation), np.sin(self.rotation)
        return np.array([[cos, -sin], [sin, cos]])


@dataclass(frozen=True)
class FaceShape:
    """Proportions of one face, in head coordinates; `draw_shape` gives them ordinary ranges."""

    half_width: float
    jaw_width: float
    chin_width: float
    chin_y: float
    eye_x: float
    eye_half_width: float
    eye_upper: float
    eye_lower: float
    eye_tilt: float
    brow_y: float
    brow_arch: float
    brow_tilt: float
    brow_thickness: float
    nose_tip_y: float
    nose_half_width: float
    mouth_y: float
    mouth_half_width: float
    smile: float
    mouth_open: float
    upper_lip: float
    lower_lip: float

    def jaw(self) -> np.ndarray:
        """The contour from the picture's left temple by the chin to the right one."""
        right = [
            (self.half_width, -0.02),
            (self.half_width, 0.08),
            (self.jaw_width, 0.24),
            (self.chin_width, self.chin_y),
        ]
        return _rounded(np.array([(-x, y) for x, y in right] + right[::-1]))

    def head(self) -> np.ndarray:
        """Closed outline of the head: jaw and skull."""
        return np.concatenate([self.jaw(), dome(self.half_width, -0.02, -0.32)[1:-1]])

    def eye(self, side: int, x: np.ndarray, lid: str) -> np.ndarray:
        """Points on a lid, x from -1 (its left corner) to 1; side is -1 for the eye on the left of the picture."""
        upper, lower = -self.eye_upper * (1 - np.abs(x) ** 2.3), self.eye_lower * (1 - x**2)
        y = upper if lid == "upper" else lower
        y = y - self.eye_tilt * side * x * self.eye_half_width
        return np.stack([side * self.eye_x + self.eye_half_width * x, y], -1)

    def eye_outline(self, side: int) -> np.ndarray:
        """Closed outline of an eye."""
        x = np.linspace(-1, 1, 40)
        return np.concatenate([self.eye(side, x, "upper"), self.eye(side, x[::-1], "lower")])

    def brow(self, side: int, x: np.ndarray) -> np.ndarray:
        """Points on the middle line of a brow, x from -1 (its left end) to 1."""
        y = self.brow_y - self.brow_arch * (1 - (x - 0.12 * side) ** 2) - self.brow_tilt * side * x
        return np.stack([side * self.eye_x * 1.04 + 0.068 * x, y], -1)

    def brow_outline(self, side: int) -> np.ndarray:
        """Closed outline of a brow, thick inside and tapering outwards."""
        x = np.linspace(-1, 1, 30)
        half = self.brow_thickness * np.sqrt(np.clip(1 - x**2, 0, None)) * (1 - 0.45 * side * x)
        middle = self.brow(side, x)
        up, down = middle.copy(), middle.copy()
        up[:, 1] -= half
        down[:, 1] += half
        return np.concatenate([up, down[::-1]])

    def nose_base(self, x: np.ndarray) -> np.ndarray:
        """Points under the nose, x from -1 (left nostril's outer edge) to 1."""
        y = self.nose_tip_y + 0.016 + 0.010 * np.cos(np.pi * x / 2)
        return np.stack([self.nose_half_width * 0.72 * x, y], -1)

    def nose_outline(self) -> np.ndarray:
        """Closed outline of the nose."""
        wide, tip = self.nose_half_width, self.nose_tip_y
        right = np.array([(0.013, 0.0), (0.014, 0.5 * tip), (0.75 * wide, tip - 0.02), (wide, tip + 0.004)])
        under = self.nose_base(np.linspace(0.95, -0.95, 20))
        return _rounded(np.concatenate([right, under, (right * [-1, 1])[::-1]]), 2)

    def lip(self, x: np.ndarray, which: str) -> np.ndarray:
        """Points on a lip's edge, x from -1 (left corner of the mouth) to 1.

        Args:
            x: where.
            which: `upper_outer`, `upper_inner`, `lower_inner` or `lower_outer`; inner edges meet at x = +-0.9.
        """
        bulge = np.clip(1 - x**2, 0, None)
        inner = np.clip(1 - (x / 0.9) ** 2, 0, None)
        cupid = 1 - 0.28 * np.exp(-((x / 0.14) ** 2))
        offset = {
            "upper_outer": -self.upper_lip * bulge**0.85 * cupid - 0.3 * self.mouth_open * inner,
            "upper_inner": -0.3 * self.mouth_open * inner,
            "lower_inner": 0.7 * self.mouth_open * inner,
            "lower_outer": self.lower_lip * bulge**0.7 + 0.7 * self.mouth_open * inner,
        }[which]
        return np.stack([self.mouth_half_width * x, self.mouth_y - self.smile * (x**2 - 0.4) + offset], -1)

    def lips_between(self, above: str, below: str, reach: float = 1.0) -> np.ndarray:
        """Closed outline between two lip edges, `reach` of the way to the corners."""
        x = np.linspace(-reach, reach, 40)
        return np.concatenate([self.lip(x, above), self.lip(x[::-1], below)])

    def landmarks(self) -> np.ndarray:
        """The 68 iBUG points (68, 2), each exactly on the curve it names."""
        sixth = np.array([-0.36, 0.36])
        corner = np.array([1.0])
        eyes = [
            np.concatenate(
                [
                    self.eye(side, -corner, "upper"),
                    self.eye(side, sixth, "upper"),
                    self.eye(side, corner, "upper"),
                    self.eye(side, -sixth, "lower"),
                ]
            )
            for side in (-1, 1)
        ]
        return np.concatenate(
            [
                _evenly(self.jaw(), 17),
                self.brow(-1, np.linspace(-1, 1, 5)),
                self.brow(1, np.linspace(-1, 1, 5)),
                np.stack([np.zeros(4), np.linspace(0.0, self.nose_tip_y, 4)], 1),
                self.nose_base(np.linspace(-1, 1, 5)),
                *eyes,
                self.lip(np.array([-1.0, -0.6, -0.2, 0.0, 0.2, 0.6, 1.0]), "upper_outer"),
                self.lip(np.array([0.65, 0.3, 0.0, -0.3, -0.65]), "lower_outer"),
                self.lip(np.array([-0.9, -0.35, 0.0, 0.35, 0.9]), "upper_inner"),
                self.lip(np.array([0.35, 0.0, -0.35]), "lower_inner"),
            ]
        )


def draw_shape(rng: np.random.Generator) -> FaceShape:
    """Ordinary but varied proportions."""
    half_width = rng.uniform(0.212, 0.240)
    jaw_width = half_width * rng.uniform(0.82, 0.95)
    opened = rng.uniform(0.012, 0.045) if rng.random() < 0.45 else 0.0
    return FaceShape(
        half_width=half_width,
        jaw_width=jaw_width,
        chin_width=jaw_width * rng.uniform(0.34, 0.55),
        chin_y=rng.uniform(0.385, 0.42) + 0.4 * opened,
        eye_x=rng.uniform(0.107, 0.121),
        eye_half_width=rng.uniform(0.050, 0.060),
        eye_upper=rng.uniform(0.022, 0.034),
        eye_lower=rng.uniform(0.014, 0.020),
        eye_tilt=rng.uniform(-0.08, 0.12),
        brow_y=rng.uniform(-0.075, -0.060),
        brow_arch=rng.uniform(0.003, 0.018),
        brow_tilt=rng.uniform(-0.011, 0.003),
        brow_thickness=rng.uniform(0.006, 0.0135),
        nose_tip_y=rng.uniform(0.128, 0.152),
        nose_half_width=rng.uniform(0.040, 0.056),
        mouth_y=rng.uniform(0.245, 0.270),
        mouth_half_width=rng.uniform(0.076, 0.102),
        smile=rng.uniform(-0.004, 0.036),
        mouth_open=opened,
        upper_lip=rng.uniform(0.010, 0.020),
        lower_lip=rng.uniform(0.014, 0.026),
    )


def draw_pose(rng: np.random.Generator) -> Pose:
    """A pose a little off frontal."""
    return Pose(
        yaw=rng.uniform(-0.035, 0.035),
        pitch=rng.uniform(-0.015, 0.015),
        rotation=rng.normal(0, 0.07),
        scale=rng.uniform(0.93, 1.06),
        shift=(rng.uniform(-0.015, 0.015), rng.uniform(-0.01, 0.02)),
    )


def dome(half_width: float, base_y: float, top_y: float, curve: float = 0.85) -> np.ndarray:
    """An arch (60, 2) from right to left, fuller than half an ellipse where `curve` is below 1."""
    angle = np.linspace(0, np.pi, 60)
    x = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** curve
    return np.stack([half_width * x, base_y + (top_y - base_y) * np.sin(angle) ** curve], 1)


def _rounded(corners: np.ndarray, rounds: int = 4) -> np.ndarray:
    """Chaikin's corner cutting of an open polyline; its ends stay."""
    for _ in range(rounds):
        cut = np.stack([0.75 * corners[:-1] + 0.25 * corners[1:], 0.25 * corners[:-1] + 0.75 * corners[1:]], 1)
        corners = np.concatenate([corners[:1], cut.reshape(-1, 2), corners[-1:]])
    return corners


def _evenly(curve: np.ndarray, count: int) -> np.ndarray:
    """`count` points along a polyline at equal arc lengths, both ends included."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, curve[:, axis]) for axis in range(2)], 1)
