"""What surrounds a drawn face: background, neck, clothes, ears and hair."""

from dataclasses import dataclass

import numpy as np

from .canvas import Canvas
from .shape import FaceShape, dome

HAIR_COLOURS = np.array(
    [(28, 22, 22), (52, 34, 24), (92, 58, 34), (132, 84, 44),
     (188, 142, 84), (226, 192, 132), (150, 62, 32), (168, 166, 166)],
    np.float32,
)  # fmt: skip
STYLES = ("short", "parted", "fringe", "long", "bob", "curly", "bun", "bald")


@dataclass(frozen=True)
class Hair:
    """A head of hair: its cut, its colour, and what drawing its front needs."""

    style: str
    colour: np.ndarray
    volume: float
    line_y: float
    part_x: float


def draw_hair(rng: np.random.Generator) -> Hair:
    """Choose a cut and a colour."""
    style = STYLES[rng.choice(len(STYLES), p=(0.2, 0.15, 0.15, 0.18, 0.1, 0.1, 0.06, 0.06))]
    colour = HAIR_COLOURS[rng.integers(len(HAIR_COLOURS))] * rng.uniform(0.85, 1.15)
    return Hair(style, colour, rng.uniform(0.03, 0.055), rng.uniform(-0.235, -0.185), rng.uniform(-0.1, 0.1))


def paint_background(canvas: Canvas, rng: np.random.Generator) -> None:
    """A wall in a gradient of two colours, with soft lights, stripes or a grain."""
    first = _muted(rng, 0.5)
    second = np.clip(first + rng.uniform(-60, 60, 3), 15, 250)
    angle = rng.uniform(0, 2 * np.pi)
    along = canvas.grid @ np.array([np.cos(angle), np.sin(angle)], np.float32)
    ramp = np.clip(along + 0.5, 0, 1)[..., None]
    canvas.image[:] = first * (1 - ramp) + second * ramp
    kind = rng.integers(3)
    if kind == 0:
        for _ in range(rng.integers(4, 10)):
            x, y, radius = rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), rng.uniform(0.03, 0.1)
            disc = ((canvas.grid - np.array([x, y], np.float32)) ** 2).sum(-1) < radius**2
            canvas.blend(canvas.softened(disc.astype(np.float32), 0.006) * 0.35, np.clip(second + 60, 0, 255))
    elif kind == 1:
        stripes = np.sin(along * rng.uniform(40, 110)) > 0.3
        canvas.shade(stripes.astype(np.float32), rng.uniform(0.85, 0.94))
    canvas.image += 5 * canvas.noise(rng, 0.08)[..., None] + 3 * canvas.noise(rng, 0.006)[..., None]


def paint_neck_and_cloth(canvas: Canvas, shape: FaceShape, skin: np.ndarray, rng: np.random.Generator) -> None:
    """Neck with the chin's shadow, a patterned garment over the shoulders, sometimes a necklace."""
    neck = 0.62 * shape.jaw_width
    shoulder, collar = rng.uniform(0.40, 0.50), rng.uniform(0.44, 0.48)
    neck_outline = np.array(
        [(-neck, 0.2), (neck, 0.2), (neck * 1.1, 0.46), (0.3, 0.62), (-0.3, 0.62), (-neck * 1.1, 0.46)]
    )
    mask = canvas.fill(neck_outline, skin * 0.9, label=17)
    canvas.blend(mask * canvas.glow((0.0, shape.chin_y), (0.16, 0.05), 0.6), skin * 0.55)
    if rng.random() < 0.15:
        x = np.linspace(-1, 1, 60)
        chain = np.stack([1.15 * neck * x, 0.44 + 0.05 * (1 - x**2)], 1)
        band = np.concatenate([chain, chain[::-1] + np.array([0, 0.012])])
        metal = np.array([226, 190, 90]) if rng.random() < 0.6 else np.array([225, 225, 232])
        links = 1 + 0.35 * np.sin(canvas.grid[..., :1] * 700)
        canvas.fill(band, metal * links, label=16)
    v = rng.uniform(0.05, 0.16)
    right = [(neck * 1.15, collar), (0.3, collar + 0.04), (shoulder, collar + 0.12), (0.9, 1.2)]
    cloth = np.array([(0, collar + v), *right, *((-x, y) for x, y in right[::-1])])
    colour = _muted(rng, 0.75)
    canvas.fill(cloth, _fabric(canvas, colour, rng), label=18)
    edge = np.array([(-neck * 1.15, collar), (0, collar + v), (neck * 1.15, collar)])
    canvas.lines([edge], (colour * 0.6)[None], 0.014, 1.0)


