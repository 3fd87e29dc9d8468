"""Face restoration in ComfyUI: copy this file into ComfyUI's folder custom_nodes; mfps is installed in its Python.

ComfyUI's own node "Load Upscale Model" then takes the files that `mfps export` writes for spandrel, and there is a node
"Restore face (mfps)". Both look for files in models/upscale_models.
"""

from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from mfps.errors import MfpsError
from mfps.inference.compile import CompiledNetwork, load_network
from mfps.integrations.genotype_buffers import FORMAT
from mfps.integrations.spandrel import install, network_of
from mfps.networks.state_dict_file import read_state_dict
from torch import Tensor

FOLDER = "upscale_models"
"""Where ComfyUI keeps the files, by its name for the folder."""

BATCH = 8
"""Faces that the network runs on at once."""


class RestoreFace:
    """A node that restores aligned faces: square pictures with a face in the place where FFHQ has it."""

    CATEGORY = "image/upscaling"
    DESCRIPTION = "Restores aligned, square faces, of any size, with a network of mfps. The size stays."
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "restore"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 - ComfyUI's name
        """The inputs, as ComfyUI asks for them: pictures, and one of the files in its folder."""
        import folder_paths

        return {"required": {"image": ("IMAGE",), "model_name": (folder_paths.get_filename_list(FOLDER),)}}

    def restore(self, image: Tensor, model_name: str) -> tuple[Tensor]:
        """Restore faces (B, H, H, 3) in [0, 1] with the network in a file; a fourth channel, alpha, stays as it is.

        Args:
            image: the faces.
            model_name: the file's name in the folder.

        Returns:
            The faces restored, alone in a tuple, as ComfyUI takes results.

        Raises:
            MfpsError: there is no such file, it holds no network of mfps, or the faces are not square.
        """
        import folder_paths
        from comfy.model_management import get_torch_device

        file = folder_paths.get_full_path(FOLDER, model_name)
        if file is None:
            raise MfpsError(f"there is no {model_name} in models/{FOLDER}; choose another file")
        return (restored(image, open_network(Path(file)), get_torch_device()),)


NODE_CLASS_MAPPINGS = {"MfpsRestoreFace": RestoreFace}
NODE_DISPLAY_NAME_MAPPINGS = {"MfpsRestoreFace": "Restore face (mfps)"}


def open_network(file: Path) -> CompiledNetwork:
    """Open a file that was exported for spandrel, or the weights file of a run.

    Raises:
        MfpsError: it is neither.
    """
    state = read_state_dict(file)
    return network_of(state) if FORMAT in state else load_network(file)


@torch.no_grad()
def restored(image: Tensor, compiled: CompiledNetwork, device: torch.device) -> Tensor:
    """Restore faces at the size that the network was trained on, and bring them back to their own.

    Args:
        image: (B, H, H, 3 or 4) in [0, 1], RGB or RGBA.
        compiled: the network. One with priors stops after its first iteration, as a node has none to give.
        device: where it runs.

    Returns:
        The same shape, float32 on the CPU, in [0, 1].

    Raises:
        MfpsError: the pictures are not square.
    """
    height, width = image.shape[1:3]
    if height != width:
        raise MfpsError(f"a face is a square picture, not {width} x {height} pixels; cut out and align the face first")
    network, faces = compiled.restorer.to(device), image[..., :3].movedim(-1, 1).float()
    outputs = []
    for batch in faces.split(BATCH):
        small = _resized(batch.to(device), compiled.size).clamp(0, 1)
        output = network(small, None, 1 if compiled.priors else None)[-1].clamp(0, 1)
        outputs.append(_resized(output, height).clamp(0, 1).cpu())
    return torch.cat([torch.cat(outputs).movedim(1, -1), image[..., 3:].float().cpu()], dim=-1)


def _resized(faces: Tensor, side: int) -> Tensor:
    """Resize (B, C, H, H) to (B, C, side, side), bicubic and antialiased, as Pillow does."""
    if faces.shape[-1] == side:
        return faces
    return F.interpolate(faces, (side, side), mode="bicubic", antialias=True)


if not __name__.startswith("mfps."):  # ComfyUI imports this file by its path, before any model is loaded
    install()
