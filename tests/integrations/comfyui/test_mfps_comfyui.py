"""The node's file as ComfyUI imports it, with stand-ins for what ComfyUI gives it; ComfyUI itself is not here."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from mfps.engine.weights import save_weights
from mfps.genotypes.prior_branches import PUBLISHED_PRIORS
from mfps.inference.compile import weights_header
from mfps.integrations.comfyui.mfps_comfyui import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS, restored
from mfps.integrations.spandrel import ARCHITECTURE, spandrel_state
from safetensors.torch import save_file

NODE = Path(__file__).parents[3] / "integrations" / "comfyui" / "mfps_comfyui.py"


@pytest.fixture
def models(tmp_path, monkeypatch):
    """ComfyUI's folder of upscale models, through stand-ins for its modules `folder_paths` and `comfy`."""
    folder_paths, management = ModuleType("folder_paths"), ModuleType("comfy.model_management")

    def full_path(name, file):
        return str(tmp_path / file) if name == "upscale_models" and (tmp_path / file).is_file() else None

    folder_paths.get_filename_list = lambda name: sorted(path.name for path in tmp_path.iterdir()) * (name != "vae")
    folder_paths.get_full_path = full_path
    management.get_torch_device = lambda: torch.device("cpu")
    for module in (folder_paths, ModuleType("comfy"), management):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return tmp_path


def run(image, name):
    """Run the node as ComfyUI does: by the names that its class gives."""
    node = NODE_CLASS_MAPPINGS["MfpsRestoreFace"]
    assert node.RETURN_TYPES == ("IMAGE",)
    (result,) = getattr(node(), node.FUNCTION)(image=image, model_name=name)
    return result


def test_the_node_names_its_inputs(models):
    (models / "face.safetensors").touch()
    node = NODE_CLASS_MAPPINGS["MfpsRestoreFace"]
    assert node.INPUT_TYPES() == {"required": {"image": ("IMAGE",), "model_name": (["face.safetensors"],)}}
    assert NODE_DISPLAY_NAME_MAPPINGS.keys() == NODE_CLASS_MAPPINGS.keys()


@pytest.mark.parametrize("priors", [(), PUBLISHED_PRIORS], ids=["FRSNet", "with priors"])
def test_it_restores_as_the_network_does(models, network, priors):
    compiled = network(priors)
    save_file(spandrel_state(compiled), models / "face.safetensors")
    torch.save(spandrel_state(compiled), models / "face.pth")
    header = weights_header(compiled.genotype, compiled.config, compiled.provenance)
    save_weights(models / "weights.safetensors", compiled.restorer.state_dict(), **header)
    faces = torch.rand(9, 16, 16, 3)
    with torch.no_grad():
        outputs = compiled.restorer(faces.movedim(-1, 1), None, 1 if priors else None)
    expected = outputs[-1].clamp(0, 1).movedim(1, -1)
    for name in ("face.safetensors", "face.pth", "weights.safetensors"):
        torch.testing.assert_close(run(faces, name), expected)


@pytest.mark.parametrize("side", [8, 16, 50])
@pytest.mark.parametrize("channels", [3, 4])
def test_size_colours_and_alpha_stay(network, side, channels):
    """A network that is its base gives a face back, apart from what its size cannot hold."""
    compiled = network(base="input")
    for parameter in compiled.restorer.conv_last.parameters():
        torch.nn.init.zeros_(parameter)
    face = torch.tensor((0.9, 0.1, 0.3, 0.4))[:channels].expand(2, side, side, channels)
    output = restored(face, compiled, torch.device("cpu"))
    assert (output.shape, output.dtype, output.device.type) == (face.shape, torch.float32, "cpu")
    torch.testing.assert_close(output, face.contiguous(), atol=1e-5, rtol=0)


def test_what_the_node_cannot_use(models, network, refused):
    with refused("there is no face.pth in models/upscale_models; choose another file"):
        run(torch.rand(1, 16, 16, 3), "face.pth")
    save_file(spandrel_state(network()), models / "face.safetensors")
    with refused("a face is a square picture, not 24 x 16 pixels; cut out and align"):
        run(torch.rand(1, 16, 24, 3), "face.safetensors")
    save_file({"a": torch.ones(1)}, models / "other.safetensors")
    with refused("other.safetensors: its header does not say which network it belongs to"):
        run(torch.rand(1, 16, 16, 3), "other.safetensors")


def test_comfyui_imports_it_by_its_path_and_has_the_architecture(spandrel, tmp_path):
    file = tmp_path / "custom_nodes" / "mfps_comfyui.py"
    file.parent.mkdir()
    file.write_bytes(NODE.read_bytes())
    spec = importlib.util.spec_from_file_location(str(file.with_suffix("")), file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.NODE_CLASS_MAPPINGS.keys() == NODE_CLASS_MAPPINGS.keys()
    assert ARCHITECTURE in spandrel.MAIN_REGISTRY