def paint_ears(canvas: Canvas, shape: FaceShape, skin: np.ndarray, rng: np.random.Generator) -> None:
    """Two ears; a third of the heads wear earrings."""
    angle = np.linspace(0, 2 * np.pi, 40)
    rings = rng.random() < 0.3
    metal = np.array([232, 200, 96]) if rng.random() < 0.6 else rng.uniform(60, 250, 3)
    for side, label in ((-1, 9), (1, 8)):
        centre = np.array([side * (shape.half_width + 0.006), 0.055])
        lobe = np.stack([0.030 * np.cos(angle), 0.062 * np.sin(angle)], 1)
        mask = canvas.fill(centre + lobe, skin * np.array([1.0, 0.92, 0.9]), label=label)
        canvas.lines([centre + 0.6 * lobe[4:34]], (skin * 0.66)[None], 0.006, mask)
        if rings:
            drop = np.stack([0.011 * np.cos(angle), 0.014 * np.sin(angle)], 1) + centre
            drop += np.array([0.004 * side, 0.072])
            canvas.fill(drop, metal, label=15)
            canvas.blend(
                canvas.glow((drop[:, 0].mean() - 0.003, drop[:, 1].mean() - 0.004), (0.004, 0.004), 0.8), 255.0
            )


def paint_hair_behind(canvas: Canvas, shape: FaceShape, hair: Hair, rng: np.random.Generator) -> None:
    """The hair that falls behind neck and ears."""
    wide, top = shape.half_width + hair.volume, -0.33 - hair.volume
    if hair.style in ("long", "bob"):
        low = 0.62 if hair.style == "long" else rng.uniform(0.26, 0.34)
        crown = dome(wide, -0.03, top)
        flare = rng.uniform(0.02, 0.06)
        outline = np.concatenate(
            [crown, [(-wide - flare, low - 0.1), (-wide + 0.02, low), (wide - 0.02, low), (wide + flare, low - 0.1)]]
        )
    elif hair.style == "curly":
        outline = _curls(wide + 0.04, top - 0.01, rng)
    elif hair.style == "bun":
        angle = np.linspace(0, 2 * np.pi, 40)
        outline = np.stack([0.09 * np.cos(angle), top - 0.035 + 0.075 * np.sin(angle)], 1)
    else:
        return
    mask = canvas.fill(outline, hair.colour * 0.72, label=13)
    _strands(canvas, mask, hair.colour * 0.75, rng, 400, straight=hair.style != "curly")


def paint_hair_front(canvas: Canvas, shape: FaceShape, hair: Hair, rng: np.random.Generator) -> None:
    """The hair on top, down to the hairline; short sideburns or locks beside the cheeks."""
    if hair.style == "bald":
        return
    wide, top = shape.half_width + 0.5 * hair.volume, -0.33 - hair.volume
    crown = dome(wide, 0.0, top, curve=0.8)
    x = np.linspace(-1, 1, 60)
    inside = shape.half_width * 0.93
    if hair.style == "fringe":
        line = -0.088 + 0.012 * np.sin(x * rng.uniform(14, 26)) - 0.02 * x**2
    elif hair.style in ("parted", "long", "bob"):
        line = hair.line_y - 0.04 + 0.16 * np.abs(x - hair.part_x / inside) ** 1.6
    else:
        line = hair.line_y + 0.012 * np.sin(x * rng.uniform(8, 20) + rng.uniform(0, 6)) + 0.10 * np.abs(x) ** 5
    line = np.minimum(line, 0.0)
    outline = np.concatenate([crown, np.stack([inside * x, line], 1)])
    if hair.style == "curly":
        rim = _curls(wide + 0.03, top - 0.01, rng)
        outline = np.concatenate([rim[rim[:, 1] < 0.0], np.stack([inside * x, line], 1)])
    mask = canvas.mask(outline)
    if hair.style in ("long", "bob"):
        low = 0.40 if hair.style == "long" else 0.24
        for side in (-1, 1):
            lock = [
                (inside * 0.97, -0.1),
                (inside * 0.99, low * 0.5),
                (inside * 1.04, low),
                (wide + 0.02, low),
                (wide + 0.01, -0.1),
            ]
            mask = np.maximum(mask, canvas.mask(np.array(lock) * [side, 1]))
    shadow = canvas.softened(mask, 0.012)
    canvas.shade(shadow * (canvas.labels == 1), 0.72)
    canvas.blend(mask, hair.colour * (1 + 0.25 * canvas.glow((-0.06, -0.28), (0.14, 0.08), 1.0))[..., None])
    canvas.labels[mask > 0] = 13
    _strands(canvas, mask, hair.colour, rng, 800, straight=hair.style != "curly")


