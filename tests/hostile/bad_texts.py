"""Untrusted texts: genotypes, configurations, lists, landmark files, histories."""

# ruff: noqa: E501 - one case per line

import json
from typing import Any

from mfps.genotypes.genotype_file import read_genotype

READ = ""

DEEP = 100_000

NUMBERS = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 900_000, "-" + "9" * 5000, "1e-999999", "0x10",
           "01", "1_000", "\u0663")  # fmt: skip
"""Numbers that are none in JSON, or that no computer should be made to read."""

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**90, 1.5, 1e308, "", "x" * 100_000, "\ud800", "\x1b[2J", "../..", [], [[]], {}, {"": 1},
    [1] * 10_000, {"a": {"b": [{}]}}, [None] * 3, "NaN", {str(i): i for i in range(5000)},
)  # fmt: skip
"""What may stand where another value should."""


def genotype_text() -> str:
    return read_genotype("mfpsnet").to_json()


DARTS = {
    "deep lists": ("Genotype(normal=" + "[" * 5000 + ")", "not a text"),
    "deep signs": ("Genotype(normal=" + "-" * 90_000 + "1)", "not a text|is not a list"),
    "deep sums": ("Genotype(normal=" + "1+" * 40_000 + "1)", "not a text|is not a list"),
    "deep attributes": ("Genotype(normal=a" + ".a" * 40_000 + ")", "not a text|is not a list"),
    "deep calls": ("Genotype(normal=a" + "()" * 40_000 + ")", "not a text|is not a list"),
    "an endless number": ("Genotype(normal=[" + "9" * 9000 + "])", "not a text|is not a list"),
    "an endless state": ("Genotype(normal=[('skip', 0x" + "f" * 9000 + ")," + "('skip', 0)," * 5 + "])", "takes state"),
    "a long concat": (
        "Genotype(normal=[" + "('skip', 0),('skip', 1)," * 3 + "], normal_concat=" + "-" * 500 + "1)",
        "concat",
    ),
    "an odd escape": ("Genotype(normal=['\\d', 1if 1else 2])", "is not a list"),
    "code": ("Genotype(normal=__import__('os').system('ls'))", "is not a list"),
    "nothing": ("", "holds 0 Genotype"),
    "a null byte": ("Genotype(\0)", "not a text"),
    "large": ("#" * 100_001, "too large"),
}
"""Texts of DARTS, each with what the message says."""


