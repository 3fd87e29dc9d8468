"""From photographs to a data set: faces found, aligned and cut, with priors beside them.

This package can be called: `mfps.prepare` names the function of that name, and, once one of its modules is imported,
also this package.
"""

import sys
from types import ModuleType
from typing import Any


class _CallablePackage(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        from .prepare import prepare

        return prepare(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
