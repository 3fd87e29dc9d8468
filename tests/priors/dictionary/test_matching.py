import numpy as np
import pytest
import torch
from mfps.drawn.faces import draw_face
from mfps.priors.dictionary.component_boxes import PARTS, component_boxes
from mfps.priors.dictionary.dictionary_file import PATCH_SIDES, FacialDictionary
from mfps.priors.dictionary.features import boxes_at_face_px, cut_patches, face_tensor, random_features
from mfps.priors.dictionary.matching import match_faces, match_scores


def tiny(images):
    """Stands in for VGG19: 256 channels at a quarter of the size, different from place to place."""
    small = torch.nn.functional.avg_pool2d(images, 4)
    mixed = torch.einsum("bchw,kc->bkhw", small, torch.linspace(-1, 1, 768, device=images.device).view(256, 3).sin())
    return (mixed + torch.linspace(-0.5, 0.5, 256).view(1, 256, 1, 1)).relu()


def plain_scores(patches, centres):
    """DFDNet's rule as it is written: adaptive instance normalisation, inner product."""
    scores = torch.empty(len(patches), len(centres), dtype=torch.float64)
    for row, patch in enumerate(patches.double()):
        for column, centre in enumerate(centres.double()):
            (m_p, s_p), (m_c, s_c) = (
                (x.mean((1, 2), keepdim=True), (x.var((1, 2), keepdim=True) + 1e-5).sqrt()) for x in (patch, centre)
            )
            scores[row, column] = (patch * ((centre - m_c) / s_c * s_p + m_p)).sum()
    return scores


@pytest.fixture(scope="module")
def faces():
    return [draw_face(np.random.default_rng(seed), 96) for seed in range(4)]


def dictionary_of(faces, features):
    """Every face's own parts are its entries, in the faces' order."""
    boxes = np.stack([boxes_at_face_px(component_boxes(face.points, "ibug68", 96), 96) for face in faces])
    maps = features(face_tensor([face.image for face in faces]))
    centres = {
        part: cut_patches(maps, torch.from_numpy(boxes[:, number]), PATCH_SIDES[part]).half()
        for number, part in enumerate(PARTS)
    }
    return FacialDictionary(centres, len(faces), 0, "test", "0" * 64)


@pytest.mark.parametrize("chunk", [1, 3, 100])
@pytest.mark.parametrize("offset", [0.0, 5.0])
def test_the_short_rule_is_the_plain_one(chunk, offset):
    generator = torch.Generator().manual_seed(1)
    patches = torch.randn(3, 16, 6, 6, generator=generator) * torch.rand(16, 1, 1, generator=generator) + offset
    centres = (torch.randn(7, 16, 6, 6, generator=generator) * 3 - offset).half()
    centres[0, :4] = 1
    constant = 36 * patches.double().mean((2, 3)).square().sum(1, keepdim=True)
    scores, plain = match_scores(patches, centres, chunk), plain_scores(patches, centres)
    assert torch.allclose(scores.double() + constant, plain, rtol=1e-5, atol=1e-3)
    assert torch.equal(scores.argmax(1), plain.argmax(1))


def test_a_match_does_not_see_contrast_and_brightness():
    centres = torch.rand(5, 8, 12, 12)
    patches = centres[[3, 1]] * torch.rand(2, 8, 1, 1) + torch.randn(2, 8, 1, 1)
    assert match_scores(patches, centres * 7 - 2).argmax(1).tolist() == [3, 1]


def test_each_face_finds_its_own_parts(faces):
    points = [face.points.copy() for face in faces]
    points[2][29:36] = np.nan
    boxes, entries = match_faces(tiny, [face.image for face in faces], points, "ibug68", dictionary_of(faces, tiny))
    expected = np.repeat(np.arange(4)[:, None], 4, 1)
    expected[2, 2] = -1
    assert entries.tolist() == expected.tolist()
    assert boxes.dtype == np.float32
    assert np.array_equal(boxes[1], component_boxes(points[1], "ibug68", 96))
    assert np.isnan(boxes[2, 2]).all()


def test_faces_may_differ_in_size(faces):
    dictionary = dictionary_of(faces, tiny)
    large = draw_face(np.random.default_rng(1), 128)
    boxes, entries = match_faces(
        tiny, [faces[0].image, large.image], [faces[0].points, large.points], "ibug68", dictionary
    )
    assert entries.tolist() == [[0] * 4, [1] * 4]
    assert np.allclose(boxes[1], component_boxes(large.points, "ibug68", 128))


def test_with_vgg19s_layers(faces):
    features = random_features("vgg19", 0)
    dictionary = dictionary_of(faces[:2], features)
    _, entries = match_faces(features, [faces[1].image], [faces[1].points], "ibug68", dictionary)
    assert entries.tolist() == [[1] * 4]


def test_no_part_at_all(faces):
    boxes, entries = match_faces(
        tiny, [faces[0].image], [np.full((68, 2), np.nan)], "ibug68", dictionary_of(faces, tiny)
    )
    assert np.isnan(boxes).all()
    assert (entries == -1).all()


def test_refused(faces, refused):
    dictionary = dictionary_of(faces, tiny)
    with refused("1 faces but landmarks for 2"):
        match_faces(tiny, [faces[0].image], [faces[0].points] * 2, "ibug68", dictionary)
    with refused("a face must be square, not 90 x 96"):
        match_faces(tiny, [faces[0].image[:, :90]], [faces[0].points], "ibug68", dictionary)
    with refused("landmark scheme 'points-5'"):
        match_faces(tiny, [faces[0].image], [faces[0].points[:5]], "points-5", dictionary)
