import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.genotypes.diff import diff_genotypes
from mfps.genotypes.formats.genotype_import import import_genotype, write_arrays
from mfps.genotypes.formats.published_arrays import CELL_FILE, PATH_FILE, PUBLISHED_BRANCHES, PUBLISHED_OPERATIONS
from mfps.genotypes.genotype_file import parse_genotype
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import search_space

from ..wide_genotypes import WIDE, wide_genotype

CELL = "('skip', 0), ('conv_3x3', 1), ('conv_5x5', 2), ('conv_7x7', 0), ('skip', 3), ('skip', 1)"


@pytest.fixture
def arrays(tmp_path, mfpsnet):
    """The published architecture as arrays."""
    folder = tmp_path / "arrays"
    folder.mkdir()
    write_arrays(mfpsnet, folder)
    return folder


@pytest.fixture
def darts(tmp_path):
    file = tmp_path / "darts.txt"
    file.write_text(f"Genotype(normal=[{CELL}], normal_concat=range(2, 5))")
    return file


@settings(max_examples=20)
@given(st.sets(st.sampled_from(PUBLISHED_PRIORS)), st.integers(1, 16), st.integers(0, 999))
def test_export_then_import_gives_the_same_architecture(tmp_path_factory, priors, width, seed):
    names = sorted(priors, key=PUBLISHED_PRIORS.index)
    genotype = random_genotype(search_space(names, width=width, operations=PUBLISHED_OPERATIONS), seed)
    folder = tmp_path_factory.mktemp("arrays")
    written = write_arrays(genotype, folder)
    assert len(written) == 2 * len(genotype.present)
    imported = import_genotype(folder, width=width)
    assert imported.hash == genotype.hash
    assert parse_genotype(imported.to_json(), "again") == imported


def test_a_genotype_that_cannot_be_exported_leaves_nothing(tmp_path, mfpsnet, refused):
    dictionary = mfpsnet.branches.dictionary
    newer = [dictionary.cell[0].model_copy(update={"op": "conv_9x9"}), *dictionary.cell[1:]]
    branches = mfpsnet.branches.model_copy(update={"dictionary": dictionary.model_copy(update={"cell": newer})})
    with refused("dictionary: edge .* has the operation conv_9x9, which the published arrays cannot hold"):
        write_arrays(mfpsnet.model_copy(update={"branches": branches}), tmp_path)
    assert not list(tmp_path.iterdir())


@settings(max_examples=10)
@given(WIDE)
def test_a_genotype_with_a_backbone_cannot_be_exported(tmp_path_factory, genotype):
    folder = tmp_path_factory.mktemp("arrays")
    with pytest.raises(MfpsError, match="random: it has a backbone of its own, which the published arrays cannot hold"):
        write_arrays(genotype, folder)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("seed", range(4))
def test_what_goes_into_a_genotype_with_a_backbone_keeps_it(arrays, darts, seed):
    base = wide_genotype(PUBLISHED_PRIORS, seed)
    for source, branch in ((arrays, "upsample"), (arrays, "fusion"), (darts, "parsing")):
        imported = import_genotype(source, branch, base)
        assert imported.backbone == base.backbone
        assert {difference.branch for difference in diff_genotypes(base, imported)} == {branch}
        assert parse_genotype(imported.to_json(), "again") == imported
    alone = wide_genotype(seed=seed)
    whole = import_genotype(arrays, into=alone)
    assert alone.backbone is not None
    assert whole.backbone == alone.backbone.model_copy(update={"fusion": 1.0})


def test_a_newer_operation_in_a_text_needs_a_genotype_with_a_backbone(tmp_path, mfpsnet, refused):
    file = tmp_path / "darts.txt"
    file.write_text(f"Genotype(normal=[{CELL.replace('conv_5x5', 'separable_5x5')}])")
    with refused("darts.txt: separable_5x5 in mfps.genotype/1, which knows only skip, .*: use mfps.genotype/2"):
        import_genotype(file, into=mfpsnet)
    imported = import_genotype(file, into=wide_genotype())
    assert "separable_5x5" in imported.branches.upsample.operations.values()


