from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends import Backend

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=Backend.of(()), ids=lambda backend: backend.value)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Every backend in turn, inside the context in which its flavour holds."""
    chosen: Backend = request.param
    with chosen.active():
        yield chosen
