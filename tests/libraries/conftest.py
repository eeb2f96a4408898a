"""Tests that need an array library which users bring: collected where `--backend` names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends import Backend

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# Plain JAX runs every case, its flavours these. With x64 the same code has wider types.
X64_CASES = frozenset({"continuous", "missing", "infinite_and_missing", "relu_zeros", "plain", "empty_side", "large"})
# A trace has no branch that depends on a value, so cases that differ in values only are one case to the compiler.
JIT_CASES = X64_CASES | {
    *("ties_at_both_ends", "constant", "infinite", "empty_after_omission", "one_value"),
    *("no_level", "rare_levels", "three_dimensions"),
}
CASES_OF = {Backend.JAX_X64: X64_CASES, Backend.JAX_JIT_X64: X64_CASES, Backend.JAX_JIT: JIT_CASES}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what needs a library that was not asked for, by the name of the file; everything without any."""
    libraries = set(config.getoption("--backend"))
    needed = set(collection_path.stem.split("_")) & {"torch", "jax", "cupy"}
    return True if not libraries or needed - libraries else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests of `backend` on the libraries that were asked for, but for the flavours that a module leaves out."""
    if "backend" in metafunc.fixturenames:
        left_out: frozenset[str] = getattr(metafunc.module, "FLAVOURS_LEFT_OUT", frozenset())
        chosen = [b for b in Backend.of(metafunc.config.getoption("--backend")) if b.flavour not in left_out]
        metafunc.parametrize("backend", chosen, indirect=True, ids=lambda backend: backend.value)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only makes JAX compile the same code once more."""
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (left_out if _is_more_of_the_same(item) else kept).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def _is_more_of_the_same(item: pytest.Item) -> bool:
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    backend, case = parameters.get("backend"), parameters.get("case")
    return isinstance(backend, Backend) and case is not None and case not in CASES_OF.get(backend, {case})


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A backend, inside the context in which its flavour holds."""
    chosen: Backend = request.param
    with chosen.active():
        yield chosen
