"""The middleware out of a settings file: every option that is no object, and nothing that is not known."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.config import load_settings
from driftwatch.config.keys import MIDDLEWARE_KEYS
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.middleware import DriftMiddleware

if TYPE_CHECKING:
    from pathlib import Path

OBJECTS = {"app", "monitor", "roles", "store", "alerts", "on_window", "clock", "rng"}  # in code, or set elsewhere


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that makes the middleware in a folder with some settings, and its options."""
    monkeypatch.chdir(tmp_path)
    seen: dict[str, Any] = {}
    original = DriftMiddleware.__init__

    def noted(self: DriftMiddleware, app: Any, **options: Any) -> None:
        seen.update(options)
        original(self, app, **options)

    monkeypatch.setattr(DriftMiddleware, "__init__", noted)
    monitor = Monitor({"age": np.random.default_rng(0).normal(40, 9, 200)})

    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    def make(text: str, **options: Any) -> dict[str, Any]:
        (tmp_path / "driftwatch.toml").write_text(text)
        seen.clear()
        DriftMiddleware.from_config(app, monitor=monitor, **options).close()
        return {name: value for name, value in seen.items() if name != "monitor"}

    return make


def test_every_option_that_is_no_object_can_be_set() -> None:
    assert set(inspect.signature(DriftMiddleware).parameters) - OBJECTS == set(MIDDLEWARE_KEYS)


def test_options_and_store_come_from_the_file(made: Any) -> None:
    found = made(
        'store = "here.db"\n[middleware]\nfeatures = "$.x"\nwindow = "5m"\nsample = 0.5\nstatuses = [200, 201]\n'
    )
    assert found == {"store": "here.db", "features": "$.x", "window": "5m", "sample": 0.5, "statuses": (200, 201)}


def test_without_a_store_that_is_set_each_process_has_its_own(made: Any) -> None:
    assert made("[middleware]\nfeatures = '$'\n") == {"features": "$"}


def test_options_in_code_are_stronger(made: Any) -> None:
    assert made("[middleware]\nwindow = 50\nfeatures = '$.a'\n", window=10, store="own.db") == {
        "features": "$.a",
        "window": 10,
        "store": "own.db",
    }


@pytest.mark.parametrize(
    "line",
    [
        "window = 0",
        "sample = 1.5",
        "paths = 'x'",
        "statuses = [1]",
        "statuses = []",
        "flush_every = 0",
        "max_body = true",
    ],
)
def test_a_value_that_does_not_fit_is_one_error(made: Any, line: str) -> None:
    with pytest.raises(ConfigError, match=rf"`middleware\.{line.split(maxsplit=1)[0]}` in .* must be"):
        made(f"[middleware]\n{line}\n")


def test_a_typing_mistake_is_recognised(made: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"'windows' \(did you mean 'window'\?\)"):
        made("[middleware]\nwindows = 5\n")


def test_the_environment_says_where_the_store_is() -> None:
    assert load_settings({}, {"DRIFTWATCH_STORE": "there.db"}).settings.store == "there.db"
