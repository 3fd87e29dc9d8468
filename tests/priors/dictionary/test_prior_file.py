import json

import numpy as np
import pytest
import torch
from mfps.priors.dictionary.dictionary_file import PATCH_SIDES, FacialDictionary, write_dictionary
from mfps.priors.dictionary.prior_file import (
    DICTIONARY_FILE,
    PRIOR_FILE,
    read_dictionary_prior,
    read_stored_dictionary,
    write_dictionary_prior,
)

BOXES = np.array([(3.25, 4, 10.126, 11), (12, 4, 19.5, 11.5), (9, 12, 15, 18), (-0.5, 20, 20, 31.5)], np.float32)


@pytest.fixture
def folder(tmp_path):
    """Two entries for each part; two faces of 32 pixels, the second without a nose."""
    centres = {part: torch.zeros(2, 256, side, side).half() for part, side in PATCH_SIDES.items()}
    write_dictionary(tmp_path / DICTIONARY_FILE, FacialDictionary(centres, 2, 0, "zeros", "0" * 64))
    boxes = BOXES.copy()
    boxes[2] = np.nan
    faces = {"a.png": (BOXES, np.array([0, 1, 0, 1])), "sub/ü.jpg": (boxes, np.array([1, 1, -1, 0]))}
    write_dictionary_prior(tmp_path / PRIOR_FILE, tmp_path / DICTIONARY_FILE, 32, faces)
    return tmp_path


def edited(folder, **changes):
    data = json.loads((folder / PRIOR_FILE).read_text())
    for place, value in changes.items():
        (data["faces"]["a.png"] if place in ("boxes", "entries") else data)[place] = value
    (folder / PRIOR_FILE).write_text(json.dumps(data))
    return folder


def test_boxes_and_entries_come_back(folder):
    dictionary, prior = read_stored_dictionary(folder)
    assert dictionary.counts == dict.fromkeys(PATCH_SIDES, 2)
    assert prior.size == 32
    assert np.allclose(np.array(prior.faces["a.png"].boxes), BOXES, atol=0.0051)
    assert prior.faces["a.png"].entries == (0, 1, 0, 1)
    assert prior.faces["sub/ü.jpg"].entries == (1, 1, None, 0)
    assert prior.faces["sub/ü.jpg"].boxes[2] is None


def test_a_face_is_a_short_line(folder):
    lines = (folder / PRIOR_FILE).read_text().splitlines()
    assert len(lines) == 4
    assert max(map(len, lines[1:3])) < 200
    prior = folder / PRIOR_FILE
    faces = {"n.png": (np.full((4, 4), 123.456), np.full(4, 511))}
    write_dictionary_prior(prior, folder / DICTIONARY_FILE, 512, faces)
    assert prior.stat().st_size < 450
    write_dictionary_prior(prior, folder / DICTIONARY_FILE, 512, {})
    assert read_dictionary_prior(prior).faces == {}


def test_the_two_files_belong_together(folder, refused):
    with refused("a.png: entry 2 of the right_eye, but entries go from 0 to 1; match the faces again"):
        read_stored_dictionary(edited(folder, entries=[0, 2, 0, 1]))
    with refused("its entries belong to a different dictionary than dictionary.safetensors"):
        read_stored_dictionary(edited(folder, dictionary="0" * 64))
    (folder / DICTIONARY_FILE).unlink()
    with refused("dictionary.safetensors: there is no such dictionary"):
        read_stored_dictionary(folder)


BOX = [1, 1, 5, 5]
RULES = [
    ("its format is not 'mfps.dictionary-prior/1'", {"format": "mfps.dictionary-prior/2"}),
    ("the nose has a box or an entry but not both", {"entries": [0, 1, None, 1]}),
    ("the box of the left_eye is empty", {"boxes": [[5, 1, 5, 5], BOX, BOX, BOX]}),
    ("a.png: the box of the mouth reaches outside the 32 pixels", {"boxes": [BOX, BOX, BOX, [1, 1, 5, 31.51]]}),
    (r"a.png.entries\[0\]: must be an integer \(got 1.5\)", {"entries": [1.5, 0, 0, 0]}),
    (r"a.png.entries\[1\]: must be greater than or equal to 0", {"entries": [0, -1, 0, 0]}),
    (r"a.png.entries\[3\]: is required and missing", {"entries": [0, 0, 0]}),
    ("size: must be greater than or equal to 1", {"size": 0}),
    ("dictionary: .*got 'abc'", {"dictionary": "abc"}),
    ("note: is not permitted here", {"note": "x"}),
]


@pytest.mark.parametrize(("rule", "changes"), RULES, ids=str)
def test_a_broken_rule_is_one_line(folder, refused, rule, changes):
    with refused(rule):
        read_dictionary_prior(edited(folder, **changes) / PRIOR_FILE)


def test_other_files_are_refused(folder, refused):
    path = folder / PRIOR_FILE
    text = path.read_text()
    path.write_text(text.replace('"sub/\\u00fc.jpg"', '"a.png"'))
    with refused("dictionary.json: key 'a.png' occurs twice"):
        read_dictionary_prior(path)
    path.write_text(text.replace('"boxes"', '"boxen"', 1))
    with refused("boxe[ns]: is"):
        read_dictionary_prior(path)
    path.write_bytes(b"\xff")
    with refused("not UTF-8 text"):
        read_dictionary_prior(path)
    path.write_text("[]")
    with refused("its format is not"):
        read_dictionary_prior(path)
    path.unlink()
    with refused("there is no such dictionary prior"):
        read_dictionary_prior(path)


def test_names_that_json_cannot_hold_are_refused(folder, refused):
    with refused(r"photograph 'a\\nb': not printable"):
        faces = {"a\nb": (BOXES, np.zeros(4, int))}
        write_dictionary_prior(folder / PRIOR_FILE, folder / DICTIONARY_FILE, 32, faces)
