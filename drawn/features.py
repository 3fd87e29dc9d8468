"""The features of a drawn face: skin, nose, eyes, brows, mouth, glasses."""

import numpy as np

from .canvas import Canvas
from .shape import FaceShape

SKIN_TONES = np.array(
    [(255, 226, 204), (244, 204, 172), (230, 180, 140), (204, 146, 104), (158, 102, 68), (104, 66, 46), (74, 48, 36)],
    np.float32,
)
IRIS_COLOURS = np.array(
    [(66, 40, 22), (104, 66, 34), (84, 98, 48), (76, 112, 150), (104, 128, 136), (58, 88, 62)], np.float32
)


def draw_skin_tone(rng: np.random.Generator) -> np.ndarray:
    """A tone between two neighbours of the scale, (3,) RGB."""
    position = rng.uniform(0, len(SKIN_TONES) - 1)
    low = int(position)
    high = min(low + 1, len(SKIN_TONES) - 1)
    tone = SKIN_TONES[low] + (position - low) * (SKIN_TONES[high] - SKIN_TONES[low])
    return np.clip(tone + rng.uniform(-6, 6, 3), 20, 255)


def paint_skin(canvas: Canvas, shape: FaceShape, tone: np.ndarray, rng: np.random.Generator) -> None:
    """The head, lit from one side, with blush, pores, and sometimes freckles, stubble or a beard."""
    mask = canvas.fill(shape.head(), tone, label=1)
    light = rng.choice((-1, 1)) * rng.uniform(0.4, 1.0)
    x, y = canvas.grid[..., 0] / shape.half_width, (canvas.grid[..., 1] - 0.02) / 0.40
    round_off = np.clip(x**2 + 0.8 * y**2, 0, 1.4)
    canvas.shade(mask, (1.06 - 0.20 * round_off**2 + 0.09 * light * x)[..., None])
    warm = np.array([1.0, 0.80, 0.78])
    for side in (-1, 1):
        cheek = mask * canvas.glow((side * 0.115, 0.145), (0.05, 0.035), rng.uniform(0.25, 0.6))
        canvas.shade(cheek, warm)
        canvas.shade(mask * canvas.glow((side * shape.eye_x, 0.005), (0.06, 0.032), 0.45), np.array([0.80, 0.74, 0.74]))
    canvas.shade(mask * canvas.glow((0.0, shape.chin_y - 0.055), (0.05, 0.022), 0.25), 1.12)
    canvas.shade(mask * canvas.glow((0.0, -0.16), (0.1, 0.05), 0.35), 1.1)
    pores = 0.020 * canvas.noise(rng, 0.05) + 0.020 * canvas.noise(rng, 0.007)
    canvas.shade(mask, (1 + pores)[..., None])
    if rng.random() < 0.35:
        _paint_freckles(canvas, mask, tone, rng)
    if rng.random() < 0.28:
        _paint_beard(canvas, shape, mask, rng)
    if rng.random() < 0.3:
        fold = np.stack(
            [np.linspace(0.055, 0.095, 12), np.linspace(0.155, 0.225, 12) - 0.006 * np.sin(np.linspace(0, 3, 12))], 1
        )
        canvas.lines([fold, fold * [-1, 1]], np.repeat((tone * 0.72)[None], 2, 0), 0.004, 0.7 * mask)


