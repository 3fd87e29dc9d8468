import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.files.sealed_json import check_of
from mfps.genotypes.evaluations import EVALUATIONS, measured, read_evaluations
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space

from .wide_genotypes import wide_genotype

GENOTYPES = [random_genotype(search_space(("parsing",), width=1, layers=2, fusion_layers=2), seed) for seed in range(2)]
GENOTYPES.append(wide_genotype(("parsing",)))


@pytest.fixture
def lines(tmp_path):
    found = [measured(genotype, 20 + i / 7, (10 + i, 20 + i), "a" * 64) for i, genotype in enumerate(GENOTYPES)]
    written = [evaluation.line for evaluation in found]
    (tmp_path / EVALUATIONS).write_text("".join(f"{line}\n" for line in written))
    return written


def test_what_is_written_is_read_back(lines, tmp_path):
    found, size = read_evaluations(tmp_path)
    assert [evaluation.line for evaluation in found] == lines
    assert [evaluation.genotype.hash for evaluation in found] == [genotype.hash for genotype in GENOTYPES]
    assert [evaluation.psnr for evaluation in found] == [20, 20 + 1 / 7, 20 + 2 / 7]
    assert size == (tmp_path / EVALUATIONS).stat().st_size


def test_a_folder_without_any_has_none(tmp_path):
    assert read_evaluations(tmp_path) == ([], 0)


@pytest.mark.parametrize("cut", [1, 5, 300])
def test_a_torn_last_line_is_left_out(lines, tmp_path, cut):
    file = tmp_path / EVALUATIONS
    content = file.read_bytes()
    file.write_bytes(content[:-cut])
    found, size = read_evaluations(tmp_path)
    assert [evaluation.line for evaluation in found] == lines[:2]
    assert size == len("".join(f"{line}\n" for line in lines[:2]))


@given(st.integers(0, 2), st.integers(0, 10**6), st.characters(min_codepoint=32, max_codepoint=126))
def test_an_edited_line_is_refused_by_its_number(tmp_path_factory, number, place, character):
    folder = tmp_path_factory.mktemp("edited")
    written = [measured(genotype, 20.5, (1, 2), "a" * 64).line for genotype in GENOTYPES]
    line = written[number]
    place %= len(line)
    written[number] = line[:place] + character + line[place + 1 :]
    (folder / EVALUATIONS).write_text("".join(f"{line}\n" for line in written))
    message = ""
    try:
        assert [found.line for found in read_evaluations(folder).found][number] == line
    except MfpsError as error:
        message = str(error)
    assert not message or message.startswith(f"{folder / EVALUATIONS}, line {number + 1}: ")
    assert "\n" not in message


def test_a_line_with_a_check_of_its_own_must_still_be_true(tmp_path, lines, refused):
    content = json.loads(lines[0])
    del content["check"]
    for change, rule in (
        ({"hash": "0" * 64}, "line 1: its hash is not that of its genotype"),
        ({"psnr": "high"}, "line 1: psnr: must be a number"),
        ({"flops": -1}, "line 1: flops: must be greater"),
        ({"note": 1}, "line 1: note: is not permitted"),
    ):
        forged = {**content, **change}
        (tmp_path / EVALUATIONS).write_text(json.dumps({**forged, "check": check_of(forged)}) + "\n")
        with refused(rule):
            read_evaluations(tmp_path)


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\xff", b"\n"], ids=["byte order mark", "no UTF-8", "blank"])
def test_a_file_that_an_editor_changed_is_refused_and_stays(lines, tmp_path, refused, before):
    (tmp_path / EVALUATIONS).write_bytes(before + (tmp_path / EVALUATIONS).read_bytes())
    with refused("evaluations.jsonl, line 1: .*remove this line"):
        read_evaluations(tmp_path)


@pytest.mark.parametrize("psnr", [float("nan"), float("inf")])
def test_only_finite_numbers_are_kept(psnr, refused):
    with refused("not a finite number"):
        measured(GENOTYPES[0], psnr, (1, 2), "a" * 64)
