"""A message is one short line of characters that can be printed, whatever it quotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.errors import MAX_MESSAGE, MAX_VALUE, MfpsError, counted, holds_controls, printable, shown

deep: list = []
for _ in range(100_000):
    deep = [deep]


@given(st.text(st.characters()))
def test_any_text_makes_one_line(text):
    message = str(MfpsError(text))
    assert message.isprintable()
    assert message == str(MfpsError(message))
    message.encode()


def test_a_long_message_keeps_its_ends():
    message = str(MfpsError("a/" + "x" * 5000 + ": give another"))
    assert len(message) == MAX_MESSAGE
    assert message.startswith("a/xxx")
    assert message.endswith("xxx: give another")


@pytest.mark.parametrize(
    "value",
    [deep, 10**5000, -(10**5000), 1 << 2**20, "x" * 10**6, {"a": deep}, [1] * 10**6, b"x" * 10**6, object(), None],
    ids=range(10),
)
def test_any_value_is_shown(value):
    assert 0 < len(shown(value)) <= MAX_VALUE


def test_usual_values_are_shown_as_python_writes_them():
    for value in (3, 2.5, True, "a'b", [1, "a", None], {"a": [1, 2]}, (1,), 2**64):
        assert shown(value) == repr(value)


def test_names_may_be_in_any_script():
    for name in ("gr\u00fc\u00df.png", "\u4e2d\u6587", "\U0001f600", "a\u202fb", "a b"):
        assert not holds_controls(name)
    for name in ("a\nb", "a\tb", "\x1b[m", "\0", "\x7f", "\u2028", "\ud800"):
        assert holds_controls(name)
        assert printable(name).isprintable()


def test_numbers_have_nouns():
    assert [counted(1, "search"), counted(2, "search"), counted(0, "seed")] == ["1 search", "2 searches", "0 seeds"]
