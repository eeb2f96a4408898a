"""The page of Streamlit, run headless by its own test harness."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from dashboard_samples import EVIL, fill
from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60.0  # seconds for one run of the page, on a busy machine


@pytest.fixture(autouse=True)
def _installed() -> None:
    if find_spec("streamlit") is None:
        reason = "streamlit is not installed: nox -s pages installs it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def opened(store: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from streamlit.testing.v1 import AppTest

    spec = find_spec("driftwatch.dashboard.streamlit_app")
    assert spec is not None
    assert spec.origin is not None
    monkeypatch.setenv("DRIFTWATCH_STORE", str(store))
    monkeypatch.setattr("sys.argv", ["streamlit_app.py"])
    return AppTest.from_file(spec.origin, default_timeout=PATIENCE).run()


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    path = tmp_path / "driftwatch.db"
    with SQLiteStore(path) as store:
        fill(store)
    return path


def test_it_shows_what_the_api_serves(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(filled, monkeypatch)
    assert not page.exception
    assert [tab.label for tab in page.tabs] == ["Models", "Compare", "Alerts", "Baselines"]
    models = page.dataframe[0].value
    assert list(models["model"]) == sorted(["trips", EVIL, "broken"])
    page.selectbox(key="model").select("trips").run()
    effects = page.dataframe[1].value
    assert effects["feature"][0] == "price"
    assert effects["drifted"][0] == 2
    assert not page.exception


def test_two_checks_are_chosen(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(filled, monkeypatch)
    page.selectbox(key="left").select(1).run()
    page.selectbox(key="right").select(4).run()
    compared = next(frame.value for frame in page.dataframe if "change" in frame.value)
    assert compared["feature"][0] == "price"
    assert bool(compared["right drift_detected"][0])


def test_a_store_that_is_not_there_is_said_and_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(tmp_path / "no.db", monkeypatch)
    assert [error.value for error in page.error] == ["The store cannot be read."]
    assert not page.exception
    assert not (tmp_path / "no.db").exists()
