import json
import os
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mfps.errors import MfpsError
from mfps.priors.landmarks import formats as landmark_formats
from mfps.priors.landmarks.formats import match_images, read_given_landmarks

COORDINATES = st.floats(-1e5, 1e5)
POINTS = st.integers(1, 6).flatmap(lambda count: arrays(np.float64, (count, 2), elements=COORDINATES))
HOLES = st.lists(st.booleans(), min_size=6, max_size=6)
one_folder = settings(max_examples=60)


def as_pts(points):
    lines = "".join(f"{float(x)!r} {float(y)!r}\n" for x, y in points + 1)
    return f"version: 1\nn_points:  {len(points)}\n{{\n{lines}}}\n"


def as_csv(points, name="a.jpg"):
    header = ",".join(f"x{number},y{number}" for number in range(len(points)))
    cells = ",".join("," if np.isnan(x) else f"{float(x)!r},{float(y)!r}" for x, y in points)
    return f"image,{header}\n{name},{cells}\n"


def as_xml(points, name="a.jpg"):
    parts = "".join(f"<part name='{n:02}' x='{x!r}' y='{y!r}'/>" for n, (x, y) in enumerate(points.tolist()) if x == x)
    box = f"<box top='2' left='1' width='10' height='20'>{parts}</box>"
    image = f"<image file={quoteattr(name)} width='30' height='40'>{box}</image>"
    return f"<?xml version='1.0' encoding='ISO-8859-1'?>\n<dataset><images>{image}</images></dataset>"


def read(folder, text, name="points.any"):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_given_landmarks(folder / name)


@given(points=POINTS)
@one_folder
def test_pts_counts_from_one(tmp_path, points):
    (face,) = read(tmp_path, as_pts(points), "a.v2.pts").faces
    assert face.image == "a.v2"
    assert np.allclose(face.points, points, rtol=0, atol=1e-9)


@pytest.mark.parametrize("write", [as_csv, as_xml])
@given(points=POINTS, holes=HOLES)
@one_folder
def test_tables_and_xml_come_back(tmp_path, write, points, holes):
    points[np.array(holes[: len(points)])] = np.nan
    points[-1] = 7  # dlib's XML does not say how many there are, and a face needs one
    source = read(tmp_path, write(points))
    assert source.scheme == f"points-{len(points)}"
    assert source.faces[0].image == "a.jpg"
    assert np.array_equal(source.faces[0].points, points, equal_nan=True)


def test_dlib_has_sizes_boxes_and_several_faces(tmp_path):
    text = as_xml(np.ones((2, 2)))
    box = text[text.index("<box") : text.index("</image>")]
    source = read(tmp_path, text.replace(box, box + "<box top='0' left='0' width='5' height='5'/>" + box))
    assert len(source.faces) == 2
    assert source.faces[1].size == (30, 40)
    assert source.faces[1].box == (1, 2, 10, 21)


def test_a_folder_of_pts_is_read_at_any_depth(tmp_path, refused):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.pts").write_text(as_pts(np.ones((3, 2))))
    (tmp_path / "a.PTS").write_text(as_pts(np.zeros((3, 2))))
    source = read_given_landmarks(tmp_path)
    assert [face.image for face in source.faces] == ["a", "deep/b"]
    assert match_images(source, ["deep/b.jpg"])["deep/b.jpg"][0].points[0, 0] == 1
    (tmp_path / "c.pts").write_text(as_pts(np.zeros((4, 2))))
    with refused("c has 4 points, but the faces before it have 3"):
        read_given_landmarks(tmp_path)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "is empty; the known ones are .*dlib XML"),
        ("1 2\n3 4\n", "no known format; the known ones are .*dlib XML"),
        (b"\x89PNG\r\n", "no known format"),
        (b"image\xff,x0,y0", "not UTF-8"),
        ("image,y0,x0\na,1,2\n", "header image,x0,y0"),
        ("image,x0,y0\n", "no landmarks"),
        ("image,x0,y0\na,1\n", "line 2 has 2 cells"),
        ("image,x0,y0\na,1,\n", "line 2: nothing is not a coordinate"),
        ("image,x0,y0\na,nan,2\n", "'nan' is not a coordinate"),
        ('image,x0,y0\n"a,1,2\n', "is not CSV"),
        ("version: 1\nn_points: 2\n{\n1 2\n}", "has 1 points, but its header says 2"),
        ("version: 1\nn_points: 1\n{\n1 2 3\n}", "line 4 has 3 values"),
        ("version: 1\nn_points: 1\n{\n1 1e99\n}", "line 4: '1e99' is not a coordinate"),
        ("version: 2\nn_points: 1\n{\n1 1\n}", "version 2 of .pts"),
        ("version: 1\nn_points: 1\nn_points: 1\n{\n1 1\n}", "line 3 of the header"),
        ("version: 1\n1 2", "between a line"),
        ("<dataset>", "not well-formed"),
        ("<html/>", "is dlib's, <dataset>, not <html>"),
        ("<!DOCTYPE html><html/>", "document type"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><dataset>&b;</dataset>", "document type"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><dataset/>".encode("utf-16"), "no known format"),
        ("<?xml version='1.0' encoding='idna'?><dataset/>", "not well-formed"),
        (f"<?xml version='1.0' encoding='{'a' * 5000}'?><dataset/>", "unknown encoding: a.*[.][.][.]a*.; replace"),
        ("<dataset/>", "no landmarks"),
        (as_xml(np.ones((1, 2))).replace("name='00'", "name='eye'"), "'eye' is not a whole number"),
        (as_xml(np.ones((2, 2))).replace("name='01'", "name='00'"), "part 0 appears twice"),
        (as_xml(np.ones((1, 2))).replace("name='00'", "name='99999'"), "too high"),
        (as_xml(np.ones((1, 2))).replace("x='1.0'", ""), "x: nothing is not a coordinate"),
        (as_xml(np.ones((1, 2))).replace("width='30'", "width='-3'"), "not a whole number"),
        (as_xml(np.ones((1, 2))).replace("file=", "url="), "not a photograph's name"),
        ("{}", "not in a form"),
        ("[1]", "not in a form"),
        ('{"a":' * 10**5, "nested more than 32 deep"),
    ],
)
def test_rules_of_the_formats(tmp_path, refused, text, rule):
    with refused(rule):
        read(tmp_path, text)


