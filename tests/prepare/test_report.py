import numpy as np
import pytest
from mfps.images.image import write_image
from mfps.prepare.config import PrepareConfig
from mfps.prepare.faces import PreparedFace
from mfps.prepare.report import SHOWN, bytes_per_face, contact_sheet, report_markdown
from mfps.priors.parsing.kind import SHARE_OF_COLOUR
from mfps.priors.parsing.label_maps import PALETTE, write_label_map

RED = (220, 30, 60)


@pytest.fixture
def out(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "priors" / "parsing").mkdir(parents=True)
    return tmp_path


def face(out, number, points=None, labels=None):
    name = f"{number}.png"
    write_image(out / "images" / name, np.full((32, 32, 3), 90, np.uint8))
    if labels is not None:
        write_label_map(out / "priors" / "parsing" / name, labels)
    return PreparedFace(name, f"{number}.jpg", points)


def test_every_landmark_gets_a_dot_and_nothing_else_does(out):
    points = np.full((68, 2), np.nan)
    points[5], points[9] = (8, 24), (20.5, 3)
    sheet = np.array(contact_sheet(out, [face(out, 0, points)])).astype(int)
    red = (np.abs(sheet - RED).max(-1) <= 8).astype(int)
    rows, columns = np.nonzero(red)
    left = columns.min() - 1
    first, second = columns < left + 40, columns > left + 40
    apart = [columns[first].mean(), columns[second].mean()], [rows[first].mean(), rows[second].mean()]
    # The face is shown eight times as large.
    assert apart[0][1] - apart[0][0] == pytest.approx(8 * 12.5, abs=1)
    assert apart[1][1] - apart[1][0] == pytest.approx(8 * -21, abs=1)
    assert red.sum() < 40


def test_labels_colour_the_face(out):
    labels = np.full((32, 32), 13, np.uint8)
    sheet = np.array(contact_sheet(out, [face(out, 0, labels=labels)])).astype(int)
    mixed = (1 - SHARE_OF_COLOUR) * 90 + SHARE_OF_COLOUR * np.array(PALETTE[13])
    assert (np.abs(sheet - mixed).max(-1) <= 1).sum() == 256 * 256


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (4, 4), (SHOWN, SHOWN), (50, SHOWN)])
def test_no_more_than_some_faces_and_no_empty_columns(out, count, rows):
    plain = contact_sheet(out, [face(out, n) for n in range(count)])
    marked = contact_sheet(out, [face(out, n, np.ones((68, 2))) for n in range(count)])
    assert round(plain.height / 296) == rows  # 256 pixels, and the caption below
    assert (plain.width // 256, marked.width // 256) == (1, 2)


def test_sizes_are_those_on_disk(out):
    labels = np.zeros((32, 32), np.uint8)
    faces = [face(out, n, labels=labels) for n in range(2)]
    (out / "priors" / "landmarks.json").write_bytes(b"x" * 300)
    stored = sum(file.stat().st_size for file in (out / "priors" / "parsing").iterdir())
    sizes = {"landmarks": 150, "parsing": stored / 2}
    assert bytes_per_face(out, len(faces)) == {**dict.fromkeys(bytes_per_face(out, len(faces)), 0), **sizes}


def test_reasons_are_counted_by_kind(out):
    config = PrepareConfig.model_validate({"photos": out, "out": out, "size": 32, "priors": ()})
    dropped = {
        "a.jpg": ["face 0: too small: 9 pixels, at least 32 are asked for", "face 2: too small: 8 pixels"],
        "b.jpg": ["no face"],
        "c.jpg": ["3 faces in what should be one aligned face"],
    }
    lines = report_markdown(config, [face(out, 0)], dropped, {"train": ["0.png"]}, {}).splitlines()
    assert {"Dropped: 4.", "- 2 x too small", "- 1 x no face", "- a.jpg: " + dropped["a.jpg"][0]} <= set(lines)
    assert "| train | 1 |" in lines
    assert "Priors: none." in lines
    assert not [line for line in lines if "landmarks" in line]
