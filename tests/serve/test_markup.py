"""Texts from outside on the page."""

import re

import numpy as np
import pytest
from mfps.serve.markup import lines, picture_of, table

EVIL = "<script>alert('1')</script>\n&amp;\x1b\"onload=\""


@pytest.mark.parametrize(
    "made", [lines(EVIL, kind="error"), table([EVIL], [[EVIL]]), picture_of(np.zeros((2, 2, 3), np.uint8), EVIL)]
)
def test_a_text_means_itself(made):
    assert "<script" not in made
    assert "\n" not in made
    assert "\x1b" not in made
    assert "&amp;amp;" in made
    assert set(re.findall(r"</?(\w+)", made)) <= {"p", "div", "table", "thead", "tbody", "tr", "th", "td", "img"}
    assert not re.search(r'"onload', made)


def test_a_line_for_each_text_that_says_something():
    assert lines("a", "", "b").count("<p") == 2
