"""Imports go down only: the map in docs/architecture.md, held against the source."""

from __future__ import annotations

import graphlib
import sys
from pathlib import Path

import pytest

import driftwatch.errors
from layers import LAYERS, PACKAGE, SURFACES, imported_modules, unit_of

ROOT = Path(driftwatch.errors.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    return imported_modules(path.read_text("utf-8"), module_of(path), is_package=path.name == "__init__.py")


def broken_rules(module: str, imported: set[str]) -> list[str]:
    """Return, in words, every import of `module` that the map does not allow."""
    own = unit_of(module)
    broken = []
    for target in sorted(name for name in imported if name.split(".")[0] == PACKAGE):
        other = unit_of(target)
        if other in {own, ""} or own in {"", "__main__"}:
            continue
        if other not in LAYERS:
            broken.append(f"{module} imports `{other}` from the root: import it from the module that defines it")
        elif LAYERS[other] > LAYERS[own]:
            broken.append(f"{module} (layer {LAYERS[own]}) imports {target} (layer {LAYERS[other]}): upwards")
        elif {own, other} <= SURFACES and own != "cli":
            broken.append(f"{module} imports {target}: surfaces do not know each other")
        elif own in SURFACES and LAYERS[other] == 2:
            broken.append(f"{module} imports {target}: surfaces hold no mathematics")
    return broken


def test_every_folder_and_file_has_a_layer() -> None:
    present = {unit_of(module_of(path)) for path in FILES} - {"", "__main__"}
    assert present <= LAYERS.keys()


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_go_down_only(path: Path) -> None:
    assert broken_rules(module_of(path), imports_of(path)) == []


def test_folders_do_not_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in FILES:
        own = unit_of(module_of(path))
        others = {unit_of(name) for name in imports_of(path) if name.split(".")[0] == PACKAGE}
        graph.setdefault(own, set()).update(others & LAYERS.keys() - {own})
    graph.pop("", None)  # the root names everything, lazily

    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("unit", [unit for unit, layer in LAYERS.items() if layer == 0])
def test_the_lowest_layer_uses_the_standard_library_only(unit: str) -> None:
    names = {name.split(".")[0] for name in imports_of(ROOT / f"{unit}.py")}
    assert names <= sys.stdlib_module_names | {PACKAGE}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_scipy_stats_is_an_oracle_and_never_a_dependency(path: Path) -> None:
    # it takes up to a second to import; only scipy.special is used at run time
    scipy = {name for name in imports_of(path) if name.split(".")[0] == "scipy"}
    assert {name for name in scipy if name.split(".")[:2] != ["scipy", "special"]} == set()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("driftwatch.errors", "from driftwatch.report import model"),
        ("driftwatch.ops.generic", "def f():\n    import driftwatch.kernels.ecdf, driftwatch.profile.sample"),
        ("driftwatch.kernels.ecdf", "from ..detectors.base import BaseDetector"),
        ("driftwatch.arrays.table", "import importlib\nimportlib.import_module('driftwatch.monitor')"),
        ("driftwatch.report.model", "from driftwatch import cli"),
        ("driftwatch.monitor.plan", "from driftwatch import Monitor"),
        ("driftwatch.streaming.kafka", "import driftwatch.alerting.rules"),
        ("driftwatch.dashboard.render", "from driftwatch.kernels import ecdf"),
    ],
)
def test_a_forbidden_import_is_found(module: str, source: str) -> None:
    assert broken_rules(module, imported_modules(source, module))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("driftwatch.errors", "if TYPE_CHECKING:\n    from driftwatch.report.model import DriftReport"),
        ("driftwatch.profile.sample", "from driftwatch.kernels.ecdf import ks_2samp"),
        ("driftwatch.monitor.monitor", "from .plan import Plan\nfrom driftwatch.report import model"),
        ("driftwatch.cli.serve", "from driftwatch.middleware import app"),
        ("driftwatch.kernels.ecdf", "from driftwatch import errors"),
        ("driftwatch.streaming.kafka", "from driftwatch.profile.window import Window"),
        ("driftwatch", "from driftwatch.cli import main"),
    ],
)
def test_an_allowed_import_passes(module: str, source: str) -> None:
    assert broken_rules(module, imported_modules(source, module)) == []


def test_relative_imports_resolve_from_a_package_and_from_a_module() -> None:
    assert imported_modules("from .plan import x", "driftwatch.monitor.monitor") == {"driftwatch.monitor.plan"}
    assert imported_modules("from .plan import x", "driftwatch.monitor", is_package=True) == {"driftwatch.monitor.plan"}
    assert imported_modules("from ..io import read", "driftwatch.cli.check") == {"driftwatch.io"}
    assert imported_modules("from .. import io", "driftwatch.cli.check") == {"driftwatch.io"}
