"""The reference of the documentation has every public name once, and no name that does not exist."""

from __future__ import annotations

import importlib
import pkgutil
import re
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import pytest

import driftwatch
from docs_pages import DOCS
from driftwatch.detectors._catalog import DETECTORS, detector_by_name
from driftwatch.kernels._catalog import CATALOG

DIRECTIVE = re.compile(r"^::: (\S+)$", re.MULTILINE)
PAGES = sorted((DOCS / "reference").glob("*.md"))
PATHS = [path for page in PAGES for path in DIRECTIVE.findall(page.read_text("utf-8"))]
# Folders whose `__init__` offers nothing have a file for each library, which offers its own names.
FILES = ("distributed.dask", "distributed.spark", "distributed.torch", "integrations.mlflow")
NEEDS = {"driftwatch.distributed.torch": "torch", "driftwatch.distributed.spark": "pyspark"}


def modules() -> list[ModuleType]:
    """Return the packages that offer names, and the files that do so by themselves."""
    found = pkgutil.walk_packages(driftwatch.__path__, "driftwatch.")
    packages = [importlib.import_module(module.name) for module in found if module.ispkg]
    files = [f"driftwatch.{name}" for name in ("errors", *FILES)]
    importable = [importlib.import_module(name) for name in files if find_spec(NEEDS.get(name, "json")) is not None]
    return [driftwatch, *(module for module in (*packages, *importable) if getattr(module, "__all__", None))]


def identity(path: str) -> str:
    """Return one name for what can be reached by several: where it is defined, or where it stands if that is unknown."""
    module, _, name = path.rpartition(".")
    value: Any = getattr(importlib.import_module(module), name)
    home = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
    return home if home.startswith("driftwatch.") and home.endswith(f".{name}") else path


def importable(path: str) -> bool:
    return find_spec(NEEDS.get(path.rpartition(".")[0], "json")) is not None


def test_every_name_of_the_reference_exists() -> None:
    assert len(PATHS) > 200
    assert [path for path in PATHS if importable(path) and not _exists(path)] == []


def _exists(path: str) -> bool:
    module, _, name = path.rpartition(".")
    return name in getattr(importlib.import_module(module), "__all__", ())


def test_every_public_name_is_in_the_reference_once() -> None:
    listed = [identity(path) for path in PATHS if importable(path)]
    assert sorted({name for name in listed if listed.count(name) > 1}) == []

    public = {
        identity(f"{module.__name__}.{name}")
        for module in modules()
        for name in module.__all__
        # what is a module has a page of its own, and a version is no object to describe
        if not isinstance(getattr(module, name), ModuleType) and name != "__version__"
    }
    missing = sorted(public - set(listed))
    assert missing == [], f"each needs a line `::: its.path` on a page of docs/reference/: {missing}"


def test_every_detector_that_can_be_chosen_is_in_the_reference() -> None:
    listed = {path.rpartition(".")[2] for path in PATHS}
    assert {name for _, name in DETECTORS.values()} - listed == set()


DEFINITIONS = (DOCS / "definitions.md").read_text("utf-8")


@pytest.mark.parametrize("name", DETECTORS)
def test_every_statistic_of_a_report_has_its_definition(name: str) -> None:
    assert re.search(rf"^(?:`driftwatch\.|report: ).*tests\[\"{name}\"\]", DEFINITIONS, re.MULTILINE)


@pytest.mark.parametrize("name", CATALOG)
def test_every_kernel_has_its_definition(name: str) -> None:
    assert re.search(rf"^`driftwatch\.(?:.*`)?(?:driftwatch\.)?(?:kernels\.)?{name}`", DEFINITIONS, re.MULTILINE)


def test_every_definition_names_a_source() -> None:
    sections = re.split(r"^## ", DEFINITIONS, flags=re.MULTILINE)[1:]
    source = re.compile(r"^Sources?: |\(\d{4}\)", re.MULTILINE)
    without = [section.splitlines()[0] for section in sections if not source.search(section)]
    assert without == ["All statistics"]


ROWS = re.findall(r"^\| `(\w+)` \|(.*)\|$", (DOCS / "choosing.md").read_text("utf-8"), re.MULTILINE)
WINDOW = {"counts": "yes", "distances": "bound"}  # of what a window holds


@pytest.mark.parametrize("name", DETECTORS)
def test_the_page_for_choosing_says_of_every_detector_what_it_is(name: str) -> None:
    (row,) = [[cell.strip() for cell in cells.split("|")] for found, cells in ROWS if found == name]
    detector = detector_by_name(name)
    assert bool(row[2]) == bool(detector.effect_kinds)
    assert row[3] == WINDOW.get(detector.needs, "no")
    assert (row[0] == "embeddings, joint") == (detector.needs == "rows")
