"""What is sealed is read back, and nothing else is: any change of the text is one line that says so."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.files.sealed_json import check_of, read_sealed, sealed
from pydantic import BaseModel, ConfigDict, Field

SCHEMA = "mfps.thing/1"


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    schema_: str = Field(alias="schema")
    numbers: list[int]
    words: dict[str, str]


def read(text):
    return read_sealed(text, Thing, SCHEMA, Path("thing.json"), "thing", "make it again")


def content(numbers=(1, 2), words=None):
    return {"schema": SCHEMA, "numbers": list(numbers), "words": words or {"a": "b"}}


KEYS = st.text('ab é[]{},:"\\', max_size=5)
"""A strict reader refuses keys that are not printable."""


@given(st.lists(st.integers(-(2**31), 2**31)), st.dictionaries(KEYS, st.text(max_size=5), max_size=3))
def test_what_is_sealed_is_read_back(numbers, words):
    given_content = {"schema": SCHEMA, "numbers": numbers, "words": words}
    assert read(sealed(given_content, indent=1)).model_dump(by_alias=True) == given_content


@given(st.data())
def test_whatever_digit_or_letter_is_changed_is_refused(data):
    text = sealed(content(), indent=1)
    place = data.draw(st.sampled_from([i for i, character in enumerate(text) if character.isalnum()]))
    other = data.draw(st.sampled_from("07xy").filter(lambda new: new != text[place]))
    with pytest.raises(MfpsError) as refused:
        read(text[:place] + other + text[place + 1 :])
    assert str(refused.value).startswith("thing.json: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (json.dumps({**content(), "digest": "0" * 64}), "was changed after it was written; make it again"),
        (json.dumps(content()), "was changed after it was written; make it again"),
        (sealed({**content(), "schema": "mfps.thing/2"}, 1), f"reads a thing of schema '{SCHEMA}' only; make it again"),
        ("[1]", f"reads a thing of schema '{SCHEMA}' only"),
        ("{", "make it again"),
        (sealed({**content(), "more": 1}, 1), "more"),
    ],
)
def test_what_cannot_be_used_says_why(text, said):
    with pytest.raises(MfpsError, match=f"thing.json: .*{said}"):
        read(text)


def test_the_order_of_the_keys_does_not_count():
    assert check_of({"a": 1, "b": 2}) == check_of({"b": 2, "a": 1}) != check_of({"a": 2, "b": 1})
