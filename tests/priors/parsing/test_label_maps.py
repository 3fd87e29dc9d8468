import io
import itertools
import zlib

import numpy as np
import pytest
import torch
from mfps.priors.parsing.classes import CELEBAMASK_CLASSES
from mfps.priors.parsing.label_maps import (
    BISENET_ORDER,
    PALETTE,
    colour_labels,
    find_label_map,
    from_bisenet,
    from_part_masks,
    read_label_map,
    write_label_map,
)
from mfps.priors.parsing.one_hot import one_hot_parsing
from PIL import Image
from skimage.color import rgb2lab

BISENET_NAMES = [
    *("background", "skin", "l_brow", "r_brow", "l_eye", "r_eye", "eye_g", "l_ear", "r_ear", "ear_r"),
    *("nose", "mouth", "u_lip", "l_lip", "neck", "neck_l", "cloth", "hair", "hat"),
]


@pytest.fixture
def labels():
    blocks = np.random.default_rng(0).integers(0, 19, (6, 8), dtype=np.uint8)
    return blocks.repeat(5, 0).repeat(5, 1)


def test_written_maps_are_read_again(tmp_path, labels):
    path = tmp_path / "a.png"
    write_label_map(path, labels)
    assert np.array_equal(read_label_map(path), labels)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
    with Image.open(path) as image:
        assert image.mode == "P"
        assert np.array_equal(np.array(image.convert("RGB")), colour_labels(labels))
    assert path.stat().st_size < 1000  # of 1,200 pixels and a palette


def test_other_peoples_maps_are_read(tmp_path, labels):
    Image.fromarray(labels).save(tmp_path / "grey.png")
    assert np.array_equal(read_label_map(tmp_path / "grey.png"), labels)
    few = labels % 4
    image = Image.fromarray(few)
    image.putpalette([255, 0, 0] * 4)  # indices count, whatever their colours
    image.save(tmp_path / "two_bits.png", bits=2)
    assert np.array_equal(read_label_map(tmp_path / "two_bits.png", classes=4), few)


def test_maps_that_cannot_be_used_are_refused(tmp_path, labels, refused):
    path = tmp_path / "a.png"
    with refused(f"{path}: there is no such label map; check the path"):
        read_label_map(path)
    with refused("a folder stands where the label map should be"):
        read_label_map(tmp_path)
    for mode, name in (("RGB", "RGB"), ("1", "1-bit grey"), ("LA", "LA"), ("I;16", "16-bit grey")):
        Image.fromarray(labels).convert(mode).save(path, format="PNG")
        with refused(f"{path}: a label map is an 8-bit palette or grey PNG, not {name}; store class numbers"):
            read_label_map(path)
    Image.fromarray(labels).save(path, format="JPEG")
    with refused("not JPEG L"):
        read_label_map(path)
    write_label_map(path, labels)
    with refused(f"{path}: the label map holds class 18, but 11 classes go from 0 to 10"):
        read_label_map(path, classes=11)
    for stored in (b"", b"<html>", path.read_bytes()[:200]):
        path.write_bytes(stored)
        with refused(f"{path}: the (file is empty|file is not an image|label map is damaged)"):
            read_label_map(path)


def test_grey_of_four_bits_is_refused(tmp_path, refused):
    """Pillow would give class 17 for class 1."""
    palette = Image.fromarray(np.ones((4, 4), np.uint8))
    palette.putpalette([0, 0, 0] * 16)
    stored = io.BytesIO()
    palette.save(stored, format="PNG", bits=4)
    grey = bytearray(stored.getvalue())
    grey[25] = 0  # the colour type: grey
    grey[29:33] = zlib.crc32(grey[12:29]).to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(grey)
    with refused("not 4-bit grey"):
        read_label_map(tmp_path / "a.png")


def test_maps_that_cannot_be_written_are_refused(tmp_path, labels, refused):
    with refused("a.png: cannot be written"):
        write_label_map(tmp_path / "missing" / "a.png", labels)
    with refused("a.png: the label map holds class 19, but 19 classes go from 0 to 18"):
        write_label_map(tmp_path / "a.png", labels + 1)
    with refused("^the label map holds class 19"):
        colour_labels(labels + 1)
    assert not list(tmp_path.iterdir())


def test_colours_can_be_told_apart():
    lab = rgb2lab(np.array([PALETTE], np.uint8))[0]
    assert len(PALETTE) == len(CELEBAMASK_CLASSES)
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(lab, 2)) > 20  # of CIELAB; 2.3 can be noticed


def test_bisenet_classes_are_matched_by_name(labels):
    """The names are those of zllrunning's training data, in its order."""
    assert [BISENET_NAMES[number] for number in BISENET_ORDER] == list(CELEBAMASK_CLASSES)
    theirs = np.arange(19, dtype=np.uint8)[None]
    ours = from_bisenet(theirs)[0]
    assert [CELEBAMASK_CLASSES[number] for number in ours] == BISENET_NAMES
    assert np.array_equal(from_bisenet(np.array(BISENET_ORDER, np.uint8)[labels]), labels)


def test_bisenet_classes_end_at_18(labels, refused):
    with refused("the label map holds class 19, but 19 classes"):
        from_bisenet(labels + 1)


