from pathlib import Path
from typing import Annotated

import pytest
from mfps.files.config_model import COMMAS, REPEATED, ConfigModel, Panel, fill, panel_of, read_yaml
from pydantic import Field


class Cake(ConfigModel):
    """A cake."""

    oven: Annotated[str, Panel.COMMON]
    """Oven to bake it in; a hot one."""
    layers: Annotated[int, Panel.NETWORK] = Field(default=3, ge=1)
    """How many."""
    icing: Annotated[float | None, Panel.DATA] = None
    """How thick."""
    heights: Annotated[tuple[int, ...], COMMAS, Panel.DATA] = ()
    """Of the layers."""
    guests: Annotated[tuple[Path, ...], REPEATED, Panel.DATA] = ()
    """Who gets some."""


@pytest.fixture
def file(tmp_path):
    """`file(text)` writes a YAML file."""

    def write(text):
        (tmp_path / "c.yaml").write_text(text)
        return tmp_path / "c.yaml"

    return write


@pytest.mark.parametrize("written", ["3", "'3'", "[3]", "' 3 '"])
def test_a_list_with_commas_may_be_one_number(written, file):
    assert fill(Cake, {"oven": "hot"}, file(f"heights: {written}\n")).heights == (3,)


def test_given_values_override_the_file_and_the_file_the_preset(file):
    written = file("layers: 5\nicing: 0.5\noven: old\n")
    cake = fill(Cake, {"oven": "new", "layers": None}, written, beneath={"layers": 4, "heights": "1,2"})
    assert (cake.oven, cake.layers, cake.icing, cake.heights) == ("new", 5, 0.5, (1, 2))


def test_null_stands_for_the_default(file):
    cake = fill(Cake, {"oven": "o"}, file("layers: null\nicing: null\n"), beneath={"icing": 2.0})
    assert (cake.layers, cake.icing) == (3, None)


def test_a_list_may_be_a_text():
    cake = fill(Cake, {"oven": "o", "heights": "3, 4", "guests": "a,b"})
    assert (cake.heights, cake.guests) == ((3, 4), (Path("a,b"),))
    assert fill(Cake, {"oven": "o", "guests": ["a", "b"]}).guests == (Path("a"), Path("b"))


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("layer: 3", {"oven": "o"}, "c.yaml: unknown option 'layer': did you mean layers\\?"),
        ("zzz: 3", {"oven": "o"}, "c.yaml: unknown option 'zzz': known are oven, layers, icing, heights, guests, mode"),
        ("layers: 0", {"oven": "o"}, "c.yaml: layers: must be greater than or equal to 1 .got 0.$"),
        ("heights: [1, x]", {"oven": "o"}, "c.yaml: heights\\[1\\]: must be an integer .got 'x'.$"),
        ("layers: 0", {"oven": "o", "layers": -1}, "^`layers`: must be greater than or equal to 1 .got -1.$"),
        ("layers: 2", {}, "^`oven` is required: give the oven to bake it in$"),
        ("layers: 0", {"oven": "o", "icing": "x"}, "c.yaml: layers: .* .and 1 more.$"),
    ],
)
def test_what_is_wrong_is_named_as_it_was_given(file, text, given, said, refused):
    with refused(said):
        fill(Cake, given, file(text), also=("mode",))


def test_names_in_a_file_may_have_dashes(file):
    assert read_yaml(file("val-list: a\nlayers: 3\n")) == {"val_list": "a", "layers": 3}


def test_a_field_has_one_panel():
    assert [panel_of(field) for field in Cake.model_fields.values()][:2] == [Panel.COMMON, Panel.NETWORK]
