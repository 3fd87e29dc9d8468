import contextlib
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.errors import MfpsError
from mfps.genotypes.formats.genotype_import import import_genotype
from mfps.genotypes.formats.published_arrays import CELL_FILE, PATH_FILE
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.genotypes.space import EDGES, NODES
from mfps.inference.compile import compile_genotype
from mfps.inference.cost_report import network_config
from mfps.inference.foreign_network import import_network
from mfps.networks.network_config import NetworkConfig
from mfps.networks.state_dict_file import WRAPPERS, read_state_dict

from ..genotypes.wide_genotypes import wide_genotype
from ..published_recipe import state_of
from .published_cell import operations_of, run_cell

CHANNELS = {"parsing": 5, "heatmap": 71, "dictionary": 6}


@pytest.fixture(scope="module")
def genotype(drawn_genotype):
    return drawn_genotype(PUBLISHED_PRIORS)


@pytest.fixture(scope="module")
def official(genotype):
    """A state dict in the official layout, of a small architecture; do not change it."""
    return state_of(genotype, CHANNELS, blocks=2)


@pytest.fixture
def saved(tmp_path):
    """`saved(content)`: the file that torch.save makes of it."""

    def save(content, name="official.pth"):
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return save


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("wrapper", [None, *WRAPPERS])
def test_every_weight_arrives_in_its_place(official, genotype, saved, prefix, wrapper):
    state = {prefix + key: tensor for key, tensor in official.items()}
    file = saved(state if wrapper is None else {"epoch": 104, wrapper: state, "optimizer": {"lr": 1e-3}})
    imported = import_network(file, genotype)
    for key, tensor in imported.restorer.state_dict().items():
        assert torch.equal(tensor, official[imported.used[key]]), key
    assert {*imported.used.values(), *imported.unused} == official.keys()
    assert imported.restorer.config == NetworkConfig(iterations=2, blocks=2, prior_channels=CHANNELS)
    assert not imported.restorer.training
    assert imported.provenance["checkpoint"] == "official.pth"
    assert imported.provenance["heatmap_rgb"] is True
    assert len(imported.provenance["sha256"]) == 64


