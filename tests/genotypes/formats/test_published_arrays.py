import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.genotypes.branch_genotype import BranchGenotype, space_of
from mfps.genotypes.formats.published_arrays import (
    CELL_FILE,
    PAIRINGS,
    PATH_FILE,
    PUBLISHED_BRANCHES,
    PUBLISHED_OPERATIONS,
    branch_arrays,
    branch_folders,
    read_branch_arrays,
)
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import EDGES, NODES, RATES, START_RATES, search_space

CELL = [[0, 0], [1, 1], [2, 2], [3, 3], [5, 0], [8, 1]]


@st.composite
def published(draw):
    """A branch as the published code would save it: its name, legal levels, and a row for each kept edge."""
    branch = draw(st.sampled_from(PUBLISHED_BRANCHES))
    level, levels = RATES[::-1].index(START_RATES[branch]), []
    for _ in range(draw(st.integers(1, 12))):
        level = draw(st.sampled_from([near for near in (level - 1, level, level + 1) if 0 <= near < len(RATES)]))
        levels.append(level)
    rows = []
    for node in NODES:
        into = [number for number, edge in enumerate(EDGES) if edge.target == node]
        kept = draw(st.lists(st.sampled_from(into), min_size=2, max_size=2, unique=True))
        rows += [[edge, draw(st.integers(0, 3))] for edge in sorted(kept)]
    return branch, np.array(levels, draw(st.sampled_from(["u1", "i4", "i8"]))), np.array(rows)


def save(folder, path, cell):
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / PATH_FILE, path)
    np.save(folder / CELL_FILE, cell)
    return folder


@settings(max_examples=60)
@given(published(), st.randoms(use_true_random=False))
def test_import_then_export_gives_the_same_arrays(tmp_path_factory, saved, rng):
    branch, levels, rows = saved
    folder = tmp_path_factory.getbasetemp() / "arrays"
    found = branch_arrays(read_branch_arrays(save(folder, levels, rows), branch, 8), branch)
    assert found.path.tolist() == levels.tolist()
    assert found.cell.tolist() == rows.tolist()
    assert {array.dtype for array in found} == {np.dtype("int64")}
    shuffled = rng.sample(rows.tolist(), len(rows))
    assert read_branch_arrays(save(folder, levels, shuffled), branch, 8) == read_branch_arrays(folder, branch, 8)
    assert branch_arrays(read_branch_arrays(folder, branch, 8), branch).cell.tolist() == rows.tolist()


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 16))
def test_export_then_import_gives_the_same_branch(tmp_path_factory, seed, width):
    folder = tmp_path_factory.getbasetemp() / "branches"
    space = search_space(PUBLISHED_PRIORS, width=width, operations=PUBLISHED_OPERATIONS)
    for name, branch in random_genotype(space, seed).present.items():
        again = read_branch_arrays(save(folder, *branch_arrays(branch, name)), name, branch.width)
        assert again == branch
        assert space_of(again, name).is_legal(again.path)


@settings(max_examples=60)
@given(published(), st.permutations(range(6)))
def test_the_published_cell_runs_operations_in_edge_order(tmp_path_factory, saved, order):
    """Whatever order the rows are in; where it is the edges', both pairings are the same."""
    branch, levels, rows = saved
    folder = save(tmp_path_factory.getbasetemp() / "paired", levels, rows[order])
    by_rows, by_published = (read_branch_arrays(folder, branch, 8, pairing) for pairing in PAIRINGS)
    assert [kept.edge for kept in by_published.cell] == [EDGES[edge] for edge, _ in rows]
    assert [kept.op for kept in by_published.cell] == [PUBLISHED_OPERATIONS[op] for _, op in rows[order]]
    save(folder, levels, rows)
    assert by_rows == read_branch_arrays(folder, branch, 8) == read_branch_arrays(folder, branch, 8, "published")


def test_the_published_branches_are_numbered_as_published(mfpsnet):
    # Levels and [edge, operation] pairs of the published upsampling branch.
    path, cell = branch_arrays(mfpsnet.present["upsample"], "upsample")
    assert path.tolist() == [2, 1, 1, 1, 0, 1]
    assert cell.tolist() == [[0, 0], [1, 0], [2, 2], [3, 0], [7, 1], [8, 3]]


