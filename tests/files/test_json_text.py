import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.files.json_text import compact_leaves, read_strict

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)


@given(values, st.integers(1, 120))
@settings(max_examples=60)
def test_compact_json_says_the_same(value, width):
    text = json.dumps(value, indent=2, ensure_ascii=False)
    assert json.loads(compact_leaves(text, width)) == value


def test_leaves_are_put_on_one_line_if_they_fit():
    text = json.dumps({"path": [1, 2], "long": ["x" * 20, "y" * 20], "empty": {}}, indent=2)
    assert compact_leaves(text, 40).splitlines() == [
        "{",
        '  "path": [1, 2],',
        '  "long": [',
        f'    "{"x" * 20}",',
        f'    "{"y" * 20}"',
        "  ],",
        '  "empty": {}',
        "}",
    ]


def test_plain_json_is_read():
    assert read_strict('{"a": [1, -2.5, 1e3, true, null, "\\u00e9"]}') == {"a": [1, -2.5, 1000.0, True, None, "\u00e9"]}


@pytest.mark.parametrize("text", ['{"a": 1, "a": 1}', "NaN", "1e999", "9" * 101, '{"\\u0000": 1}', "[1,]", "'a'"])
def test_what_is_not_strict_json_is_refused_in_one_line(text):
    with pytest.raises(MfpsError) as caught:
        read_strict(text)
    assert "\n" not in str(caught.value)