def paint_hat(canvas: Canvas, shape: FaceShape, rng: np.random.Generator) -> None:
    """A knitted cap down to the brows."""
    wide, low = shape.half_width + 0.035, rng.uniform(-0.15, -0.12)
    cap = dome(wide, low, low - 0.26, curve=0.75)
    colour = _muted(rng, 0.75)
    ribs = 1 + 0.14 * np.sin(canvas.grid[..., :1] * 260)
    shadow = canvas.softened(canvas.mask(cap + np.array([0, 0.02])), 0.012)
    canvas.shade(shadow * (canvas.labels == 1), 0.7)
    canvas.fill(cap, _fabric(canvas, colour, rng) * ribs, label=14)
    x = np.linspace(-1, 1, 30)
    rim = np.concatenate(
        [
            np.stack([1.03 * wide * x, low - 0.045 + 0.012 * x**2], 1),
            np.stack([1.03 * wide * x, low + 0.02 + 0.01 * x**2], 1)[::-1],
        ]
    )
    canvas.fill(rim, np.clip(colour * 1.15, 0, 255) * ribs, label=14)


def _muted(rng: np.random.Generator, saturation: float) -> np.ndarray:
    """A colour (3,) RGB that is not garish: part grey, part anything."""
    return saturation * rng.uniform(20, 240, 3) + (1 - saturation) * rng.uniform(50, 225)


def _strands(
    canvas: Canvas, mask: np.ndarray, colour: np.ndarray, rng: np.random.Generator, count: int, straight: bool
) -> None:
    start = np.stack([rng.uniform(-0.3, 0.3, count), rng.uniform(-0.46, 0.5, count)], 1)
    steps = np.linspace(0, 1, 9)[:, None]
    curves = []
    for x, y in start:
        outward = np.array([0.35 * x + 0.25 * np.sign(x) * max(-0.1 - y, 0), 0.09 + 0.1 * max(y + 0.2, 0)])
        curve = np.array([x, y]) + steps * outward
        wave = rng.uniform(0.001, 0.004) if straight else rng.uniform(0.008, 0.016)
        curve[:, 0] += wave * np.sin(steps[:, 0] * rng.uniform(3, 14) + rng.uniform(0, 6))
        curves.append(curve)
    tones = colour * rng.uniform(0.6, 1.4, (count, 1))
    canvas.lines(curves, tones, 0.002, mask)


def _curls(wide: float, top: float, rng: np.random.Generator) -> np.ndarray:
    angle = np.linspace(-0.35, np.pi + 0.35, 200)
    bumps = 1 + 0.05 * np.abs(np.sin(angle * rng.integers(7, 12) + rng.uniform(0, 3)))
    return np.stack([wide * bumps * np.cos(angle), top * bumps * np.sin(angle)], 1)


def _fabric(canvas: Canvas, colour: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A garment's cloth as a picture: plain, striped, checked or dotted, with a weave."""
    x, y = canvas.grid[..., 0], canvas.grid[..., 1]
    pitch = rng.uniform(70, 150)
    second = np.clip(colour + rng.choice((-1, 1)) * rng.uniform(50, 120, 3), 10, 250)
    kind = rng.integers(4)
    if kind == 1:
        pattern = np.sin(y * pitch) > 0
    elif kind == 2:
        pattern = (np.sin(x * pitch) > 0.2) ^ (np.sin(y * pitch) > 0.2)
    elif kind == 3:
        pattern = np.sin(x * pitch) * np.sin(y * pitch) > 0.45
    else:
        pattern = np.zeros_like(x, bool)
    cloth = np.where(pattern[..., None], second, colour)
    folds = 1 + 0.10 * canvas.noise(rng, 0.12) + 0.05 * canvas.noise(rng, 0.008)
    return np.clip(cloth * folds[..., None], 0, 255)
