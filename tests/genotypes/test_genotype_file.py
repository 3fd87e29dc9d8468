import copy
import json
from pathlib import Path

import jsonschema
import mfps.genotypes
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import (
    MAX_GENOTYPE_BYTES,
    parse_genotype,
    published_names,
    read_genotype,
    write_genotype,
)
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.schemas import json_schema
from mfps.genotypes.space import PRIORS, search_space

from .wide_genotypes import WIDE, wide_genotype

spaces = st.builds(
    lambda priors, width, layers: search_space(priors, width=width, layers=layers, fusion_layers=layers + 2),
    st.sets(st.sampled_from(PRIORS)).map(sorted),
    st.integers(1, 64),
    st.integers(1, 8),
)
genotypes = st.builds(random_genotype, spaces, st.integers(0, 2**32))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def data_of(genotype: Genotype) -> dict:
    return json.loads(genotype.to_json())


def refusal(text: str) -> str:
    with pytest.raises(MfpsError) as caught:
        parse_genotype(text, "some.json")
    message = str(caught.value)
    assert message.startswith("some.json: ")
    assert "\n" not in message
    return message


def parses_or_is_refused(text: str) -> Genotype | None:
    genotype, message = None, ""
    try:
        genotype = parse_genotype(text, "some.json")
    except MfpsError as error:
        message = str(error)
    assert "\n" not in message
    if genotype is None:
        return None
    assert parse_genotype(genotype.to_json(), "again") == genotype
    return genotype


@pytest.mark.parametrize("name", published_names())
def test_published_genotypes_load_and_are_written_as_they_stand(name):
    file = Path(mfps.genotypes.__file__).parent / "published" / f"{name}.json"
    assert read_genotype(name) == read_genotype(file)
    assert read_genotype(file).to_json() == file.read_text(encoding="utf-8")


@given(genotypes | WIDE)
@settings(max_examples=60)
def test_round_trip(genotype):
    again = parse_genotype(genotype.to_json(), "test")
    assert again == genotype
    assert again.to_json() == genotype.to_json()
    assert again.hash == genotype.hash
    jsonschema.validate(data_of(genotype), json_schema("genotype"))


@given(name=st.text(max_size=20), provenance=st.dictionaries(st.text(max_size=5), json_values, max_size=3))
@settings(max_examples=60)
def test_any_name_and_provenance_survive_or_are_refused(name, provenance):
    data = data_of(random_genotype(search_space(), 0)) | {"name": name, "provenance": provenance}
    genotype = parses_or_is_refused(json.dumps(data))
    assert genotype is None or (genotype.name, genotype.provenance) == (name, provenance)


def set_at(*keys, to):
    def change(data):
        for key in keys[:-1]:
            data = data[key]
        data[keys[-1]] = to

    return change


def drop(*keys):
    def change(data):
        for key in keys[:-1]:
            data = data[key]
        del data[keys[-1]]

    return change


