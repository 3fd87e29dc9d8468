"""Packages that can be called: those that hold the function of the same name.

`mfps.export` names such a function. As soon as one of the package's modules is imported, Python puts the package in its
place.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


def make_callable(package: str, module: str) -> None:
    """Let a package be called; the call goes to the function of its own name.

    Args:
        package: its full name.
        module: the module in it that has the function, imported when it is called.
    """

    class CallablePackage(ModuleType):
        def __call__(self, *args: Any, **options: Any) -> Any:
            function = getattr(import_module(f"{package}.{module}"), package.rpartition(".")[2])
            return function(*args, **options)

    sys.modules[package].__class__ = CallablePackage
