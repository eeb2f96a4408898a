"""The page of error rates says what the committed simulation says, and hides nothing of it."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_calibration", ROOT / "docs" / "generate_calibration.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def measured(generator: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(generator.RATES.read_text(encoding="utf-8"))
    return found


def test_the_page_is_what_the_simulation_gives(generator: ModuleType, measured: dict[str, Any]) -> None:
    page = generator.PAGE.read_text(encoding="utf-8")
    assert page == generator.render(measured), "run: python docs/generate_calibration.py"


def test_every_suite_is_on_the_page_with_its_command(generator: ModuleType, measured: dict[str, Any]) -> None:
    page = generator.render(measured)
    assert set(measured) == {name for name, *_ in generator.SECTIONS}
    assert all(f"`{suite['command']}`" in page for suite in measured.values())


@pytest.mark.parametrize(("missed", "said"), [(True, "**0.2000 +- 0.0100**"), (False, " 0.2000 +- 0.0100 ")])
def test_a_rate_outside_its_bound_is_said(generator: ModuleType, missed: bool, said: str) -> None:
    cell = {"test": "ks", "data": "normal", "n": 50, "m": 50, "alpha": 0.05}
    row = {"cell": cell, "rate": 0.2, "error": 0.01, "missed": missed, "replicates": 100}
    suite = {"machine": {"cores": 2}, "command": "simulate", "rows": [row]}
    assert said in generator.render({"pvalues": suite})


def test_no_committed_rate_is_outside_its_bound(measured: dict[str, Any]) -> None:
    assert [row for suite in measured.values() for row in suite["rows"] if row.get("missed")] == []