def bad_json(whole: str, key: str) -> dict[str, tuple[str, str]]:
    """Ways to break any JSON object, each with what the message says.

    Args:
        whole: a good document.
        key: one of its outermost keys.
    """
    head = '{"' + key + '": '
    return {
        "empty": ("", "not JSON|no known format|is empty"),
        "blank": (" \n" * 99, "not JSON|no known format|is empty"),
        "cut": (whole[: len(whole) // 2], "not JSON"),
        "another": (whole + whole, "not JSON"),
        "a list": ("[1, 2]", "JSON"),
        "a number": ("3", "JSON|no known format"),
        "single quotes": (head.replace('"', "'") + "1}", "not JSON"),
        "a comment": (head + "1} // a note", "not JSON"),
        "key twice": (head + "{}, " + head[1:] + "{}}", f"key '{key}' occurs twice"),
        "key twice below": (head + '{"a": 1, "a": 2}}', "key 'a' occurs twice"),
        "key of a page": (head + '{"' + "k" * 5000 + '": 1}}', "longer than 1024 characters"),
        "key of controls": (head + '{"\\u001b[2J\\n": 1}}', "not printable"),
        "half a character": (head + '{"\\ud800": 1}}', "not printable"),
        "deep lists": (head + "[" * DEEP + "]" * DEEP + "}", "nested more than 32 deep"),
        "deep objects": (head + '{"a":' * DEEP + "1" + "}" * DEEP + "}", "nested more than 32 deep"),
        "rather deep": (head + "[" * 40 + "]" * 40 + "}", "nested more than 32 deep"),
        **{f"number {number[:9]}": (head + number + "}", "number|not JSON|digits|JSON object|is no list|must be")
           for number in NUMBERS},
    }  # fmt: skip


def bad_yaml() -> dict[str, tuple[str, str]]:
    """Configurations, each with what the message says."""
    laughs = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))
    return {
        "aliases of aliases": (laughs, "line 1: anchors and aliases"),
        "an alias": ("a: *b", "line 1: anchors and aliases"),
        "a merge key": ("<<: {width: 1}\n<<: {width: 2}", "line 2: '<<' is given twice"),
        "code": ("a: !!python/object/apply:os.system [ls]", "line 1: the tag '.*os.system' is not read"),
        "a tag": ("epochs: !!int '3'", "line 1: the tag"),
        "deep lists": ("a: " + "[" * 5000, "line 1: nested more than 8 deep"),
        "deep dictionaries": ("a: " + "{a: " * 5000, "line 1: nested more than 8 deep"),
        "deep blocks": ("- " * 5000, "line 1: nested more than 8 deep"),
        "key twice": ("epochs: 1\nseed: 2\nepochs: 3", "line 3: 'epochs' is given twice"),
        "key twice below": ("a: {b: 1, b: 2}", "line 1: 'b' is given twice"),
        "a list as a key": ("? [a, b]\n: 1", "line 1: a list or dictionary is not an option's name"),
        "a number as a key": ("3: 1", "option: value"),
        "nothing": ("", "option: value"),
        "a list": ("- 1\n- 2", "option: value"),
        "two documents": ("a: 1\n---\nb: 2", "line 2: not YAML"),
        "cut": ("a: [1, 2\nb: 3", "line 2: not YAML"),
        "a tab": ("a:\n\t- 1", "line 2: not YAML"),
        "controls": ("a: \x07", "not YAML"),
        "not a number": ("lr: .nan", "line 1: '.nan' is not a finite number"),
        "infinite": ("lr: -.inf", "line 1: '-.inf' is not a finite number"),
        "endless": ("epochs: " + "9" * 5000, "line 1: a number of 5000 digits"),
        "endless in base 16": ("epochs: 0x" + "f" * 90_000, "line 1: a number of 90002 digits"),
        "endless in base 60": ("epochs: 1" + ":59" * 9000, "line 1: a number of 27001 digits"),
        "a day that is none": ("seed: 2001-02-31", READ),  # text, not a date, and so no seed: the model refuses it
        "large": ("# " + "x" * 100_000, "too large for a configuration"),
    }  # fmt: skip


def bad_lists() -> dict[str, tuple[bytes, str]]:
    """Lists for a folder with `a.png` in it, each with what the message says."""
    return {
        "up": (b"../secret.png", "leads out"),
        "up and down": (b"sub/../../secret.png", "leads out"),
        "up within": (b"sub/../a.png", "goes up with `..`"),
        "up the other way": (b"..\\secret.png", "leads out"),
        "absolute": (b"/etc/passwd", "leads out"),
        "a drive": (b"C:\\a.png", "leads out"),
        "a share": (b"\\\\host\\a.png", "leads out"),
        "an address": (b"file:///etc/passwd", "not the path of a photograph"),
        "the folder": (b".", "not the path of a photograph"),
        "home": (b"~/a.png", "1 of 1 photographs are missing"),
        "a variable": (b"$HOME/a.png", "1 of 1 photographs are missing"),
        "through a file": (b"a.png/b.png", "1 of 1 photographs are missing"),
        "a null byte": (b"a.png\0.txt", "is not a photograph's name"),
        "an escape": (b"\x1b[2Ja.png", "is not a photograph's name"),
        "a separator": ("a\u2028b.png".encode(), "is not a photograph's name"),
        "twice": (b"a.png\n./a.png", "line 2: a.png is on line 1 already"),
        "twice the other way": (b"a.png\r\na.png\r\n", "line 2: a.png is on line 1 already"),
        "a long name": (b"x" * 300, "1 of 1 photographs are missing"),
        "a line of a megabyte": (b"x" * 1_000_000, "1 of 1 photographs are missing"),
        "a long path": (b"/".join([b"x" * 200] * 100)[1:], "1 of 1 photographs are missing"),
        "missing ones": (b"\n".join(b"%d.png" % i for i in range(50_000)), "50000 of 50000 photographs are missing"),
        "blank lines": (b"\n" * 4_000_000, "names no photograph"),
        "empty": (b"", "names no photograph"),
        "comments": (b"# a.png", "names no photograph"),
        "binary": (b"\x89PNG\r\n\x1a\n\xff", "not UTF-8 text"),
        "UTF-16": ("a.png".encode("utf-16"), "not UTF-8 text"),
        "a folder": (b"sub", "1 of 1 photographs are missing"),
        "good": (b"\xef\xbb\xbfa.png\n", READ),
        "spaces": (b"  a.png  \n\n", READ),
    }