UP = ("branches", "upsample")
WIDE_DATA = data_of(wide_genotype(("heatmap",)))
WIDE_BACKBONE = WIDE_DATA["backbone"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (set_at(*UP, "cell", 2, "op", to="conv_9x9"), ["upsample.cell[2].op", "'conv_5x5'", "conv_9x9"]),
        (set_at(*UP, "path", 1, to=3), ["upsample.path[1]", "1, 2, 4 or 8", "3"]),
        (set_at(*UP, "path", 1, to="4"), ["upsample.path[1]", "1, 2, 4 or 8", "'4'"]),
        (set_at(*UP, "path", 0, to=True), ["upsample.path[0]", "True", "1, 2, 4, 8"]),
        (set_at(*UP, "path", 1, to=4.0), ["upsample.path[1]", "4.0", "1, 2, 4, 8"]),
        (set_at(*UP, "start_rate", to=True), ["upsample.start_rate", "True"]),
        (set_at(*UP, "start_rate", to=8), ["upsample", "starts at rate 8", "first cell"]),
        (set_at("branches", "parsing", "start_rate", to=4), ["parsing starts at rate 4", "must start at 8"]),
        (set_at(*UP, "width", to=True), ["upsample.width", "integer", "True"]),
        (set_at(*UP, "width", to=8.0), ["upsample.width", "integer", "8.0"]),
        (set_at(*UP, "width", to=0), ["upsample.width", "greater than or equal to 1", "0"]),
        (set_at(*UP, "path", to=[]), ["upsample.path", "at least 1 item"]),
        (set_at(*UP, "path", to=[2] * 65), ["upsample.path", "at most 64 items"]),
        (
            set_at(*UP, "path", 3, to=1),
            ["upsample.path", "illegal path", "layer 3 jumps from rate 4 to 1"],
        ),
        (set_at(*UP, "path", 0, to=4), ["upsample", "illegal path", "starts at rate 1", "rate 4"]),
        (set_at(*UP, "cell", 0, "to", to="n1"), ["upsample.cell", "node n0", "2 different edges"]),
        (set_at(*UP, "cell", 0, "from", to="s1"), ["upsample.cell", "node n0 takes ['s1', 's1']"]),
        (set_at(*UP, "cell", 0, "from", to="n0"), ["upsample.cell", "edge n0 -> n0 does not exist"]),
        (set_at(*UP, "cell", 0, "from", to="s2"), ["upsample.cell[0].from", "'s0', 's1', 'n0' or 'n1'"]),
        (set_at(*UP, "cell", to=[]), ["upsample.cell", "node n0 takes nothing"]),
        (set_at(*UP, "cell", 0, to={"source": "s0", "target": "n0", "op": "skip"}), ["upsample.cell[0].from"]),
        (set_at(*UP, "depth", to=1), ["upsample.depth", "not permitted"]),
        (set_at("branches", "nose", to={}), ["branches.nose", "not permitted"]),
        (set_at("date", to=1), ["date", "not permitted"]),
        (set_at("na\nme", to=1), ["'na\\nme'", "not printable"]),
        (set_at("name", to=7), ["name", "string", "7"]),
        (set_at("name", to="x" * 201), ["name", "at most 200 characters"]),
        (set_at("provenance", to="me"), ["provenance", "dictionary"]),
        (set_at("branches", "fusion", "width", to=40), ["fusion has width 40", "must be 48"]),
        (set_at("branches", "parsing", "width", to=4), ["[4, 8, 8]", "must be equal"]),
        (drop("branches", "fusion"), ["prior branches without a fusion branch", "add `fusion`"]),
        (drop(*UP), ["branches.upsample", "required"]),
        (drop("branches"), ["branches", "required"]),
        (drop(*UP, "cell", 1, "op"), ["upsample.cell[1].op", "required"]),
        (drop("schema"), ["schema is None", "'mfps.genotype/1'"]),
        (set_at("schema", to="mfps.genotype/3"), ["mfps.genotype/3", "upgrade mfps"]),
        (set_at("schema", to="mfps.genotype/2"), ["no backbone in mfps.genotype/2", "set the schema to"]),
        (set_at("backbone", to=WIDE_BACKBONE), ["a backbone in mfps.genotype/1", "set the schema to"]),
        (set_at(*UP, "cell", 0, "op", to="separable_5x5"), ["separable_5x5 in mfps.genotype/1", "use mfps.genotype/2"]),
        (set_at("schema", to=["long"] * 1000), ["schema is ['long'", "reads 'mfps.genotype/1'"]),
    ],
)
def test_a_broken_rule_is_refused_with_its_place(mfpsnet, change, named):
    data = copy.deepcopy(data_of(mfpsnet))
    change(data)
    message = refusal(json.dumps(data))
    assert [part for part in named if part not in message] == []
    assert len(message) < 400