def paint_nose(canvas: Canvas, shape: FaceShape, tone: np.ndarray, rng: np.random.Generator) -> None:
    """Bridge, wings, nostrils and a highlight; the region is labelled as a whole."""
    mask = canvas.mask(shape.nose_outline())
    canvas.labels[mask > 0] = 2
    soft = canvas.softened(mask, 0.006)
    side = rng.choice((-1, 1))
    canvas.shade(
        soft * canvas.glow((side * 0.030, shape.nose_tip_y - 0.03), (0.018, 0.06), 0.6), np.array([0.80, 0.74, 0.72])
    )
    canvas.shade(soft * canvas.glow((0.0, shape.nose_tip_y), (0.035, 0.022), 0.5), np.array([1.0, 0.88, 0.86]))
    canvas.blend(
        canvas.glow((-0.006 * side, shape.nose_tip_y - 0.012), (0.010, 0.012), 0.45), np.clip(tone * 1.35, 0, 255)
    )
    canvas.blend(canvas.glow((-0.004 * side, 0.045), (0.006, 0.04), 0.28), np.clip(tone * 1.25, 0, 255))
    under = shape.nose_base(np.linspace(-0.9, 0.9, 20))
    wing = np.array([(0.80, -0.035), (1.0, -0.012), (0.98, 0.008), (0.80, 0.016)]) * [shape.nose_half_width, 1]
    wing[:, 1] += shape.nose_tip_y
    dark = np.repeat((tone * 0.56)[None], 3, 0)
    canvas.lines([under, wing, wing * [-1, 1]], dark, 0.004, 0.75)
    for x in (-1, 1):
        nostril = canvas.glow((x * 0.45 * shape.nose_half_width, shape.nose_tip_y + 0.017), (0.009, 0.0045), 0.9)
        canvas.blend(nostril, tone * 0.28)


def paint_eyes(canvas: Canvas, shape: FaceShape, tone: np.ndarray, rng: np.random.Generator) -> None:
    """White, iris with its rays, pupil, catchlight, lids and lashes."""
    iris_colour = IRIS_COLOURS[rng.integers(len(IRIS_COLOURS))] * rng.uniform(0.85, 1.2)
    gaze = np.array([rng.uniform(-0.008, 0.008), rng.uniform(-0.003, 0.003)])
    made_up = rng.random() < 0.35
    shadow_colour = np.clip(tone * rng.uniform(0.45, 1.0, 3), 0, 255)
    angle = np.linspace(0, 2 * np.pi, 48)
    circle = np.stack([np.cos(angle), np.sin(angle)], 1)
    lid = np.linspace(-1, 1, 40)
    radius = rng.uniform(0.0235, 0.0275)
    for side, label in ((-1, 5), (1, 4)):
        if made_up:
            lids = canvas.glow((side * shape.eye_x, -shape.eye_upper), (0.04, 0.014), 0.6)
            canvas.blend(lids, shadow_colour)
        mask = canvas.fill(shape.eye_outline(side), np.array([246, 242, 238]), label=label)
        centre = np.array([side * shape.eye_x, -0.003]) + gaze
        iris = mask * canvas.mask(centre + radius * circle)
        offset = canvas.grid - canvas.pose.unplace(canvas.pose.place(centre)).astype(np.float32)
        turn, away = np.arctan2(offset[..., 1], offset[..., 0]), np.hypot(offset[..., 0], offset[..., 1]) / radius
        rays = 1 + 0.22 * np.sin(turn * rng.integers(17, 29)) * away + 0.35 * (0.75 - away)
        canvas.blend(iris, np.clip(iris_colour * rays[..., None], 0, 255))
        canvas.blend(iris * np.clip((away - 0.82) * 5, 0, 0.8), iris_colour * 0.3)
        canvas.blend(mask * canvas.mask(centre + 0.44 * radius * circle), np.array([12, 10, 12]))
        glint = centre + np.array([-0.007, -0.008]) + 0.0052 * circle
        canvas.blend(mask * canvas.mask(glint), np.array([255, 255, 255]))
        canvas.shade(mask * canvas.glow((side * shape.eye_x, -shape.eye_upper), (0.06, 0.009), 0.5), 0.72)
        upper = shape.eye(side, lid, "upper")
        canvas.lines([upper], (tone * 0.16)[None], 0.009 if made_up else 0.006, 0.92)
        canvas.lines([shape.eye(side, lid, "lower")], (tone * 0.5)[None], 0.003, 0.8)
        crease = upper + np.array([0, -0.013])
        canvas.lines([crease[5:36]], (tone * 0.58)[None], 0.004, 0.75)
        tips = shape.eye(side, lid[::3], "upper")
        fan = np.stack([0.010 * lid[::3], np.full(len(tips), -0.011)], 1) * (1.1 if made_up else 0.55)
        canvas.lines(
            [np.stack([tip, tip + lash]) for tip, lash in zip(tips, fan, strict=True)],
            np.tile([[22, 16, 14]], (len(tips), 1)),
            0.003,
            0.9,
        )


