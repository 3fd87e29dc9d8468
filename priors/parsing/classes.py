"""Face parsing: the classes of CelebAMask-HQ."""

CELEBAMASK_CLASSES = (
    "background",
    "skin",
    "nose",
    "eye_g",
    "l_eye",
    "r_eye",
    "l_brow",
    "r_brow",
    "l_ear",
    "r_ear",
    "mouth",
    "u_lip",
    "l_lip",
    "hair",
    "hat",
    "ear_r",
    "neck_l",
    "neck",
    "cloth",
)
"""Class names in label order. `l_` is the subject's left, the right of the picture; `l_lip` is the lower lip, `ear_r`
an earring, `neck_l` a necklace, `eye_g` glasses, `mouth` the inside of the mouth."""

CELEBAMASK_FLIP_PAIRS = ((4, 5), (6, 7), (8, 9))
"""Labels that a horizontal flip swaps: eyes, brows, ears."""