def landmarks(**changes: Any) -> str:
    """A landmark file of our own, with anything of it changed."""
    face: dict[str, Any] = {"size": [24, 24], "points": [[1, 2], None]} | changes.pop("face", {})
    return json.dumps({"scheme": "points-2", "faces": {"a.png": face}} | changes)


def bad_landmarks() -> dict[str, tuple[str, str]]:
    """Landmark files of our own, each with what the message says."""
    return {
        **bad_json(landmarks(), "faces"),
        "up": (landmarks(faces={"../a.png": {}}), "is not the name of a photograph"),
        "absolute": (landmarks(faces={"/etc/passwd": {}}), "is not the name of a photograph"),
        "no name": (landmarks(faces={"": {}}), "is not the name of a photograph"),
        "no scheme": (landmarks(scheme=None), "scheme"),
        "faces in a list": (landmarks(faces=[]), "faces"),
        "a face of text": (landmarks(faces={"a.png": "x"}), "a.png"),
        "size of one": (landmarks(face={"size": [3]}), "a.png: size"),
        "size of text": (landmarks(face={"size": "large"}), "a.png: size"),
        "points of text": (landmarks(face={"points": [["left", 1]]}), "a.png: points"),
        "points that are true": (landmarks(face={"points": [[True, 1]]}), "a.png: points"),
        "points of three": (landmarks(face={"points": [[1, 2, 3]]}), "a.png: points"),
        "a point of NaN": (landmarks(face={"points": [[float("nan"), 2], None]}), "NaN is not a JSON number"),
        "no points": (landmarks(face={"points": None}), "a.png: points"),
    }


