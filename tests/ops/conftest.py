from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends import Backend

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests of `backend` on those of the host, and on the libraries of `--backend` as they are without a trace."""
    if "backend" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--backend")
        chosen = [*Backend.of(()), *(b for b in Backend.of(asked) if asked and not b.traces)]
        metafunc.parametrize("backend", chosen, indirect=True, ids=lambda backend: backend.value)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """A backend, inside the context in which its flavour holds."""
    chosen: Backend = request.param
    with chosen.active():
        yield chosen
