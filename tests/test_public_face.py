"""`import mfps`: what people in Python are given."""

import importlib
from types import ModuleType

import mfps
import pytest
from mfps.engine.configuration import RunConfig


@pytest.mark.parametrize("name", mfps.__all__)
def test_every_public_name_is_there_and_documented(name):
    value = getattr(mfps, name)
    assert name == "__version__" or value.__doc__
    assert name in dir(mfps)


def test_nothing_else_is_public():
    assert dir(mfps) == sorted(mfps.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Supernet'"):
        mfps.Supernet  # noqa: B018


@pytest.mark.parametrize("name", ["retrain", "prepare", "export"])
def test_a_function_that_is_called_as_a_package_can_be_called(name, monkeypatch):
    """Importing a module of the package puts the package in the function's place."""
    package = importlib.import_module(f"mfps.{name}")
    module = importlib.import_module(f"mfps.{name}.{ {'retrain': 'train'}.get(name, name) }")
    assert isinstance(package, ModuleType)
    assert getattr(mfps, name) is package
    monkeypatch.setattr(module, name, lambda *given, **options: (given, options))
    assert getattr(mfps, name)("config", console=None) == (("config",), {"console": None})


@pytest.mark.parametrize("config", [mfps.SearchConfig, mfps.RetrainConfig], ids=lambda config: config.stage)
def test_a_configuration_is_filled_from_a_preset(config, refused):
    values = {"data": "faces", "out": "run", **({"genotype": "mfpsnet"} if config is mfps.RetrainConfig else {})}
    made = config.from_preset("tiny", **values, seed=3)
    assert isinstance(made, RunConfig)
    assert (made.seed, made.size, made.blocks) == (3, 48, 1)
    with refused("unknown preset 'huge': choose from"):
        config.from_preset("huge", **values)
    with refused("`size`: must be a multiple of 8"):
        config.from_preset("tiny", **values, size=30)
    with refused("^unknown field 'siez': did you mean size"):
        config.from_preset("tiny", **values, siez=32)
