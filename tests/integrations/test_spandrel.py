"""The files for spandrel, by the real package where it is installed (`make integrations`), else by our own reader."""

import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.integrations.genotype_buffers import BUFFERS, NETWORK
from mfps.integrations.spandrel import ARCHITECTURE, architecture, install, network_of, spandrel_state
from safetensors.torch import save_file

NETWORKS = {
    "FRSNet": {},
    "three iterations": {"iterations": 3},
    "base": {"base": "lowpass", "base_window": 2},
    "norms apart": {"iterations": 2, "shared_norms": False},
    "with priors": {"priors": PUBLISHED_PRIORS, "attention": True},
    "wide": {"wide": True},
    "wide with priors": {"wide": True, "priors": PUBLISHED_PRIORS, "seed": 1},
}


def own_output(compiled, image):
    """What `mfps restore` makes of faces without priors."""
    with torch.no_grad():
        return compiled.restorer(image, None, 1 if compiled.priors else None)[-1].clamp(0, 1)


@pytest.fixture
def loaded(spandrel, tmp_path):
    """`loaded(state, suffix)`: what spandrel makes of a file with that state dict."""
    install()

    def load(state, suffix="safetensors"):
        file = tmp_path / f"model.{suffix}"
        save_file(state, file) if suffix == "safetensors" else torch.save(state, file)
        return spandrel.ModelLoader().load_from_file(file)

    return load


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_state_alone_gives_the_network_back(network, kind):
    compiled = network(**NETWORKS[kind])
    state = spandrel_state(compiled)
    assert all(tensor.is_contiguous() for tensor in state.values())
    assert len({tensor.data_ptr() for tensor in state.values()}) == len(state)
    assert not [name for name in state if name.startswith(("prior_", "fusion_", "attention", "paths.fusion"))]
    again = network_of(state)
    assert again.genotype.present == {"upsample": compiled.genotype.present["upsample"]}
    assert (again.size, again.priors, again.restorer.training) == (16, (), False)
    image = torch.rand(2, 3, 16, 16)
    assert torch.equal(own_output(again, image), own_output(compiled, image))


def test_half_rounds_the_weights_alone(network, refused):
    compiled = network()
    full, half = spandrel_state(compiled), spandrel_state(compiled, half=True)
    for name, tensor in full.items():
        assert torch.equal(half[name], tensor.half() if tensor.is_floating_point() else tensor)
    assert next(network_of(half).restorer.parameters()).dtype == torch.float32
    with torch.no_grad():
        compiled.restorer.conv_hr.bias[0] = 1e6
    with refused("conv_hr.bias holds values that float16 cannot: write float32"):
        spandrel_state(compiled, half=True)
    with torch.no_grad():
        compiled.restorer.conv_hr.bias[0] = torch.nan
    with refused("conv_hr.bias holds values that float32 cannot: the network has diverged"):
        spandrel_state(compiled)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"conv_hr.bias": None}, r"the weight conv_hr.bias is missing where the architecture has float \(8,\)"),
        ({"odd": torch.ones(1)}, r"the weight odd is float \(1,\) where the architecture has none"),
        ({"conv_hr.bias": torch.ones(9)}, r"the weight conv_hr.bias is float \(9,\) where"),
        ({"conv_hr.bias": torch.ones(8, dtype=torch.int64)}, r"the weight conv_hr.bias is int64 \(8,\) where"),
        ({"conv_hr.bias": torch.full((8,), torch.inf)}, "conv_hr.bias holds values that are not finite"),
        ({"conv_hr.bias": "text"}, "the weight conv_hr.bias is no dense tensor where"),
        ({NETWORK: torch.tensor([128, 4096, 1, 64, 0, 4])}, "the weight conv_first.weight is"),
        ({NETWORK: torch.tensor([128, 8, 1, 1, 9, 4])}, "mfps.network has the base 9"),
    ],
    ids=str,
)
def test_a_damaged_state_is_refused_in_one_line(network, refused, change, named):
    state = {name: tensor for name, tensor in {**spandrel_state(network()), **change}.items() if tensor is not None}
    with refused(named):
        network_of(state)