def paint_brows(canvas: Canvas, shape: FaceShape, hair_colour: np.ndarray, rng: np.random.Generator) -> None:
    """Brows made of single hairs, a little darker than the hair."""
    colour = np.clip(hair_colour * 0.65, 12, 160)
    for side, label in ((-1, 7), (1, 6)):
        outline = shape.brow_outline(side)
        mask = canvas.mask(outline)
        canvas.labels[mask > 0] = label
        canvas.blend(canvas.softened(mask, 0.003) * 0.55, colour)
        x = rng.uniform(-0.95, 0.95, 70)
        root = shape.brow(side, x) + np.stack([np.zeros(70), rng.uniform(-0.7, 0.9, 70) * shape.brow_thickness], 1)
        tip = root + np.stack([np.full(70, 0.016 * side), rng.uniform(-0.009, 0.001, 70)], 1)
        canvas.lines(
            list(np.stack([root, tip], 1)),
            colour * rng.uniform(0.5, 1.35, (70, 1)),
            0.003,
            canvas.softened(mask, 0.002),
        )


def paint_mouth(canvas: Canvas, shape: FaceShape, tone: np.ndarray, rng: np.random.Generator) -> None:
    """Two lips with their creases; an open mouth shows teeth."""
    natural = tone * np.array([0.86, 0.58, 0.56])
    colour = (
        natural if rng.random() < 0.6 else np.array([rng.uniform(130, 215), rng.uniform(30, 80), rng.uniform(50, 100)])
    )
    creases = 1 + 0.08 * np.sin(canvas.grid[..., :1] * 420) + 0.05 * canvas.noise(rng, 0.01)[..., None]
    if shape.mouth_open > 0:
        inside = canvas.fill(shape.lips_between("upper_inner", "lower_inner", 0.9), np.array([72, 20, 24]), label=10)
        teeth = shape.lip(np.linspace(-0.72, 0.72, 30), "upper_inner")
        row = np.concatenate([teeth, (teeth + np.array([0, 0.55 * shape.mouth_open]))[::-1]])
        gaps = 1 - 0.16 * (np.abs(np.sin(canvas.grid[..., :1] * 190)) < 0.16)
        canvas.blend(inside * canvas.mask(row), np.array([244, 240, 232]) * gaps)
    upper = canvas.fill(
        shape.lips_between("upper_outer", "upper_inner"), np.clip(colour * 0.88 * creases, 0, 255), label=11
    )
    lower = canvas.fill(
        shape.lips_between("lower_inner", "lower_outer"), np.clip(colour * 1.04 * creases, 0, 255), label=12
    )
    shine_y = shape.mouth_y + 0.4 * shape.smile + 0.7 * shape.mouth_open + 0.45 * shape.lower_lip
    canvas.blend(lower * canvas.glow((0.01, shine_y), (0.024, 0.005), 0.55), np.array([255, 236, 230]))
    canvas.shade(upper * canvas.glow((0.0, shape.mouth_y), (0.08, 0.006), 0.4), 0.7)
    if shape.mouth_open == 0:
        canvas.lines([shape.lip(np.linspace(-0.98, 0.98, 40), "upper_inner")], (colour * 0.34)[None], 0.004, 0.9)
    below = canvas.glow((0.0, shine_y + shape.lower_lip + 0.004), (0.04, 0.007), 0.4) * (canvas.labels == 1)
    canvas.shade(below, 0.76)


