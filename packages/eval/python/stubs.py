"""Imports single modules of packages without what their other modules need."""
import importlib.machinery
import sys
from types import ModuleType
from unittest.mock import MagicMock


def package(name):
    """A package whose __init__ is not run, so that its modules can be imported one by one."""
    parent = name.rpartition(".")[0]
    path = sys.modules[parent].__path__ if parent else None
    spec = importlib.machinery.PathFinder.find_spec(name, path)
    if spec is None:
        raise ImportError(f"{name} is not installed")
    module = ModuleType(name)
    module.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = module
    return module


def stub(*names):
    """Stands in for modules that are imported but not called for the values that are wanted, installed or not."""
    for name in names:
        parts = name.split(".")
        for i in range(len(parts)):
            sys.modules.setdefault(".".join(parts[: i + 1]), MagicMock())