SHARES_ARE = "is not a share: give one of 0.25, 0.5, 0.75, 1.0"
BROKEN = [
    (set_at("schema", to="mfps.genotype/1"), ["a backbone in mfps.genotype/1", "set the schema to mfps.genotype/2"]),
    (drop("backbone"), ["no backbone in mfps.genotype/2", "set the schema to mfps.genotype/1"]),
    (set_at("backbone", to=None), ["no backbone in mfps.genotype/2"]),
    (set_at("backbone", to=3), ["backbone"]),
    (set_at("backbone", "depth", to=3), ["backbone.depth", "not permitted"]),
    *((drop("backbone", name), [f"backbone.{name}", "required"]) for name in WIDE_BACKBONE if name != "fusion"),
    *((set_at("backbone", name, to=0.3), [f"backbone.{name}: 0.3 {SHARES_ARE}"]) for name in ("redistill", "restore")),
    (set_at("backbone", "restore", to=True), [f"backbone.restore: True {SHARES_ARE}"]),
    (set_at("backbone", "restore", to="1"), [f"backbone.restore: '1' {SHARES_ARE}"]),
    (set_at("backbone", "encoder_blocks", to=-1), ["backbone.encoder_blocks", "greater than or equal to 0"]),
    (set_at("backbone", "refine_blocks", to=65), ["backbone.refine_blocks", "less than or equal to 64"]),
    (drop("backbone", "fusion"), ["a share for `fusion` exactly where there is a fusion branch"]),
    (set_at("backbone", "fusion", to=None), ["a share for `fusion` exactly where there is a fusion branch"]),
]


@pytest.mark.parametrize(("change", "named"), BROKEN)
def test_a_broken_rule_of_the_second_version_is_refused_by_the_reader_and_by_the_schema(change, named):
    data = copy.deepcopy(WIDE_DATA)
    change(data)
    message = refusal(json.dumps(data))
    assert [part for part in named if part not in message] == []
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json_schema("genotype"))


def test_the_fusion_branch_has_the_share_of_its_width_that_the_backbone_says():
    data = copy.deepcopy(WIDE_DATA)
    for share, width in ((0.25, 2), (0.5, 4), (0.75, 6), (1, 8)):  # 3 * 2 + 2 channels are the whole of it
        data["backbone"]["fusion"], data["branches"]["fusion"]["width"] = share, width
        assert parse_genotype(json.dumps(data), "a").branches.fusion.width == width
        data["branches"]["fusion"]["width"] = 9
        assert f"fusion has width 9: it must be {width}" in refusal(json.dumps(data))


@pytest.mark.parametrize("schema", ["mfps.genotype/1", "mfps.genotype/2", "mfps.genotype/3", None])
@pytest.mark.parametrize("fusion", [True, False])
@pytest.mark.parametrize("newer", [True, False])
@pytest.mark.parametrize("backbone", [None, 0.5, 1, "none"])
def test_the_schema_accepts_exactly_what_the_reader_accepts(schema, fusion, newer, backbone):
    genotype = random_genotype(search_space(("parsing",) if fusion else (), width=1, layers=2, fusion_layers=2), 0)
    data = data_of(genotype) | {"schema": schema}
    if newer:
        data["branches"]["upsample"]["cell"][0]["op"] = "separable_3x3"
    if backbone is not None:
        data["backbone"] = {"encoder_blocks": 0, "refine_blocks": 1, "redistill": 1.0, "restore": 0.25}
        data["backbone"] |= {} if backbone == "none" else {"fusion": backbone}
        if fusion and backbone == 0.5:
            data["branches"]["fusion"]["width"] = 2
    valid = not list(jsonschema.Draft202012Validator(json_schema("genotype")).iter_errors(data))
    assert (parses_or_is_refused(json.dumps(data)) is not None) == valid


def test_fusion_without_a_prior(mfpsnet):
    data = data_of(mfpsnet)
    for prior in PUBLISHED_PRIORS:
        del data["branches"][prior]
    assert "a fusion branch without a prior branch" in refusal(json.dumps(data))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("schema: 1", "not JSON"),
        ("[" * 100_000, "nested more than 32 deep"),
        ("[]", "not a list"),
        ("null", "not a NoneType"),
        ('{"schema": 1, "schema": 1}', "key 'schema' occurs twice"),
        ('{"schema": NaN}', "NaN is not a JSON number"),
        ('{"schema": -Infinity}', "-Infinity is not a JSON number"),
        ('{"schema": 1e999}', "1e999 is too large"),
        ('{"schema": 1' + "0" * 5000 + "}", "more than 100 digits"),
    ],
    ids=lambda value: value[:20],
)
def test_texts_that_are_not_a_genotypes_json_object(text, named):
    assert named in refusal(text)


