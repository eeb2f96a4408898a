"""One browser for all tests of pages: `nox -s pages` runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    opened = Browser()
    yield opened
    opened.close()
