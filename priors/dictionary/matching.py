"""Find the entry of a facial dictionary that is most similar to each part of a face.

Source: Li et al., "Blind Face Restoration via Deep Multi-scale Component Dictionaries", ECCV 2020 (DFDNet).
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ...errors import MfpsError
from .component_boxes import PARTS, component_boxes
from .dictionary_file import FacialDictionary
from .features import boxes_at_face_px, cut_patches, face_tensor

EPSILON = 1e-5
"""Added to variances, as DFDNet does."""


@torch.inference_mode()
def match_faces(
    features: Callable[[Tensor], Tensor],
    images: Sequence[np.ndarray],
    points: Sequence[np.ndarray],
    scheme: str,
    dictionary: FacialDictionary,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the boxes of the parts of a batch of faces, and the best entry for each.

    Args:
        features: maps faces (B, 3, 512, 512) in [0, 1] to (B, 256, 128, 128), such as `PartFeatures`; it is the
            network that the dictionary was trained with, on the dictionary's device.
        images: uint8 (S, S, 3) RGB faces; the sizes may differ.
        points: for each face its landmarks (K, 2) in pixels, NaN where one is missing.
        scheme: name of the landmarks' scheme.
        dictionary: the entries, on any device.

    Returns:
        Boxes, float32 (B, 4, 4), in pixels of each face, NaN where a part is missing; and entries, int64 (B, 4), -1
        where a part is missing.

    Raises:
        MfpsError: a face is not square, or its landmarks do not say where the parts are.
    """
    if len(images) != len(points):
        raise MfpsError(f"{len(images)} faces but landmarks for {len(points)}; give landmarks for every face")
    boxes = np.stack([component_boxes(own, scheme, len(face)) for face, own in zip(images, points, strict=True)])
    large = np.stack([boxes_at_face_px(own, len(face)) for face, own in zip(images, boxes, strict=True)])
    entries = np.full(boxes.shape[:2], -1, np.int64)
    device = dictionary.centres[PARTS[0]].device
    maps = features(face_tensor(images).to(device))
    for number, part in enumerate(PARTS):
        faces = np.flatnonzero(np.isfinite(large[:, number]).all(1))
        if len(faces):
            centres = dictionary.centres[part]
            places = torch.from_numpy(large[faces, number]).to(device)
            patches = cut_patches(maps[torch.from_numpy(faces).to(device)], places, centres.shape[-1])
            entries[faces, number] = match_scores(patches, centres).argmax(1).cpu().numpy()
    return boxes, entries


def match_scores(
    patches: Float[Tensor, "B C s s"], centres: Float[Tensor, "K C s s"], chunk: int = 32
) -> Float[Tensor, "B K"]:
    r"""How well each centre fits each patch, up to a constant per patch.

    DFDNet gives a centre $d$ the patch's mean and standard deviation in each channel $c$ and takes the inner product:
    $\sum_c \langle p_c, \hat d_c \sigma_c + \mu_c \rangle$, with $\hat d_c$ the centre normalised. As $\hat d_c$ sums
    to zero, this equals $\sum_c \langle \sigma_c (p_c - \mu_c), \hat d_c \rangle$ plus a constant,
    $s^2 \sum_c \mu_c^2$, which does not change which centre is best. So one matrix product scores all pairs, without
    the constant.

    Args:
        patches: features of the parts.
        centres: entries of the dictionary, of any floating type.
        chunk: how many entries are normalised at a time; this bounds the memory.
    """
    mean, std = _mean_std(patches.float())
    weighted = ((patches.float() - mean) * std).flatten(1)
    scores = []
    for some in centres.split(chunk):
        mean, std = _mean_std(some.float())
        scores.append(weighted @ ((some.float() - mean) / std).flatten(1).T)
    return torch.cat(scores, 1)


def _mean_std(maps: Float[Tensor, "N C s s"]) -> tuple[Float[Tensor, "N C 1 1"], Float[Tensor, "N C 1 1"]]:
    variance, mean = torch.var_mean(maps, (2, 3), keepdim=True)
    return mean, (variance + EPSILON).sqrt()
