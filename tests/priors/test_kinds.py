"""Laws that hold for every row of the table of priors; a new row is tested without a change here."""

import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
from mfps.genotypes.prior_branches import PRIOR_BRANCHES
from mfps.priors.kinds import PRIOR_KINDS
from mfps.priors.parsing.kind import PARSING
from mfps.priors.parsing.label_maps import write_label_map
from mfps.priors.prior_kind import RGB, ExternalSources

KINDS = pytest.mark.parametrize("kind", PRIOR_KINDS.values(), ids=lambda kind: kind.name)


def test_both_tables_have_the_same_priors():
    assert set(PRIOR_KINDS) == set(PRIOR_BRANCHES)


@KINDS
def test_a_row_is_complete(kind):
    assert bool(kind.shared_files) == (kind.open_shared is not None)
    arrays = all(pattern.endswith((".npy", ".safetensors")) for pattern in kind.patterns)
    assert arrays or kind.open_files is not None
    assert set(kind.requires) <= {field.name for field in fields(ExternalSources)}


@KINDS
def test_its_channels_are_those_of_its_branch(kind):
    assert kind.found_channels(False) == PRIOR_BRANCHES[kind.name].channels
    assert kind.found_channels(True) == kind.found_channels(False) + RGB * kind.picture_first


@KINDS
def test_a_flip_swaps_channels_in_pairs(kind):
    order = kind.flip_order(kind.found_channels(False))
    assert order is not None
    assert sorted(order) == list(range(len(order)))
    assert [order[order[channel]] for channel in range(len(order))] == list(range(len(order)))


@KINDS
def test_no_folder_belongs_to_two_kinds(kind):
    def folders(one):
        return {pattern.split("/")[0] for pattern in one.patterns} | set(one.shared_files)

    assert not any(folders(kind) & folders(other) for other in PRIOR_KINDS.values() if other is not kind)


@KINDS
def test_what_is_required_is_asked_for(kind, tmp_path, refused):
    kind.check_sources(ExternalSources(tmp_path, "parser", tmp_path))
    for what in kind.requires:
        with refused(f"the {kind.name} prior needs a `{what}` file"):
            kind.check_sources(ExternalSources())


def test_the_table_imports_no_slow_library():
    heavy = {"face_alignment", "transformers", "skimage", "sklearn", "scipy", "numba"}
    code = "import sys, mfps.priors.kinds; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(loaded.stdout.split())


def test_a_label_map_shows_its_colours_over_the_face(tmp_path):
    labels = np.zeros((8, 8), np.uint8)
    labels[:, 4:] = 13
    write_label_map(tmp_path / "a.png", labels)
    shown = PARSING.show(np.full((32, 32, 3), 90, np.uint8), tmp_path / "a.png")
    assert (shown.shape, shown.dtype) == ((32, 32, 3), np.uint8)
    assert (shown[:, :16] == shown[0, 0]).all()
    assert (shown[:, 16:] == shown[0, 31]).all()
    assert not np.array_equal(shown[0, 0], shown[0, 31])