def test_a_file_of_the_old_format_is_read_too(official, genotype, tmp_path):
    torch.save(official, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert len(import_network(tmp_path / "old.pth", genotype).used) > 100


def changed(state, **changes):
    """A copy of a state dict; None removes a key."""
    return {key: tensor for key, tensor in {**state, **changes}.items() if tensor is not None}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"conv_hr.bias": None}, "1 missing: conv_hr.bias"),
        ({"conv1.bias": None}, "1 missing: conv1.bias"),
        ({"conv_hr.beta": torch.ones(8)}, "1 extra: conv_hr.beta"),
        ({"conv_hr.bias": torch.ones(9)}, r"1 misshapen: conv_hr.bias \(9,\) instead of \(8,\)"),
        ({"conv2.bias": torch.ones(2, 38)}, r"1 misshapen: conv2.bias \(2, 38\) instead of \(38,\)"),
        ({f"a{i}": torch.ones(1) for i in range(7)}, "7 extra: a0, a1, a2, ..."),
        ({"conv_hr.bias": None, "b": torch.ones(1)}, "1 missing: conv_hr.bias; 1 extra: b"),
        ({"parse_conv.weight": None}, "1 missing: parse_conv.weight"),
        ({"parse_conv.weight": torch.ones(1, 2, 3, 3)}, "priors would have"),
        ({"parse_conv.weight": torch.ones(1).expand(1, 10**9, 3, 3)}, "tensors take .* bytes, but the file has"),
        ({"conv_hr.bias": torch.ones(8).half()}, "conv_hr.bias is float16, not dense float32"),
        ({"conv_hr.bias": torch.ones(8).double()}, "conv_hr.bias is float64, not dense float32"),
        ({"conv_hr.bias": torch.ones(8).to_sparse()}, "conv_hr.bias is float32, not dense"),
        ({"conv_hr.bias": torch.full((8,), torch.nan)}, "conv_hr.bias holds values that are not finite"),
        ({"conv_hr.bias": 3}, "'conv_hr.bias' is a int, not a tensor"),
        ({"state_dict": []}, "holds a list, not a state dict"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_state_dict_that_does_not_fit(official, genotype, saved, refused, change, named):
    with refused(f"official.pth: .*{named}|official.pth: {named}"):
        import_network(saved(changed(official, **change)), genotype)


def test_half_and_double_checkpoints(official, genotype, saved, refused):
    for convert, name in ((torch.Tensor.half, "float16"), (torch.Tensor.double, "float64")):
        state = {key: convert(tensor) if tensor.is_floating_point() else tensor for key, tensor in official.items()}
        with refused(f"is {name}, not dense float32 as it must be; convert"):
            import_network(saved(state), genotype)


def test_a_checkpoint_of_another_architecture(official, drawn_genotype, saved, refused):
    with refused("not a checkpoint of genotype random .*missing.*name its own genotype as `genotype`"):
        import_network(saved(official), drawn_genotype(PUBLISHED_PRIORS, seed=5))


LEVELS = [2, 3]


@st.composite
def rows_in_any_order(draw):
    """The rows [edge, operation] of a cell, in an order that the published decoder might write, or in any other."""
    rows = []
    for node in NODES:
        into = [number for number, edge in enumerate(EDGES) if edge.target == node]
        kept = draw(st.lists(st.sampled_from(into), min_size=2, max_size=2, unique=True))
        rows += [[edge, draw(st.integers(0, 3))] for edge in kept]
    return draw(st.permutations(rows)) if draw(st.booleans()) else rows


def trained_from(rows, folder, randomised):
    """What the published code would save of an FRSNet: arrays in `folder`, `theirs.pth` with its state, its cells."""
    folder.mkdir(exist_ok=True)
    np.save(folder / PATH_FILE, LEVELS)
    np.save(folder / CELL_FILE, rows)
    state = {key: tensor for key, tensor in state_of(import_genotype(folder, width=1), {}).items() if "_ops" not in key}
    cells = [randomised(operations_of(rows, 2**level), seed) for seed, level in enumerate(LEVELS)]
    for layer, operations in enumerate(cells):
        state |= {f"sr_feature.cells.{layer}._ops.{key}": tensor for key, tensor in operations.state_dict().items()}
    torch.save(state, folder / "theirs.pth")
    return cells


@settings(max_examples=12)
@given(rows_in_any_order())
def test_published_pairing_computes_what_the_published_cell_computes(tmp_path_factory, randomised, rows):
    """For every order of the rows, through either door; and without it the reason is said."""
    folder = tmp_path_factory.getbasetemp() / "paired"
    cells, file = trained_from(rows, folder, randomised), folder / "theirs.pth"
    by_rows, paired = (import_genotype(folder, width=1, pairing=pairing) for pairing in ("rows", "published"))
    imported = import_network(file, by_rows, pairing="published")
    assert imported.genotype.hash == paired.hash
    for layer, (level, operations) in enumerate(zip(LEVELS, cells, strict=True)):
        s0, s1 = torch.rand(2, 1, 2**level, 3, 3)
        with torch.no_grad():
            ours = [*imported.restorer.paths["upsample"].cells.values()][layer](s0, s1)
            assert torch.equal(ours, run_cell(rows, operations, s0, s1))
    state = imported.restorer.state_dict()
    for genotype, pairing in ((paired, "rows"), (paired, "published")):
        again = import_network(file, genotype, pairing=pairing)
        assert again.genotype.hash == paired.hash
        assert all(torch.equal(tensor, state[key]) for key, tensor in again.restorer.state_dict().items())
    if by_rows.hash == paired.hash:
        assert "paired_from" not in imported.genotype.provenance
        return
    assert imported.genotype.provenance["paired_from"] == by_rows.hash
    with pytest.raises(MfpsError, match=r"theirs.pth: runs the operations .* with `pairing` published"):
        import_network(file, by_rows)


def test_a_pairing_does_not_make_another_architecture_fit(official, genotype, drawn_genotype, saved, refused):
    file = saved(official)
    with refused("not a checkpoint of genotype random .*missing.*name its own genotype"):
        import_network(file, drawn_genotype(PUBLISHED_PRIORS, seed=5), pairing="published")
    with refused("`pairing` 'columns' is not known; choose from rows, published"):
        import_network(file, genotype, pairing="columns")
    ours = import_network(file, genotype).restorer.state_dict()
    with refused("ours.pth: its keys name the edge of each operation; leave out `pairing` published"):
        import_network(saved(ours, "ours.pth"), genotype, pairing="published")


class Evil:
    """Unpickled the usual way, this would make a file."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.mkdir, (str(self.file),)


def test_a_pickle_that_holds_code_is_not_run(official, genotype, saved, refused, tmp_path):
    for file in (
        saved({**official, "evil": Evil(tmp_path / "made")}),
        saved(torch.nn.Conv2d(1, 1, 1), "module.pth"),
    ):
        with refused("not only tensors, and is not opened"):
            import_network(file, genotype)
    (tmp_path / "bare.pkl").write_bytes(pickle.dumps(Evil(tmp_path / "made")))
    with refused("bare.pkl: "):
        import_network(tmp_path / "bare.pkl", genotype)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"<!DOCTYPE html><html>sign in</html>", "a web page, not a checkpoint"),
        (b"\n\n <html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "a git-lfs pointer"),
        (b"", "not a checkpoint of tensors, or damaged"),
        (b"PK\x03\x04 not really", "not a checkpoint of tensors, or damaged"),
        (bytes(range(256)), "not a checkpoint of tensors, or damaged"),
    ],
)
def test_files_that_are_not_checkpoints(tmp_path, genotype, refused, content, named):
    (tmp_path / "some.pth").write_bytes(content)
    with refused(f"some.pth: {named}"):
        import_network(tmp_path / "some.pth", genotype)


def test_what_is_not_there(tmp_path, genotype, refused):
    with refused("there is no such checkpoint"):
        import_network(tmp_path / "none.pth", genotype)
    with refused("a folder, not a checkpoint"):
        import_network(tmp_path, genotype)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with refused("not a checkpoint of tensors"):
        import_network(tmp_path / "other.zip", genotype)


@settings(max_examples=40)
@given(st.data())
def test_no_damage_to_a_file_breaks_the_reader(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    file = folder / "damaged.pth"
    torch.save({"a.weight": torch.ones(2, 3), "b": torch.zeros(4)}, file)
    whole = bytearray(file.read_bytes())
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(0, len(whole) - 1))]
    for _ in range(data.draw(st.integers(1, 4))):
        if whole:
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(whole)
    state = {}
    with contextlib.suppress(MfpsError):
        state = read_state_dict(file)
    assert all(isinstance(tensor, torch.Tensor) for tensor in state.values())


@pytest.mark.parametrize("seed", range(6))
def test_a_network_with_a_backbone_arrives_from_its_tensors_alone(saved, seed):
    genotype = wide_genotype(seed=seed, layers=2, blocks=1)
    network = compile_genotype(genotype, network_config(genotype))
    imported = import_network(saved(network.state_dict()), genotype)
    assert imported.restorer.config == network.config
    assert imported.genotype.hash == genotype.hash
    for key, tensor in imported.restorer.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[key]), key


@pytest.mark.parametrize("iterations", [2, 3])
def test_norms_of_each_iteration_are_seen_in_the_keys(drawn_genotype, saved, iterations):
    genotype = drawn_genotype(("heatmap",))
    config = NetworkConfig(iterations=iterations, blocks=1, prior_channels={"heatmap": 71}, shared_norms=False)
    file = saved(compile_genotype(genotype, config).state_dict(), "ours.pth")
    assert import_network(file, genotype).restorer.config == config
