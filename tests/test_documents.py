"""What the documents say that can be checked without running anything."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
MADE_BY_RECIPES = {
    "priors/edges/__init__.py",
    "priors/edges/kind.py",
    "tests/priors/edges/test_kind.py",
    "nas/strategies/few_paths.py",
    "tests/nas/strategies/test_few_paths.py",
}
"""Files that CONTRIBUTING.md shows how to write."""


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


def test_every_package_has_its_row_in_the_table_of_folders():
    """The row says what the package's docstring says in its first line."""
    rows = dict(re.findall(r"^\| `([\w/]+)/` \| (.+) \|$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE))
    packages = {path.parent for path in ROOT.glob("*/**/__init__.py")} - {ROOT}
    inside = {package.relative_to(ROOT) for package in packages}
    inside = {package for package in inside if not package.parts[0].startswith((".", "build", "tests"))}
    docstrings = {
        package: ast.get_docstring(ast.parse((ROOT / package / "__init__.py").read_text())) for package in inside
    }
    assert rows == {package.as_posix(): (text or "").split("\n")[0] for package, text in docstrings.items()}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files(document):
    text = (ROOT / document).read_text()
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    for target, _, heading in (link.partition("#") for link in links):
        file = ROOT / document if not target else (ROOT / document).parent / target
        assert file.is_file(), target
        assert not heading or heading in anchors(file.read_text()), heading


def anchors(text):
    """The names that GitHub gives to headings."""
    return {
        re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_are_named_exist(document):
    named = set(re.findall(r"(?<![\w./-])((?:[\w-]+/)+[\w-]+\.py)\b", (ROOT / document).read_text()))
    named -= MADE_BY_RECIPES if document == "CONTRIBUTING.md" else set()
    assert not {name for name in named if not (ROOT / name).is_file()}