def test_a_branch_that_the_published_code_does_not_have_cannot_be_written(mfpsnet, refused):
    with refused("edges: the published code has no such branch; its branches are upsample, .*: keep the JSON file"):
        branch_arrays(mfpsnet.present["heatmap"], "edges")


def test_an_operation_without_a_published_number_cannot_be_written(mfpsnet, refused):
    branch = mfpsnet.present["heatmap"]
    newer = [branch.cell[0].model_copy(update={"op": "conv_9x9"}), *branch.cell[1:]]
    with refused(
        "heatmap: edge s0 -> n0 has the operation conv_9x9, which the published arrays cannot hold; "
        "they number skip, conv_3x3, conv_5x5, conv_7x7: keep the JSON file"
    ):
        branch_arrays(BranchGenotype.model_copy(branch, update={"cell": newer}), "heatmap")


@pytest.mark.parametrize(
    ("path", "cell", "named"),
    [
        ([[2, 1]], CELL, "net_path.npy: holds int64 .1, 2., not integers, levels"),
        ([], CELL, "net_path.npy: holds float64"),
        (np.zeros(0, int), CELL, "net_path.npy: holds int64 .0,., not integers, levels of 1 to 64 layers"),
        (np.full(65, 3), CELL, "net_path.npy: .* 1 to 64 layers"),
        (3, CELL, "net_path.npy: holds int64 .., not integers"),
        ([2.0, 1.0], CELL, "net_path.npy: holds float64 .2,., not integers"),
        ([2, 4], CELL, "net_path.npy: level 4 is not known; levels are 0 to 3"),
        ([2, -1], CELL, "net_path.npy: level -1 is not known"),
        (np.array([2**64 - 1], np.uint64), CELL, "net_path.npy: level -1 is not known"),
        ([3, 1], CELL, "illegal path: layer 1 jumps from rate 1 to 4"),
        ([1], CELL, "illegal path: it starts at rate 1 and its first cell is at rate 4"),
        ([2], CELL[:5], r"cell_structure.npy: holds int64 .5, 2., not integers, rows \[edge, operation\] .6, 2."),
        ([2], np.array(CELL).T, "cell_structure.npy: holds int64 .2, 6."),
        ([2], np.array(CELL)[None], "cell_structure.npy: holds int64 .1, 6, 2."),
        (
            [2],
            [*CELL[:5], [8, 4]],
            "cell_structure.npy: operation 4 is not known; .*skip, conv_3x3, conv_5x5",
        ),
        ([2], [*CELL[:5], [9, 1]], "cell_structure.npy: edge 9 is not known; edges are 0 to 8"),
        ([2], [*CELL[:5], [5, 1]], "node n2 takes .'s0', 's0'.: every node keeps 2 different edges"),
        ([2], [[0, 0], [1, 0], [5, 0], [6, 1], [7, 2], [8, 1]], "node n1 takes nothing"),
    ],
    ids=str,
)
def test_arrays_that_do_not_make_a_branch(tmp_path, refused, path, cell, named):
    save(tmp_path, np.array(path), np.array(cell))
    with refused(named):
        read_branch_arrays(tmp_path, "upsample", 8)


def test_files_that_are_not_arrays(tmp_path, refused):
    with refused("net_path.npy: there is no such array; a branch is a folder with net_path.npy and cell_structure.npy"):
        read_branch_arrays(tmp_path, "upsample", 8)
    save(tmp_path, [2], CELL)
    for content in (b"", b"<html>", b"\x93NUMPY\x01\x00", (tmp_path / CELL_FILE).read_bytes()[:-20]):
        (tmp_path / CELL_FILE).write_bytes(content)
        with refused("cell_structure.npy: not a plain NumPy array"):
            read_branch_arrays(tmp_path, "upsample", 8)
    np.save(tmp_path / CELL_FILE, np.array([{"a": 1}]), allow_pickle=True)
    with refused("pickled ones are refused"):
        read_branch_arrays(tmp_path, "upsample", 8)


def test_an_archive_of_arrays_is_not_an_array(tmp_path, refused):
    save(tmp_path, [2], CELL)
    with (tmp_path / PATH_FILE).open("wb") as file:
        np.savez(file, path=[2])
    with refused("net_path.npy: not a plain NumPy array"):
        read_branch_arrays(tmp_path, "upsample", 8)


def test_folders_are_recognised_by_their_names(tmp_path):
    for name in ("fusion", "upsample", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "parsing").touch()
    assert list(branch_folders(tmp_path)) == ["upsample", "fusion"]
