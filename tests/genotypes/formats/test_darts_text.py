import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.genotypes.formats.darts_text import MAX_DARTS_BYTES, NAMES, STATES, read_darts_cell
from mfps.genotypes.space import NODES

GOOD = "('skip_connect', 0), ('conv_3x3', 1), ('conv_5x5', 2), ('conv_7x7', 0), ('identity', 3), ('skip', 1)"
EDGES = [("s0", "n0"), ("s1", "n0"), ("n0", "n1"), ("s0", "n1"), ("n1", "n2"), ("s1", "n2")]
OPS = ["skip", "conv_3x3", "conv_5x5", "conv_7x7", "skip", "skip"]


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "darts.txt").write_text(text)
        return tmp_path / "darts.txt"

    return write


@pytest.mark.parametrize(
    "text",
    [
        f"Genotype(normal=[{GOOD}], normal_concat=range(2, 5), reduce=[], reduce_concat=[])",
        f"MINE = Genotype(normal=({GOOD}), normal_concat=[2, 3, 4])\n",
        f"\ufeff# found on a Tuesday\nGenotype(\n  normal=[{GOOD}],\n)",
        f"Genotype(reduce=3, reduce_concat=open('x'), normal=[{GOOD}])",
    ],
)
def test_one_cell_is_read(written, text):
    cell = read_darts_cell(written(text))
    assert [(kept.source, kept.target) for kept in cell] == EDGES
    assert [kept.op for kept in cell] == OPS


def test_the_other_cell(written, refused):
    file = written(f"Genotype(reduce=[{GOOD}], reduce_concat=range(2, 5))")
    assert [kept.op for kept in read_darts_cell(file, "reduce")] == OPS
    with refused("its Genotype has no `normal`, only reduce, reduce_concat"):
        read_darts_cell(file)


pairs = st.tuples(st.sampled_from(sorted(NAMES)), st.integers(0, 1))


@settings(max_examples=40)
@given(st.tuples(*(st.tuples(st.sampled_from(sorted(NAMES)), st.integers(0, 1 + i // 2)) for i in range(6))))
def test_every_legal_cell_is_read_as_it_stands(tmp_path_factory, drawn):
    file = tmp_path_factory.getbasetemp() / "drawn.txt"
    file.write_text(f"Genotype(normal={list(drawn)!r})")
    cell = read_darts_cell(file)
    assert [(kept.source, kept.op) for kept in cell] == [(STATES[state], NAMES[op]) for op, state in drawn]
    assert [kept.target for kept in cell] == [node for node in NODES for _ in range(2)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "holds 0 Genotype"),
        ("Genotype(", "not a text `Genotype"),
        ("(" * 5000, "not a text `Genotype"),
        ("x = 1 + " + "-" * 20000 + "1", "not a text `Genotype|holds 0 Genotype"),
        ("__import__('os').mkdir('made')", "holds 0 Genotype"),
        (f"Genotype([{GOOD}])", "with named fields"),
        (f"Genotype(normal=[{GOOD}])\nGenotype(normal=[{GOOD}])", "holds 2 Genotype"),
        ("Genotype(normal=__import__('os').mkdir('made'))", "normal is not a list of"),
        ("Genotype(normal=[('skip', True)] * 6)", "normal is not a list of"),
        ("Genotype(normal=[('skip', True)])", "normal is not a list of"),
        ("Genotype(normal=[('skip',)])", "normal is not a list of"),
        (
            f"Genotype(normal=[{GOOD}, ('skip', 0), ('skip', 1)])",
            "normal has 8 .* pairs; our cell has 3 nodes with 2 each",
        ),
        (f"Genotype(normal=[{GOOD.replace('conv_5x5', 'sep_conv_5x5')}])", "'sep_conv_5x5' is not in our search space"),
        (
            f"Genotype(normal=[{GOOD.replace(', 2)', ', 3)')}])",
            r"normal\[2\]: node n1 takes state 3; it can take 0 to 2",
        ),
        (f"Genotype(normal=[{GOOD.replace(', 2)', ', -1)')}])", "node n1 takes state -1"),
        (f"Genotype(normal=[{GOOD}], normal_concat=range(2, 6))", "normal_concat is range.2, 6.; our cell"),
        (f"Genotype(normal=[{GOOD}], normal_concat=[2, 3])", "normal_concat is .2, 3.; our cell"),
        (f"Genotype(normal=[{GOOD}], normal_concat=None)", "normal_concat is None"),
        ("#" * (MAX_DARTS_BYTES + 1), "too large"),
    ],
    ids=lambda value: value[:40],
)
def test_texts_without_a_cell_of_our_search_space(written, refused, tmp_path, monkeypatch, text, named):
    monkeypatch.chdir(tmp_path)
    with refused(f"darts.txt: {named}|darts.txt: .*{named}"):
        read_darts_cell(written(text))
    assert not (tmp_path / "made").exists()


def test_files_that_are_not_texts(tmp_path, refused):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with refused("binary: the text is not UTF-8"):
        read_darts_cell(tmp_path / "binary")
    with refused("none: there is no such text; give a text with"):
        read_darts_cell(tmp_path / "none")


@settings(max_examples=60)
@given(st.data())
def test_no_change_to_a_text_breaks_the_reader(tmp_path_factory, data):
    text = f"Genotype(normal=[{GOOD}], normal_concat=range(2, 5))"
    start = data.draw(st.integers(0, len(text)))
    inserted = data.draw(st.sampled_from(["(", "]", "**x", "'", "lambda: 0", "\x00", "*[1]", "f'{x}'", ""]) | st.text())
    file = tmp_path_factory.getbasetemp() / "mutated.txt"
    file.write_text(
        text[:start] + inserted + text[start + data.draw(st.integers(0, 9)) :], encoding="utf-8", errors="replace"
    )
    message = ""
    try:
        assert len(read_darts_cell(file)) == 6
    except MfpsError as error:
        message = str(error)
    assert "\n" not in message
