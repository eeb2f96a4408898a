"""What the package imports, what pyproject.toml requires for it, and what its messages and pages say about both agree."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

import driftwatch.errors
from layers import PACKAGE, imported_modules

ROOT = Path(__file__).parents[1]
SOURCE = Path(driftwatch.errors.__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]

# The distribution of a module, where the two are not called the same
DISTRIBUTIONS = {
    "confluent_kafka": "confluent-kafka",
    "mlflow": "mlflow-skinny",
    "opentelemetry": "opentelemetry-api",
    "prometheus_client": "prometheus-client",
    "sklearn": "scikit-learn",
}
# Libraries whose objects users bring: each is imported only when one of them has come, or in the file that is about it.
BROUGHT = {"catboost", "cupy", "jax", "msgspec", "orjson", "pandas", "polars", "torch", "xgboost"}
# What an extra holds beside what we import by name
NEEDED_BY_OTHERS = {
    "cli": {"numba"},  # speed on large files
    "dask": {"distributed"},  # the scheduler of a cluster
    "spark": {"pyspark", "pandas", "pyarrow"},  # mapInArrow needs both; the session is the user's
}


def requirement_name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return found[0].lower()


def names_of(extra: str) -> set[str]:
    return {requirement_name(requirement) for requirement in EXTRAS[extra]}


def imports() -> dict[str, set[str]]:
    """Return each third-party distribution that the package imports, with the files that do."""
    found = defaultdict(set)
    for path in SOURCE.rglob("*.py"):
        module = ".".join([PACKAGE, *path.relative_to(SOURCE).with_suffix("").parts])
        for name in imported_modules(path.read_text("utf-8"), module, is_package=path.name == "__init__.py"):
            top = name.partition(".")[0]
            if top != PACKAGE and top not in sys.stdlib_module_names and top not in BROUGHT:
                found[DISTRIBUTIONS.get(top, top).replace("_", "-")].add(str(path.relative_to(SOURCE)))
    return dict(found)


IMPORTS = imports()
CORE = {requirement_name(requirement) for requirement in PROJECT["dependencies"]}


def test_every_import_belongs_to_the_core_or_to_an_extra() -> None:
    known = CORE.union(*(names_of(extra) for extra in EXTRAS))
    assert {name: files for name, files in IMPORTS.items() if name not in known} == {}


def test_the_core_requires_nothing_that_is_not_imported() -> None:
    assert IMPORTS.keys() >= CORE


@pytest.mark.parametrize("extra", sorted(EXTRAS.keys() - {"all"}))
def test_an_extra_brings_what_is_imported_and_no_more(extra: str) -> None:
    assert names_of(extra) - IMPORTS.keys() - NEEDED_BY_OTHERS.get(extra, set()) == set()


def test_no_extra_brings_what_the_core_has() -> None:
    assert {extra: names_of(extra) & CORE for extra in EXTRAS if names_of(extra) & CORE} == {}


def messages() -> list[tuple[str, str, str]]:
    """Return the file, package and extra of each message about a missing extra in which both are written out."""
    found = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("MissingExtraError.for_feature"):
                words = {key.arg: key.value for key in node.keywords}
                extra, package = words["extra"], words["package"]
                assert isinstance(extra, ast.Constant), f"{path}: the extra is to be written out"
                named = str(package.value) if isinstance(package, ast.Constant) else ""
                found.append((str(path.relative_to(SOURCE)), named, str(extra.value)))
    return sorted(found)


@pytest.mark.parametrize(("file", "package", "extra"), messages())
def test_the_line_to_type_brings_the_missing_package(file: str, package: str, extra: str) -> None:
    assert extra in EXTRAS, file
    if package:
        assert requirement_name(package) in names_of(extra), file


def test_every_extra_but_those_for_speed_and_engines_has_a_message() -> None:
    assert {extra for _, _, extra in messages()} >= EXTRAS.keys() - {"all", "fast", "spark"}


def test_pages_name_only_extras_that_there_are() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]
    named = re.compile(r"(?:driftwatch|(?<=[\"' ])\.)\[([a-z][\w, -]*)\]")
    found = {
        (str(page.relative_to(ROOT)), extra.strip())
        for page in pages
        for group in named.findall(page.read_text("utf-8"))
        for extra in group.split(",")
    }
    assert len({extra for _, extra in found}) > 3
    assert {(page, extra) for page, extra in found if extra not in EXTRAS} == set()
