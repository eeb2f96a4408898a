"""What `pytest` collects: the host's array libraries by default, others where `--backend` asks for them."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

LIBRARIES = ("torch", "jax", "cupy")

# Each of these files is about a library that users bring and the tests of the core do without.
collect_ignore = [f"src/driftwatch/ops/{library}.py" for library in LIBRARIES if find_spec(library) is None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--backend`."""
    parser.addoption(
        "--backend",
        action="append",
        default=[],
        choices=LIBRARIES,
        help="run the contract tests on this array library too, and collect the tests that need it",
    )
