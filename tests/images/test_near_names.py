import unicodedata

import pytest
from mfps.images.near_names import near_name

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "sub/Jos\u00e9.png") for form in ("NFC", "NFD"))

NEAR = {
    "a.PNG": ("a.png", "only capital letters differ"),
    "A.png": ("a.png", "only capital letters differ"),
    "a": ("a.png", "only the suffix differs"),
    "a.jpg": ("a.png", "only the suffix differs"),
    "A.JPEG": ("a.png", "only the suffix differs"),
    "images/a.png": ("a.png", "only the folder differs"),
    "data\\images\\a.png": ("a.png", "only the folder differs"),
    "images/a": ("a.png", "only the folder and the suffix differ"),
    "b.v2": ("sub/b.v2.jpg", "only the folder and the suffix differ"),
    "sub/c.png": ("c.png", "only the folder differs"),
    COMPOSED: (DECOMPOSED, "composed otherwise (NFC or NFD)"),
    COMPOSED.upper(): (DECOMPOSED, "only capital letters differ"),
}
THERE = ["a.png", "sub/b.v2.jpg", "c.png", DECOMPOSED, "x/d.png", "y/d.png", "e.png", "e.jpg"]


@pytest.mark.parametrize("name", NEAR)
def test_the_name_that_was_meant_is_found(name):
    meant, difference = NEAR[name]
    hint = near_name(name, iter(THERE))
    assert hint.startswith(f"{meant} is there: ")
    assert hint.endswith(difference)


@pytest.mark.parametrize("name", ["z.png", "d.png", "e", "e.webp", ""])
def test_nothing_is_guessed(name):
    assert near_name(name, THERE) == ""
