"""What the package offers: names that resolve, that type checkers see, and that are documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import driftwatch
from driftwatch._lazy import attach
from driftwatch._version import version

LAZY = [
    "driftwatch",
    "driftwatch.alerting",
    "driftwatch.alerting.retraining",
    "driftwatch.detectors",
    "driftwatch.distributed",
    "driftwatch.explain",
    "driftwatch.kernels",
    "driftwatch.metrics",
    "driftwatch.middleware",
    "driftwatch.monitor",
    "driftwatch.performance",
    "driftwatch.scoring",
    "driftwatch.sequential",
    "driftwatch.simulate",
    "driftwatch.store",
    "driftwatch.streaming",
    "driftwatch.training",
]
ENTRY_POINTS = {"driftwatch.__main__", "driftwatch.cli.__main__"}
MODULES = [
    module.name
    for module in pkgutil.walk_packages(driftwatch.__path__, "driftwatch.")
    if module.name not in ENTRY_POINTS
]
# Each of these files imports the library that it is about, which users bring.
LIBRARIES = {f"driftwatch.ops.{library}" for library in ("torch", "jax", "cupy") if find_spec(library) is None}


@pytest.mark.parametrize("package", [*LAZY, "driftwatch.kernels"])
def test_every_public_name_resolves_and_is_listed(package: str) -> None:
    module = importlib.import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)


@pytest.mark.parametrize("package", LAZY)
def test_type_checkers_see_every_public_name(package: str) -> None:
    tree = ast.parse(Path(str(importlib.import_module(package).__file__)).read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = [alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(seen) == sorted(importlib.import_module(package).__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    name = "Moniter"
    with pytest.raises(AttributeError, match="module 'driftwatch' has no attribute 'Moniter'"):
        getattr(driftwatch, name)


def test_lazy_name_that_its_module_does_not_define_is_the_module() -> None:
    get, listing = attach("driftwatch.arrays", {"json": "json"})
    try:
        assert inspect.ismodule(get("json"))
        assert "json" in listing()
    finally:
        del vars(importlib.import_module("driftwatch.arrays"))["json"]


@pytest.mark.parametrize("name", [name for name in MODULES if name not in LIBRARIES])
def test_module_says_what_lives_in_it_and_exports_what_exists(name: str) -> None:
    module: Any = importlib.import_module(name)
    assert module.__doc__
    exported = getattr(module, "__all__", [])
    assert [missing for missing in exported if not hasattr(module, missing)] == []
    assert len(set(exported)) == len(exported)


@pytest.mark.parametrize(
    "name", [name for name in driftwatch.__all__ if name[0].isupper() or name == "assert_no_drift"]
)
def test_public_object_is_documented(name: str) -> None:
    assert len(str(inspect.getdoc(getattr(driftwatch, name))).splitlines()[0]) > 20


def test_version_is_the_one_of_the_metadata() -> None:
    assert driftwatch.__version__ == version() == metadata.version("driftwatch")


def test_package_is_typed() -> None:
    assert (Path(str(driftwatch.__file__)).parent / "py.typed").exists()