def test_provenance_names_the_source_and_its_files(arrays, mfpsnet):
    imported = import_genotype(arrays)
    assert imported.hash == mfpsnet.hash
    assert imported.name == "arrays"
    assert imported.provenance["kind"] == "imported"
    assert imported.provenance["branches"] == list(PUBLISHED_BRANCHES)
    digests = imported.provenance["sha256"]
    assert digests.keys() == {
        f"arrays/{branch}/{file}" for branch in PUBLISHED_BRANCHES for file in (PATH_FILE, CELL_FILE)
    }
    assert all(len(digest) == 64 for digest in digests.values())
    assert "into" not in imported.provenance


@pytest.mark.parametrize("branch", PUBLISHED_BRANCHES)
def test_one_branch_goes_into_a_genotype(arrays, branch):
    base = random_genotype(search_space(PUBLISHED_PRIORS, width=4), 3)
    for source in (arrays, arrays / branch):
        imported = import_genotype(source, branch, base)
        assert {difference.branch for difference in diff_genotypes(base, imported)} == {branch}
        widths = {name: found.width for name, found in imported.present.items()}
        assert widths == {name: found.width for name, found in base.present.items()}
        assert imported.provenance["into"] == base.hash
        assert imported.provenance["branches"] == [branch]


def test_a_folder_of_arrays_alone_is_the_upsample_branch(arrays, mfpsnet):
    imported = import_genotype(arrays / "upsample")
    assert list(imported.present) == ["upsample"]
    assert imported.present["upsample"] == mfpsnet.present["upsample"]
    assert import_genotype(arrays, "upsample", width=3).present["upsample"].width == 3


def test_a_wider_import_widens_fusion(arrays, mfpsnet):
    assert import_genotype(arrays, width=16).hash == mfpsnet.with_width(16).hash


def test_a_text_gives_a_branch_its_cell(darts, mfpsnet):
    imported = import_genotype(darts, "parsing", mfpsnet)
    assert imported.present["parsing"].path == mfpsnet.present["parsing"].path
    ops = [kept.op for kept in imported.present["parsing"].cell]
    assert sorted(ops) == sorted(["skip", "conv_3x3", "conv_5x5", "conv_7x7", "skip", "skip"])
    assert {difference.branch for difference in diff_genotypes(mfpsnet, imported)} == {"parsing"}
    assert list(imported.provenance["sha256"]) == ["darts.txt"]


def test_a_pairing_that_matters_is_recorded(arrays, mfpsnet):
    assert import_genotype(arrays, pairing="published").provenance == import_genotype(arrays).provenance
    rows = np.load(arrays / "heatmap" / CELL_FILE)
    np.save(arrays / "heatmap" / CELL_FILE, rows[[1, 0, 2, 3, 4, 5]])
    for pairing in ("rows", "published"):
        imported = import_genotype(arrays, pairing=pairing)
        assert imported.provenance["rows_out_of_order"] == ["heatmap"]
        assert imported.provenance["pairing"] == pairing
        assert parse_genotype(imported.to_json(), "again") == imported
        changed = {difference.branch for difference in diff_genotypes(mfpsnet, imported)}
        assert changed == ({"heatmap"} if pairing == "published" else set())


def test_sources_that_do_not_make_a_network(arrays, darts, mfpsnet, tmp_path, refused):
    with refused("`branch` 'nose' is not known; choose from upsample"):
        import_genotype(arrays, "nose")
    with refused("`pairing` 'columns' is not known; choose from rows, published"):
        import_genotype(arrays, pairing="columns")
    with refused("darts.txt: a text names the edge of each operation; leave out `pairing` published"):
        import_genotype(darts, into=mfpsnet, pairing="published")
    with refused("arrays/heatmap: holds only heatmap; name the genotype .* `into`"):
        import_genotype(arrays / "heatmap", "heatmap")
    with refused("prior branches without a fusion branch"):
        import_genotype(arrays / "heatmap", "heatmap", import_genotype(arrays, "upsample"))
    with refused("darts.txt: holds a cell but no path; .* `into`"):
        import_genotype(darts)
    with refused("no net_path.npy in it, nor in a folder named after a branch"):
        import_genotype(tmp_path)
    with refused("nowhere: there is no such text"):
        import_genotype(tmp_path / "nowhere")
    darts.write_text(f"Genotype(normal=[{CELL.replace('1)', '0)', 1)}])")
    with refused("node n0 takes .'s0', 's0'."):
        import_genotype(darts, into=mfpsnet)
    with refused("width.*greater than or equal to 1"):
        import_genotype(arrays, width=0)
    np.save(arrays / "fusion" / PATH_FILE, np.array([3]))
    with refused("fusion: illegal path"):
        import_genotype(arrays)