def bad_tables() -> dict[str, tuple[bytes, str]]:
    """Landmarks in other people's formats, each with what the message says."""
    marks = "<part name='{}' x='1' y='2'/>"
    xml = "<dataset><images><image file='{}'><box left='0' top='0' width='9' height='9'>{}</box></image></images></dataset>"
    entities = "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10))
    return {
        "laughs.xml": (f"<!DOCTYPE d [<!ENTITY a0 'ha'>{entities}]><dataset>&a9;</dataset>".encode(), "document type"),
        "outside.xml": (b"<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><dataset>&a;</dataset>", "document type"),
        "parameter.xml": (b"<!DOCTYPE d [<!ENTITY % a SYSTEM 'http://localhost:1/a'> %a;]><dataset/>", "document type"),
        "undefined.xml": (b"<dataset>&a;</dataset>", "not well-formed"),
        "include.xml": (b"<dataset xmlns:x='http://www.w3.org/2001/XInclude'><x:include href='/etc/passwd'/></dataset>",
                        "no landmarks"),
        "deep.xml": (b"<dataset>" + b"<a>" * DEEP, "elements nested more than 16 deep"),
        "cut.xml": (xml.format("a", marks.format(0))[:-30].encode(), "not well-formed"),
        "encoding.xml": (b"<?xml version='1.0' encoding='" + b"x" * 999 + b"'?><dataset/>", "not well-formed"),
        "another.xml": (b"<html/>", "not <html>"),
        "numbers.xml": (xml.format("a", marks.format("9" * 5000)).encode(), "not a whole number"),
        "a high part.xml": (xml.format("a", marks.format("9999999")).encode(), "too high"),
        "part twice.xml": (xml.format("a", marks.format(0) * 2).encode(), "appears twice"),
        "name of controls.xml": (xml.format("a&#9;b", marks.format(0)).encode(), "not a photograph's name"),
        "infinite.xml": (xml.format("a", marks.format(0).replace("'1'", "'inf'")).encode(), "not a coordinate"),
        "named up.xml": (xml.format("../../etc/passwd", marks.format(0)).encode(), READ),  # a name, and never opened
        "nan.csv": (b"image,x0,y0\na,nan,1\n", "not a coordinate"),
        "infinite.csv": (b"image,x0,y0\na,1e999,1\n", "not a coordinate"),
        "digits.csv": (b"image,x0,y0\na," + b"9" * 100_000 + b",1\n", "not a coordinate"),
        "underscores.csv": (b"image,x0,y0\na,1_0,1\n", "not a coordinate"),
        "other digits.csv": ("image,x0,y0\na,\u0663,1\n".encode(), "not a coordinate"),
        "cells.csv": (b"image,x0,y0\na,1\n", "has 2 cells"),
        "header.csv": (b"image,x0,x1\na,1,2\n", "has the header"),
        "open quote.csv": (b'image,x0,y0\n"a,1,2\n', "not CSV"),
        "long cell.csv": (b"image,x0,y0\n" + b"a" * 200_000 + b",1,2\n", "not CSV"),
        "no rows.csv": (b"image,x0,y0\n", "no landmarks"),
        "null.csv": (b"image,x0,y0\na\0b,1,2\n", "CSV|not a photograph's name"),
        "a formula.csv": (b"image,x0,y0\n=cmd(),1,2\n", READ),  # a name, and never run
        "version.pts": (b"version: 9\nn_points: 1\n{\n1 2\n}\n", "version 9"),
        "count.pts": (b"version: 1\nn_points: 9999999999\n{\n1 2\n}\n", "has 1 points"),
        "nan.pts": (b"version: 1\nn_points: 1\n{\nnan 2\n}\n", "not a coordinate"),
        "three.pts": (b"version: 1\nn_points: 1\n{\n1 2 3\n}\n", "has 3 values"),
        "open.pts": (b"version: 1\nn_points: 1\n{\n1 2\n", "between a line"),
        "empty.pts": (b"version: 1\nn_points: 0\n{\n}\n", "0 points"),
        "binary.pts": (b"version: 1\n\xff", "not UTF-8 text"),
        "binary": (b"\0" * 1000, "no known format"),
        "empty": (b"", "is empty"),
        "of size 0.json": (b'{"items": [{"image": "a", "size": [0, 0], "points": [[1, 2]]}]}', "not a size"),
        "of text.json": (b'{"items": [{"image": "a", "points": [["1", "2"]]}]}', "is text"),
        "of millions.json": (b'{"items": [{"image": "a", "points": [[1e9, 2]]}]}', "not a coordinate"),
        "no name.json": (b'{"items": [{"image": "\\n", "points": [[1, 2]]}]}', "not a photograph's name"),
        "other counts.json": (b'{"items": [{"image": "a", "points": [[1, 2]]}, {"image": "b", "points": []}]}', "0 points"),
        "no version.ljson": (b'{"version": 9, "groups": {}}', "version 9"),
        "faces of numbers.json": (b'{"0": {"image": 3}}', "not an object"),
        "unknown.json": (b'{"a": 1}', "not in a form"),
    }  # fmt: skip