def test_without_spandrel(refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "spandrel", None)
    for asked in (install, architecture):
        with refused("spandrel cannot be imported .*; install it, .* pip install spandrel"):
            asked()


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_spandrel_computes_what_mfps_computes(network, loaded, kind, suffix):
    compiled = network(**NETWORKS[kind])
    model = loaded(spandrel_state(compiled), suffix)
    image = torch.rand(1, 3, 16, 24)
    assert torch.equal(model(image), own_output(compiled, image))
    assert not torch.equal(model(image), own_output(compiled, image.flip(1)).flip(1))  # the order of the colours shows


@settings(max_examples=8)
@given(st.integers(0, 999))
def test_any_architecture_loads(network, loaded, seed):
    compiled = network(seed=seed)
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(loaded(spandrel_state(compiled))(image), own_output(compiled, image))


@pytest.mark.parametrize("colour", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.2, 0.5, 0.8)], ids=str)
def test_colours_stay(network, loaded, colour):
    """A network that is its base gives every picture back; no other program's order of colours comes between."""
    compiled = network(base="input")
    for parameter in compiled.restorer.conv_last.parameters():
        torch.nn.init.zeros_(parameter)
    picture = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, 16, 16)
    for half in (False, True):
        assert torch.equal(loaded(spandrel_state(compiled, half))(picture), picture)


@pytest.mark.parametrize("size", [(16, 16), (8, 8), (13, 19), (40, 8), (3, 5)], ids=str)
def test_the_shape_stays_whatever_it_is(network, loaded, size):
    output = loaded(spandrel_state(network()))(torch.rand(1, 3, *size))
    assert output.shape == (1, 3, *size)
    assert output.isfinite().all()
    assert 0 <= output.min() <= output.max() <= 1


def test_what_spandrel_says_of_it(spandrel, network, loaded):
    model = loaded(spandrel_state(network(size=32)))
    assert isinstance(model, spandrel.ImageModelDescriptor)
    assert (model.architecture.id, model.purpose, model.tags) == (ARCHITECTURE, "FaceSR", ["32px"])
    assert (model.scale, model.input_channels, model.output_channels) == (1, 3, 3)
    assert model.size_requirements == spandrel.SizeRequirements(multiple_of=8)
    assert model.tiling == spandrel.ModelTiling.DISCOURAGED
    assert not model.model.training


@pytest.mark.parametrize("name", ["half", "bfloat16"])
def test_it_runs_in_other_precisions(network, loaded, name, difference):
    model, image = loaded(spandrel_state(network())), torch.rand(1, 3, 16, 16)
    expected = model(image)
    converted = getattr(model, name)()
    output = converted(image.to(converted.dtype))
    assert output.dtype == converted.dtype
    assert difference(output.float(), expected) < 0.1


@pytest.mark.parametrize("kind", NETWORKS)
def test_no_other_architecture_takes_the_file(spandrel, network, kind):
    install()
    registry, state = spandrel.MAIN_REGISTRY, spandrel_state(network(**NETWORKS[kind]))
    assert [support.architecture.id for support in registry if support.detect(state)] == [ARCHITECTURE]
    assert registry.architectures("detection")[0].architecture.id == ARCHITECTURE
    assert spandrel.canonicalize_state_dict(state).keys() == state.keys()


def test_the_file_of_another_architecture_is_not_ours(spandrel):
    install()
    for missing in BUFFERS:
        state = {name: torch.ones(1) for name in BUFFERS if name != missing}
        with pytest.raises(spandrel.UnsupportedModelError):
            spandrel.MAIN_REGISTRY.load(
                {**state, "conv_first.weight": torch.ones(1), "conv_last.weight": torch.ones(1)}
            )


def test_loading_leaves_the_state_as_it_is(spandrel, network):
    install()
    state = spandrel_state(network())
    before = {name: tensor.clone() for name, tensor in state.items()}
    spandrel.ModelLoader().load_from_state_dict(state)
    assert state.keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.items())


def test_installing_again_changes_nothing(spandrel):
    install()
    once = [support.architecture.id for support in spandrel.MAIN_REGISTRY]
    install()
    assert [support.architecture.id for support in spandrel.MAIN_REGISTRY] == once
    assert once.count(ARCHITECTURE) == 1
    own = spandrel.ArchRegistry()
    own.add(spandrel.ArchSupport.from_architecture(architecture()))
    assert ARCHITECTURE in own


def test_a_damaged_file_is_refused_in_one_line(network, loaded, refused):
    state = spandrel_state(network())
    with refused("the weight conv_hr.bias is missing"):
        loaded({name: tensor for name, tensor in state.items() if name != "conv_hr.bias"})