@pytest.mark.parametrize("depth", [10, 200, 300, 900, 2000])
def test_a_deeply_nested_provenance_is_kept_or_refused(depth):
    text = random_genotype(search_space(), 0).to_json().replace('"seed": 0', '"seed": ' + "[" * depth + "]" * depth)
    parses_or_is_refused(text)


def test_text_that_is_not_unicode(mfpsnet):
    data = data_of(mfpsnet) | {"provenance": {"by": "\ud800"}}
    assert "provenance: not Unicode" in refusal(json.dumps(data))


@given(json_values)
@settings(max_examples=60)
def test_no_json_breaks_the_reader(value):
    parses_or_is_refused(json.dumps(value))
    parses_or_is_refused(json.dumps({"schema": "mfps.genotype/1", "branches": value}))
    parses_or_is_refused(json.dumps({**WIDE_DATA, "backbone": value}))


@given(st.data())
@settings(max_examples=60)
def test_no_mutation_of_a_genotypes_text_breaks_the_reader(data):
    text = random_genotype(search_space(("parsing",), layers=2, fusion_layers=2), 0).to_json()
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 12))
    inserted = data.draw(st.sampled_from(['"', "{", "[", "]", "null", "true", "1.0", "-1", "1e9", ""]) | st.text())
    parses_or_is_refused(text[:start] + inserted + text[start + length :])


@given(st.data())
@settings(max_examples=60)
def test_no_value_in_any_place_breaks_the_reader_and_the_schema_knows_at_least_as_much(data):
    plain = random_genotype(search_space(("parsing",), layers=2, fusion_layers=2), 0)
    document = data_of(data.draw(st.sampled_from([plain, wide_genotype(("parsing",), layers=2)])))
    place = document
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(json_values | st.sampled_from([1, 2, 4, 8, "s0", "n0", "n1", "skip"]))
    if parses_or_is_refused(json.dumps(document)) is not None:
        jsonschema.validate(document, json_schema("genotype"))


def test_the_json_schema_accepts_published_and_refuses_unknown_keys(mfpsnet):
    jsonschema.Draft202012Validator.check_schema(json_schema("genotype"))
    jsonschema.validate(data_of(mfpsnet), json_schema("genotype"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data_of(mfpsnet) | {"date": 1}, json_schema("genotype"))


def test_reading_files_folders_and_names(mfpsnet, tmp_path):
    (tmp_path / "genotype.json").write_text("\ufeff" + mfpsnet.to_json(), encoding="utf-8")
    assert read_genotype(tmp_path) == read_genotype(str(tmp_path / "genotype.json")) == mfpsnet
    assert read_genotype("mfpsnet").hash == mfpsnet.hash


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not UTF-8 text"),
        (b"{}", "schema is None"),
        (b" " * (MAX_GENOTYPE_BYTES + 1), "too large"),
        (None, "no genotype"),
    ],
    ids=["binary", "empty", "large", "missing"],
)
def test_files_that_are_not_genotypes(tmp_path, content, named):
    file = tmp_path / "some.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(MfpsError, match=named) as caught:
        read_genotype(file)
    assert "some.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_name_lists_the_published_ones():
    with pytest.raises(MfpsError, match=r"'mfpsnett'.*mfpsnet"):
        read_genotype("mfpsnett")


def test_writing_makes_folders_and_overwrites_nothing(mfpsnet, tmp_path):
    file = tmp_path / "new" / "some.json"
    write_genotype(mfpsnet, file)
    assert read_genotype(file) == mfpsnet
    with pytest.raises(MfpsError, match=r"some\.json: already exists"):
        write_genotype(mfpsnet.with_width(4), file)
    assert read_genotype(file) == mfpsnet
    with pytest.raises(MfpsError, match="cannot be written"):
        write_genotype(mfpsnet, file / "below.json")
