"""Tests that need an array library which users bring: collected where `--backend` names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends import Backend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what needs a library that was not asked for: `test_<library>_*.py`, or all without any."""
    libraries = config.getoption("--backend")
    first = collection_path.stem.removeprefix("test_").partition("_")[0]
    if not libraries or (first in {"torch", "jax", "cupy"} and first not in libraries):
        return True
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests of `backend` on every flavour of the libraries that were asked for."""
    if "backend" in metafunc.fixturenames:
        chosen = Backend.of(metafunc.config.getoption("--backend"))
        metafunc.parametrize("backend", chosen, indirect=True, ids=lambda backend: backend.value)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A backend, inside the context in which its flavour holds."""
    chosen: Backend = request.param
    with chosen.active():
        yield chosen
