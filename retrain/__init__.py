"""Stage two: a genotype compiled to a fixed network, and its training.

This package can be called, because `mfps.retrain` is the function of that name but, once one of the package's modules
is imported, also this package.
"""

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from .train import retrain

        return retrain(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