def write_masks(folder, stem, mode="L", **boxes):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (top, bottom) in boxes.items():
        mask = np.zeros((8, 6), np.uint8)
        mask[top:bottom] = 255
        Image.fromarray(mask).convert(mode).save(folder / f"{stem}_{name}.png")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_part_masks_lie_over_each_other_in_class_order(tmp_path, mode):
    write_masks(tmp_path / "2", "04001", mode, hair=(0, 3), skin=(1, 8), u_lip=(5, 7), l_lip=(6, 7), cloth=(7, 8))
    merged = from_part_masks(tmp_path, 4001)
    assert [CELEBAMASK_CLASSES[label] for label in merged[:, 0]] == [
        *["hair"] * 3, *["skin"] * 2, "u_lip", "l_lip", "cloth"
    ]  # fmt: skip
    assert np.array_equal(merged, merged[:, :1].repeat(6, 1))
    for face in ("4001", "04001"):
        assert np.array_equal(from_part_masks(tmp_path, face), merged)
    assert np.array_equal(from_part_masks(tmp_path / "2", 4001), merged)


def test_part_masks_of_any_name(tmp_path):
    write_masks(tmp_path, "anna", skin=(2, 4))
    assert from_part_masks(tmp_path, "anna").sum() == 12


def test_part_masks_that_cannot_be_used_are_refused(tmp_path, refused):
    with refused(f"{tmp_path}: no part mask of face 7 .such as 00007_skin.png."):
        from_part_masks(tmp_path, 7)
    write_masks(tmp_path, "00007", skin=(2, 4))
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "00007_nose.png")
    with refused("00007_nose.png: the mask is 4 x 4, but other parts of the face are 6 x 8"):
        from_part_masks(tmp_path, 7)
    Image.fromarray(np.zeros((8, 6), np.uint16)).save(tmp_path / "00007_nose.png")
    with refused("00007_nose.png: a part mask is an 8-bit PNG, not I;16"):
        from_part_masks(tmp_path, 7)
    (tmp_path / "00007_nose.png").write_bytes(b"no")
    with refused("00007_nose.png: the file is not an image"):
        from_part_masks(tmp_path, 7)


def test_label_maps_are_found_by_either_name(tmp_path, labels):
    assert find_label_map(tmp_path, "a.b") is None
    write_label_map(tmp_path / "a.b_label.png", labels)
    assert find_label_map(tmp_path, "a.b") == tmp_path / "a.b_label.png"
    write_label_map(tmp_path / "a.b.png", labels)
    assert find_label_map(tmp_path, "a.b") == tmp_path / "a.b.png"


@pytest.mark.faces
@pytest.mark.parametrize("face", range(4))
def test_real_maps_have_the_subjects_left_on_the_right(annotated, tmp_path, face):
    path = annotated(f"celebamask/{face}_label.png")
    assert find_label_map(path.parent, str(face)) == path
    found = read_label_map(path)
    column = {CELEBAMASK_CLASSES[number]: np.nonzero(found == number)[1].mean() for number in np.unique(found)}
    assert column["l_eye"] > column["nose"] > column["r_eye"]
    assert column["l_brow"] > column["nose"] > column["r_brow"]
    write_label_map(tmp_path / "a.png", found)
    assert np.array_equal(read_label_map(tmp_path / "a.png"), found)
    assert (tmp_path / "a.png").stat().st_size < path.stat().st_size


def labels_at_512(tensor):
    """The label map (512, 512) of which a tensor (19, 128, 128) is the resized one-hot map.

    A pixel of the tensor is a weighted mean of four pixels of the map: 256 ways to give them its four strongest classes
    are tried. Pixels of the map that were not sampled stay 0.
    """
    place = np.arange(128) * 511 / 127
    low, share = np.floor(place).astype(int), place % 1
    along = np.stack([1 - share, share], 1)
    weights = (along[:, None, :, None] * along[None, :, None, :]).reshape(-1, 4)
    strongest = np.argsort(-tensor.reshape(19, -1), axis=0, kind="stable")[:4].T
    values = np.take_along_axis(tensor.reshape(19, -1).T, strongest, 1)
    best, error = np.zeros(strongest.shape, int), np.full(len(strongest), np.inf)
    for ranks in itertools.product(range(4), repeat=4):
        mixed = weights @ np.eye(4)[list(ranks)]
        wrong = np.abs(mixed - values).max(1)
        best[wrong < error] = ranks
        error = np.minimum(error, wrong)
    corners = np.take_along_axis(strongest, best, 1).reshape(128, 128, 2, 2)
    found = np.zeros((512, 512), np.uint8)
    for down, right in itertools.product((1, 0), repeat=2):  # past the last row and column there is nothing: weight 0
        found[np.ix_(np.minimum(low + down, 511), np.minimum(low + right, 511))] = corners[:, :, down, right]
    return found


@pytest.mark.faces
@pytest.mark.parametrize("name", ["0000114_015", "0000114_028"])
def test_a_label_map_explains_the_published_tensor(annotated, tmp_path, name):
    """The stored label map has 128 pixels a side, so it does not show which classes mix in a pixel of the tensor.

    The map at 512 is recovered from the tensor. Made one-hot and resized, it gives the tensor to 2.5e-4, which is
    float16's rounding below 1. The stored map, one-hot, differs in the 2 to 3 % of pixels where classes meet, by
    at most 0.62, and nowhere else.
    """
    with np.load(annotated(f"mfpsnet/{name}_parse.npz"), allow_pickle=False) as stored:
        published = stored["parse"].astype(np.float32)
    write_label_map(tmp_path / "a.png", labels_at_512(published))
    maps = one_hot_parsing(torch.from_numpy(read_label_map(tmp_path / "a.png"))[None], 19, 128)[0].numpy()
    assert np.abs(maps - published).max() < 2.5e-4
    small = read_label_map(annotated(f"mfpsnet/{name}_label.png"))
    assert np.array_equal(maps.argmax(0), small)
    residual = np.abs(one_hot_parsing(torch.from_numpy(small)[None], 19, 128)[0].numpy() - published).max(0)
    assert residual.max() < 0.62
    assert np.count_nonzero(residual) < 0.03 * residual.size
    assert np.array_equal(residual == 0, published.max(0) == 1)
