"""Stage two: a genotype compiled to a fixed network, and its training.

This package can be called: `mfps.retrain` names the function of that name, and, once one of its modules is imported,
also this package.
"""

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from .train import retrain

        return retrain(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
