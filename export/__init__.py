"""A trained network as a file that other programs take: ONNX, torch's own formats, weights; each checked when made.

This package can be called: `mfps.export` names the function of that name, and, once one of its modules is imported,
also this package.
"""

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from .export import export

        return export(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
