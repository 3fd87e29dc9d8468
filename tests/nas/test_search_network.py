import copy

import pytest
import torch
from mfps.genotypes.genotype import Genotype
from mfps.genotypes.genotype_file import write_genotype
from mfps.genotypes.prior_branches import PRIOR_BRANCHES
from mfps.genotypes.sampling import random_genotype
from mfps.genotypes.space import PRIORS, search_space
from mfps.inference.compile import compile_genotype, slice_supernet
from mfps.nas.config import SearchConfig
from mfps.nas.search_network import build_search_network
from mfps.nas.supernet import Supernet
from mfps.networks.path import FixedPath

pytestmark = pytest.mark.slow

CHANNELS = {row.name: row.channels for row in PRIOR_BRANCHES.values()} | {"dictionary": 6}


def config(**changed):
    small = {"width": 1, "layers": 2, "fusion_layers": 2, "blocks": 1}
    return SearchConfig(**{"data": "faces", "out": "run", **small, **changed})


def build(priors=(), **changed):
    return build_search_network(config(priors=priors, **changed), {prior: CHANNELS[prior] for prior in priors})


def faces(priors):
    torch.manual_seed(1)
    return torch.rand(1, 3, 16, 24), {prior: torch.rand(1, CHANNELS[prior], 16, 24) for prior in priors}


@torch.no_grad()
@pytest.mark.parametrize("mixing", ["input", "output"])
@pytest.mark.parametrize("priors", [(), ("heatmap",), PRIORS], ids=len)
def test_the_law_for_the_whole_restorer(priors, mixing, randomised, difference):
    """A search's network restricted to a genotype is the compiled network with the sliced weights."""
    base = {"base": "lowpass", "base_window": 2, "shared_norms": False} if priors else {}
    searched = build(priors, mixing=mixing, attention=bool(priors), iterations=2, monotone=not priors, **base)
    assert base.items() <= searched.header()["network"].items()
    randomised(searched.restorer)
    for seed in range(3):
        genotype = random_genotype(searched.spaces, seed)
        compiled = compile_genotype(genotype, searched.restorer.config)
        slice_supernet(compiled, searched.restorer.state_dict(), "supernet")
        image, given = faces(priors)
        restricted = searched.restorer(image, given, **searched.restricted(genotype)._asdict())
        for a, b in zip(restricted, compiled.eval()(image, given), strict=True):
            assert difference(a, b) < 1e-5


@pytest.mark.parametrize("shared_norms", [True, False])
@pytest.mark.parametrize("priors", [(), PRIORS], ids=len)
def test_the_law_holds_with_nested_slices(priors, shared_norms, randomised, difference):
    """Of any depth and width, in eval mode and in training, statistics included."""
    wide = {"space": "wide", "strategy": "single-path", "width": 2, "blocks": 2, "shared_norms": shared_norms}
    searched = build(priors, iterations=2, base="lowpass", **wide)
    randomised(searched.restorer)
    torch.nn.init.normal_(searched.restorer.conv_last.weight)
    image, given = (
        faces(priors)[0].expand(2, -1, -1, -1),
        {k: v.expand(2, -1, -1, -1) for k, v in faces(priors)[1].items()},
    )
    for seed in range(3):
        genotype = random_genotype(searched.spaces, seed, backbones=searched.backbones)
        compiled, supernet = compile_genotype(genotype, searched.restorer.config), copy.deepcopy(searched.restorer)
        for training in (False, True):
            slice_supernet(compiled.train(training), supernet.train(training).state_dict(), "supernet")
            restricted = supernet(image, given, **searched.restricted(genotype)._asdict())
            for a, b in zip(restricted, compiled(image, given), strict=True):
                assert difference(a.detach(), b.detach()) < 1e-5
        after = compile_genotype(genotype, searched.restorer.config)
        slice_supernet(after, supernet.state_dict(), "supernet")
        for name, tensor in compiled.state_dict().items():
            assert torch.allclose(tensor.float(), after.state_dict()[name].float(), atol=1e-5), name


@pytest.mark.parametrize("priors", [(), PRIORS], ids=len)
def test_weights_and_architecture_are_all_parameters(priors):
    searched = build(priors)
    found = [id(p) for p in [*searched.weights().values(), *searched.architecture().values()]]
    assert sorted(found) == sorted(id(p) for p in searched.restorer.parameters())
    architecture = {id(p) for p in searched.architecture().values()}
    names = {name.rsplit(".", 1)[1] for name, p in searched.restorer.named_parameters() if id(p) in architecture}
    assert names == {"alphas", "betas", "gammas"}


def test_every_parameter_of_the_search_learns():
    searched = build(("parsing", "heatmap"), width=2, iterations=2)
    torch.manual_seed(0)
    priors = {prior: torch.rand(2, CHANNELS[prior], 16, 16) for prior in ("parsing", "heatmap")}
    outputs = searched.restorer(torch.rand(2, 3, 16, 16), priors)
    sum((output * torch.randn_like(output)).sum() for output in outputs).backward()
    dead = [name for name, p in searched.restorer.named_parameters() if p.grad is None or p.grad.abs().sum() == 0]
    assert not dead


def test_held_branches_are_fixed_paths(tmp_path):
    genotype = random_genotype(search_space(("heatmap",), width=1, layers=4, fusion_layers=3), 0)
    write_genotype(genotype, tmp_path / "held.json")
    searched = build(("heatmap", "parsing"), fix={"heatmap": str(tmp_path / "held.json")})
    kinds = {name: type(path) for name, path in searched.restorer.paths.items()}
    assert kinds == {"upsample": Supernet, "parsing": Supernet, "heatmap": FixedPath, "fusion": Supernet}
    assert list(searched.supernets) == list(searched.probabilities()) == ["upsample", "parsing", "fusion"]
    assert searched.spaces["heatmap"].layers == 4
    assert searched.header()["fixed"]["heatmap"] == genotype.architecture["heatmap"]


@pytest.fixture
def held(tmp_path):
    def write(priors=(), **space) -> str:
        genotype: Genotype = random_genotype(search_space(priors, **{"width": 1, "layers": 2, **space}), 0)
        write_genotype(genotype, tmp_path / "held.json")
        return str(tmp_path / "held.json")

    return write


def test_branches_that_cannot_be_held(held, tmp_path, refused):
    with refused("holds every branch: nothing is left to search"):
        build(fix={"upsample": held()})
    (tmp_path / "held.json").unlink()
    with refused("its width is 2 but the search's upsample branch has 1"):
        build(("parsing",), fix={"upsample": held(width=2)})
    with refused("this search has the branches upsample, parsing, fusion; add its prior"):
        build(("parsing",), fix={"heatmap": str(tmp_path / "held.json")})
    with refused("that genotype has only the branches upsample"):
        build(("parsing",), fix={"parsing": str(tmp_path / "held.json")})
    with refused("no genotype 'nowhere'"):
        build(("parsing",), fix={"parsing": "nowhere"})


def test_expected_flops_grow_with_the_area_and_every_choice_feels_them():
    searched = build(("heatmap",))
    flops = searched.expected_flops(16)
    assert float(searched.expected_flops(32).detach()) == pytest.approx(4 * float(flops.detach()))
    flops.backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in searched.architecture().values())
