"""The canvas of a drawn face: one call paints a shape and labels it."""

import cv2
import numpy as np

from .shape import Pose

Colour = np.ndarray | float
"""A grey, RGB (3,), or a picture (S, S, 3), 0 to 255."""


class Canvas:
    """A supersampled picture and its label map, addressed in head coordinates.

    Args:
        side: side of the canvas in its own pixels.
        pose: how the head sits in it.
    """

    def __init__(self, side: int, pose: Pose) -> None:
        self.side = side
        self.pose = pose
        self.image = np.zeros((side, side, 3), np.float32)
        self.labels = np.zeros((side, side), np.uint8)
        unit = (np.arange(side) + 0.5) / side
        across, down = np.meshgrid(unit, unit)
        self.grid = pose.unplace(np.stack([across, down], -1)).astype(np.float32)
        """Head coordinates of every pixel, (S, S, 2)."""

    def mask(self, outline: np.ndarray) -> np.ndarray:
        """Filled shape as float32 (S, S), 0 or 1."""
        mask = np.zeros((self.side, self.side), np.uint8)
        cv2.fillPoly(mask, [self._pixels(outline)], 1, shift=4)
        return mask.astype(np.float32)

    def fill(self, outline: np.ndarray, colour: Colour, label: int | None = None) -> np.ndarray:
        """Paint a shape, label it where a label is given, and return its mask."""
        mask = self.mask(outline)
        self.blend(mask, colour)
        if label is not None:
            self.labels[mask > 0] = label
        return mask

    def blend(self, mask: np.ndarray, colour: Colour) -> None:
        """Blend a colour into the picture, weighted by the mask (S, S) in [0, 1]."""
        box = _box(mask)
        paint = np.asarray(colour, np.float32)
        part = self.image[box]
        part += mask[box][..., None] * ((paint[box] if paint.ndim == 3 else paint) - part)

    def shade(self, mask: np.ndarray, factor: float | np.ndarray) -> None:
        """Multiply the picture by a factor where the mask is 1."""
        box = _box(mask)
        gain = np.asarray(factor, np.float32)
        self.image[box] *= 1 + mask[box][..., None] * ((gain[box] if gain.ndim == 3 else gain) - 1)

    def glow(self, centre: tuple[float, float], radius: tuple[float, float], strength: float) -> np.ndarray:
        """A soft spot as a mask: `strength` in the middle, falling off as a Gaussian, turned with the head's depth."""
        middle = self.pose.place(np.array(centre, np.float64))
        x, y = self.pose.unplace(middle)
        reach = 4 * max(radius) * self.pose.scale
        columns, rows = (
            slice(*np.clip(np.rint((at + np.array([-reach, reach])) * self.side), 0, self.side).astype(int))
            for at in middle
        )
        across = (self.grid[rows, columns, 0] - np.float32(x)) / np.float32(radius[0])
        down = (self.grid[rows, columns, 1] - np.float32(y)) / np.float32(radius[1])
        spot = np.zeros((self.side, self.side), np.float32)
        spot[rows, columns] = strength * np.exp(-0.5 * (across**2 + down**2))
        return spot

    def lines(self, curves: list[np.ndarray], colours: np.ndarray, width: float, within: np.ndarray | float) -> None:
        """Draw antialiased curves, each in its own colour, weighted by `within`."""
        layer = np.clip(self.image, 0, 255).astype(np.uint8)
        thickness = max(round(width * self.side), 1)
        ends = np.cumsum([len(curve) for curve in curves])[:-1]
        pixels = np.split(self._pixels(np.concatenate(curves)), ends)
        for curve, colour in zip(pixels, np.clip(colours, 0, 255).tolist(), strict=True):
            cv2.polylines(layer, [curve], False, colour, thickness, cv2.LINE_AA, shift=4)
        changed = (layer != np.clip(self.image, 0, 255).astype(np.uint8)).any(-1)
        self.blend(changed * np.asarray(within, np.float32), layer)

    def stroke(self, curves: list[np.ndarray], width: float) -> np.ndarray:
        """Where `lines` of that width would paint, as float32 (S, S), 0 or 1."""
        mask = np.zeros((self.side, self.side), np.uint8)
        thickness = max(round(width * self.side), 1)
        cv2.polylines(mask, [self._pixels(curve) for curve in curves], False, 1, thickness, shift=4)
        return mask.astype(np.float32)

    def softened(self, mask: np.ndarray, radius: float) -> np.ndarray:
        """The mask blurred by a Gaussian of that radius in head units."""
        return cv2.GaussianBlur(mask, (0, 0), radius * self.side)

    def noise(self, rng: np.random.Generator, grain: float) -> np.ndarray:
        """Smooth noise (S, S), about unit variance, its blobs `grain` of the picture's width."""
        cells = max(round(1 / grain), 2)
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        return cv2.resize(coarse, (self.side, self.side), interpolation=cv2.INTER_CUBIC)

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        """OpenCV's fixed point numbers with 4 fractional bits, 0 at the centre of the first pixel."""
        return np.rint((self.pose.place(points) * self.side - 0.5) * 16).astype(np.int32)


def _box(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns that hold the whole of a mask; most shapes are small."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
