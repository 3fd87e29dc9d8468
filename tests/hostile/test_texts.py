"""Untrusted genotypes, configurations, histories and DARTS texts."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.files.config_model import read_yaml

from .bad_texts import DARTS, DEEP, READ, VALUES, bad_json, bad_yaml, genotype_text
from .conftest import held_to_the_law

QUICK = settings(max_examples=60)

GENOTYPES = bad_json(genotype_text(), "branches")
HISTORIES = {name: (text, outcome) for name, (text, outcome) in bad_json('{"epoch": 1}', "epoch").items()}


@pytest.mark.parametrize("name", GENOTYPES)
def test_a_bad_genotype_is_refused(checked, tmp_path, name):
    text, outcome = GENOTYPES[name]
    (tmp_path / "a.json").write_text(text)
    message = checked("genotype", tmp_path / "a.json")
    assert message
    assert re.search(f"{outcome}|schema is None", message)


@pytest.mark.parametrize("name", HISTORIES)
def test_a_bad_history_is_refused(checked, tmp_path, name):
    text, _ = HISTORIES[name]
    (tmp_path / "history.jsonl").write_text('{"epoch": 0}\n' + text.replace("\n", " "))
    message = checked("history", tmp_path / "history.jsonl")
    # Blank lines are none, and mfps itself writes NaN and Infinity.
    assert bool(message) == (name not in ("empty", "number NaN", "number Infinity", "number -Infinity", "number 1e999",
                                          "number -1e999", "number 1e-999999"))  # fmt: skip


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize(("reader", "file"), [("front", "front.json"), ("evaluations", "evaluations.jsonl")])
def test_a_bad_front_or_measurement_is_refused(checked, tmp_path, name, reader, file):
    (tmp_path / file).write_text(HISTORIES[name][0].replace("\n", " ") + "\n")
    assert checked(reader, tmp_path / file)


@pytest.mark.parametrize("name", bad_yaml())
def test_a_bad_configuration_is_refused(checked, tmp_path, name):
    text, outcome = bad_yaml()[name]
    (tmp_path / "a.yaml").write_text(text)
    message = checked("configuration", tmp_path / "a.yaml")
    assert bool(message) == (outcome != READ)
    assert re.search(outcome, message)


@pytest.mark.parametrize("name", DARTS)
def test_a_bad_text_is_refused(checked, tmp_path, name):
    text, outcome = DARTS[name]
    (tmp_path / "a.txt").write_text(text)
    message = checked("DARTS text", tmp_path / "a.txt")
    assert re.search(outcome, message)


def nodes(value, path=()):
    """The place of every value in a JSON document."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from nodes(value[key], (*path, key))


@QUICK
@given(data=st.data())
def test_any_value_in_a_genotype_may_be_another(tmp_path, data):
    document = json.loads(genotype_text())
    places = list(nodes(document))
    *above, key = data.draw(st.sampled_from(places[1:]))
    place = document
    for step in above:
        place = place[step]
    place[key] = data.draw(st.sampled_from(VALUES) | st.integers() | st.text(max_size=5))
    (tmp_path / "a.json").write_text(json.dumps(document))
    held_to_the_law("genotype", tmp_path / "a.json")


@QUICK
@given(data=st.data())
def test_any_change_to_a_text_is_read_or_refused(tmp_path, data):
    reader, name, text = data.draw(
        st.sampled_from(
            [
                ("genotype", "a.json", genotype_text()),
                ("configuration", "a.yaml", "epochs: 3\npriors: [parsing, heatmap]\nlr: 1.0e-3\nfix: {a: b}\n"),
                ("history", "history.jsonl", '{"epoch": 0, "loss": {"l1": 0.5}}\n{"epoch": 1}\n'),
                ("DARTS text", "a.txt", "Genotype(normal=[" + "('skip', 0), ('skip', 1), " * 3 + "])"),
            ]
        )
    )
    content = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content)))
        put = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"[", b"{", b'"', b"&a ", b"*a", b"!!", b"9" * 5000, b"\xff"])
        )
        content[place : place + data.draw(st.integers(0, 9))] = put
    (tmp_path / name).write_bytes(content)
    held_to_the_law(reader, tmp_path / name)


def test_what_a_text_can_say_takes_no_memory(refused_cheaply, tmp_path):
    cases = []
    for reader, name in (
        ("genotype", "a.json"), ("configuration", "a.yaml"), ("DARTS text", "a.txt"), ("history", "history.jsonl"),
        ("list", "list.txt"), ("landmarks", "a.csv"), ("landmarks.json", "landmarks.json"),
        ("dictionary.json", "d.json"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(b"{")
        with (tmp_path / name).open("r+b") as file:
            file.truncate(2**30)
        cases.append((reader, tmp_path / name))
    texts = {
        "genotype": '{"branches": [' + "[]," * 300_000 + "[]]}",
        "genotype ": genotype_text().replace('"path": [', '"path": [' + '"a", ' * 150_000, 1),
        "landmarks.json": '{"scheme": "points-2", "faces": {' + ",".join(
            f'"{i}.png": {{"size": ["a"], "points": [["a", "b"]]}}' for i in range(50_000)) + "}}",
        "landmarks.json ": '{"scheme": "x", "faces": {"a": {"size": [1, 2], "points": ['
            + '["a",1],' * 400_000 + "0]}}}",
        "landmarks": "<dataset>" + "<a>" * DEEP * 10,
        "landmarks ": '{"items": [' + "[]," * 900_000 + "1]}",
        "configuration": "a: [" + "x, " * 30_000 + "]]",
        "DARTS text": "Genotype(normal=[" + "(1, 2)," * 14_000 + "])",
    }  # fmt: skip
    for number, (reader, text) in enumerate(texts.items()):
        (tmp_path / f"{number}.txt").write_text(text)
        cases.append((reader.strip(), tmp_path / f"{number}.txt"))
    messages = refused_cheaply(cases)
    assert sum("too large" in message for message in messages) == 8


def test_a_good_configuration_is_read(tmp_path):
    (tmp_path / "a.yaml").write_text("val-list: a: b\n".replace("a: b", "'a: b'") + "lr: 1e-3\nflip: yes\nseed: 0x10\n")
    assert read_yaml(tmp_path / "a.yaml") == {"val_list": "a: b", "lr": "1e-3", "flip": True, "seed": 16}
