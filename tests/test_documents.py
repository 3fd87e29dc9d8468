"""What the documents say that can be checked without running anything."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_the_layers_are_those_that_the_linter_checks(document):
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    chain = " -> ".join(layers).replace("mfps.", "")
    assert chain in re.sub(r"[\s`]+", " ", (ROOT / document).read_text())


def rows_of_deviations():
    text = (ROOT / "docs/deviations.md").read_text()
    blocks = [block.splitlines() for block in text.split("\n\n") if "|" in block]
    for header, rule, *rows in blocks:
        assert header == "| what | published | here | why | test |"
        assert re.fullmatch(r"(\|-+)+\|", rule)
        for row in rows:
            cells = [cell.strip() for cell in row.strip("|").split(" | ")]
            yield pytest.param(cells, id=cells[0])


@pytest.mark.parametrize("cells", list(rows_of_deviations()))
def test_every_deviation_has_its_reason_and_a_test(cells):
    assert len(cells) == 5
    assert all(cells)
    tests = re.findall(r"`([^`]+)`", cells[-1])
    assert tests
    assert all((ROOT / test).is_file() for test in tests)
