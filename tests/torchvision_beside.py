"""torchvision, where the packages that import it are tested: `make integrations` has them."""

import importlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def torchvision_imported() -> Iterator[None]:
    """Within it, torchvision is imported, and packages may import it without a warning."""
    library = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchvision warns that it cannot read pictures
        try:
            importlib.import_module("torchvision")
        except RuntimeError:
            # Its compiled operators are for a torch with CUDA. Beside another torch it cannot be imported at all, as it
            # describes them to torch. Nothing here uses them, so it is enough that they have a name.
            for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
                del sys.modules[name]
            library = torch.library.Library("torchvision", "DEF")
            library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            importlib.import_module("torchvision")
        yield
    del library  # the names last as long as it does
