"""A Markdown reader sees the text that was given, and nothing else."""

from hypothesis import example, given
from markdown_it import MarkdownIt
from mfps.errors import printable
from mfps.files.markdown import markdown_table, markdown_text

from ..hostile.bad_names import NAMES, TEXTS

READER = MarkdownIt("commonmark", {"html": True}).enable("table").enable("strikethrough")


def seen(page):
    """The texts of a page, each of which must be only text."""
    inline = [token for token in READER.parse(page) if token.type == "inline"]
    assert all(child.type in ("text", "text_special") for token in inline for child in token.children)
    return ["".join(child.content for child in token.children) for token in inline]


def shows_as_it_is(text):
    plain = printable(text)
    assert seen(f"# {markdown_text(f'{text}: z')}") == [f"{plain}: z"]
    assert seen(f"# Evaluation of {markdown_text(text)}") == [
        f"Evaluation of {plain}".rstrip() if not plain else f"Evaluation of {plain}"
    ]
    assert seen(f"- {markdown_text(f'{text}: a reason')}") == [f"{plain}: a reason"]
    table = markdown_table(["a", "b"], [[text, "x"], ["y", text]])
    assert seen("\n".join(table)) == ["a", "b", plain, "x", "y", plain]


def test_every_hostile_text_shows_as_it_is():
    for text in NAMES.values():
        shows_as_it_is(text)


@given(TEXTS)
@example("-")
@example("1.")
def test_any_text_shows_as_it_is(text):
    shows_as_it_is(text)


def test_usual_texts_stay_readable():
    for text in ("celeba_test", "2024-01-02", "-15.85, -0.463", "21.64", "full:0.5,jpeg:0.5", "blur(6,12)"):
        assert markdown_text(text) == text