def paint_glasses(canvas: Canvas, shape: FaceShape, rng: np.random.Generator) -> None:
    """Round or square glasses; frame and lenses are labelled, eyes and brows behind a lens keep their labels."""
    angle = np.linspace(0, 2 * np.pi, 60)
    power = rng.choice((0.55, 0.8, 1.0))
    rim = np.stack(
        [
            np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power,
            np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power,
        ],
        1,
    )
    reach = np.array([rng.uniform(0.066, 0.078), rng.uniform(0.046, 0.060)])
    colour = rng.choice(
        np.array([(24, 22, 26), (96, 52, 30), (150, 30, 40), (190, 160, 90), (40, 60, 110)], np.float32)
    )
    width = rng.uniform(0.006, 0.012)
    behind = np.isin(canvas.labels, (4, 5, 6, 7))
    bridge_y, hinge_x = -0.008, shape.eye_x + reach[0]
    frame = [np.array([side * shape.eye_x, 0.008]) + reach * rim for side in (-1, 1)]
    glasses = np.maximum(canvas.mask(frame[0]), canvas.mask(frame[1]))
    canvas.blend(glasses * 0.10, np.array([210, 225, 240]))
    for side in (-1, 1):
        streak = np.array([(-0.03, -0.03), (-0.015, -0.03), (-0.035, 0.03), (-0.05, 0.03)])
        streak += np.array([side * shape.eye_x, 0.008])
        canvas.blend(glasses * canvas.mask(streak) * 0.22, 255.0)
    bridge = np.array([(-shape.eye_x + reach[0], bridge_y), (0, bridge_y - 0.008), (shape.eye_x - reach[0], bridge_y)])
    arms = [np.array([(side * hinge_x, -0.006), (side * (shape.half_width + 0.012), 0.0)]) for side in (-1, 1)]
    curves = [*frame, bridge, *arms]
    canvas.lines(curves, np.repeat(colour[None], len(curves), 0), width, 1.0)
    canvas.labels[((glasses > 0) & ~behind) | (canvas.stroke(curves, width) > 0)] = 3


def _paint_freckles(canvas: Canvas, mask: np.ndarray, tone: np.ndarray, rng: np.random.Generator) -> None:
    count = int(rng.integers(30, 90))
    spots = np.stack([rng.normal(0, 0.085, count), rng.normal(0.115, 0.045, count)], 1)
    dots = [np.stack([spot, spot + rng.uniform(-0.003, 0.003, 2)]) for spot in spots]
    canvas.lines(dots, tone * rng.uniform(0.62, 0.85, (count, 1)) * np.array([1, 0.9, 0.85]), 0.005, mask * 0.8)


def _paint_beard(canvas: Canvas, shape: FaceShape, mask: np.ndarray, rng: np.random.Generator) -> None:
    x, y = canvas.grid[..., 0], canvas.grid[..., 1]
    cheeks = np.clip((y - 0.12 - 0.10 * np.cos(np.clip(x / 0.2, -1.5, 1.5) * np.pi / 2)) * 22, 0, 1)
    moustache = canvas.glow((0.0, shape.mouth_y - 0.034), (0.055, 0.012), 1.0)
    where = mask * np.clip(cheeks + moustache, 0, 1)
    colour = np.array([46, 36, 32]) * rng.uniform(0.6, 1.8)
    canvas.blend(where * rng.uniform(0.12, 0.5), colour)
    count = 900
    root = np.stack([rng.uniform(-0.22, 0.22, count), rng.uniform(0.12, 0.42, count)], 1)
    tip = root + np.stack([rng.uniform(-0.004, 0.004, count), rng.uniform(0.005, 0.016, count)], 1)
    canvas.lines(list(np.stack([root, tip], 1)), colour * rng.uniform(0.5, 1.6, (count, 1)), 0.002, where * 0.8)