def test_deep_xml_is_no_danger(tmp_path, refused):
    with refused("elements nested more than 16 deep"):
        read(tmp_path, "<dataset>" + "<a>" * 10**5 + "</a>" * 10**5 + "</dataset>")


def test_files_that_are_not_there_or_too_large(tmp_path, refused, monkeypatch):
    with refused("there is no such file of landmarks"):
        read_given_landmarks(tmp_path / "none.pts")
    with refused("holds .pts files, and this one has none"):
        read_given_landmarks(tmp_path)
    with refused("a device stands where the file of landmarks should be"):
        read_given_landmarks(Path(os.devnull))
    monkeypatch.setattr(landmark_formats, "MAX_LANDMARK_BYTES", 10)
    with refused("too large for a file of landmarks .at most 10"):
        read(tmp_path, "image,x0,y0\na,1,2\n")


SAMPLES = (
    as_pts(np.arange(6.0).reshape(3, 2)),
    as_csv(np.arange(6.0).reshape(3, 2)),
    as_xml(np.arange(6.0).reshape(3, 2)),
    json.dumps({"version": 2, "labels": [], "landmarks": {"points": [[1, 2], [None, None]]}}),
    json.dumps({"version": 3, "groups": {"a": {"labels": [], "landmarks": {"points": [[1, 2]]}}}}),
    json.dumps({"scheme": "points-2", "faces": {"a": {"size": [3, 3], "points": [[1, 2], None]}}}),
    json.dumps({"scheme": "my own", "items": [{"image": "a", "size": [3, 3], "points": [[1, 2]]}]}),
    json.dumps({"0": {"image": {"file_path": "a", "pixel_size": [3, 3], "face_landmarks": [[1, 2]]}}}),
)


@given(
    text=st.sampled_from(SAMPLES),
    place=st.integers(0, 10**6),
    cut=st.integers(0, 12),
    put=st.one_of(
        st.binary(max_size=6),
        st.sampled_from([b"nan", b"1e999", b"null", b"{", b"[", b'"', b",", b"<", b"-", b"9" * 5000]),
    ),
)
@settings(max_examples=200)
def test_a_damaged_file_is_read_or_refused_in_one_line(tmp_path, text, place, cut, put):
    content = text.encode()
    place %= len(content) + 1
    message = ""
    try:
        source = read(tmp_path, content[:place] + put + content[place + cut :])
        assert len({face.points.shape for face in source.faces}) == 1
    except MfpsError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1
    assert len(message) < 600


@pytest.mark.faces
@pytest.mark.parametrize(
    ("name", "scheme", "count"),
    [
        ("helen29_landmarks.json", "lfpw29", 302),
        ("webmorph_landmarks189.json", "points-189", 142),
        ("dlib68/testing_with_face_landmarks.xml", "ibug68", 25),
        ("menpo68", "ibug68", 3),
        ("menpo68/takeo.pts", "ibug68", 1),
        ("menpo68/lenna.ljson", "ibug68", 1),
    ],
)
def test_real_files(annotated, name, scheme, count):
    source = read_given_landmarks(annotated(name))
    assert (source.scheme, len(source.faces)) == (scheme, count)
    if scheme == "ibug68":  # upright faces: brows above the chin, the picture's left eye on the left
        assert all(face.points[19, 1] < face.points[8, 1] for face in source.faces)
        assert all(face.points[36, 0] < face.points[45, 0] for face in source.faces)
