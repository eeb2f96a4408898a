"""Models from files: which library reads which, and what is refused. With real libraries in `nox -s explain`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.errors import InputError, MissingExtraError
from driftwatch.explain import read_model

if TYPE_CHECKING:
    from pathlib import Path


class _Booster:
    def __init__(self, model_file: str) -> None:
        if "broken" in model_file:
            raise RuntimeError("unknown format")
        self.file = model_file


class _CatBoost:
    def load_model(self, file: str) -> None:
        self.file = file


@pytest.fixture(autouse=True)
def _libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lightgbm", "xgboost", "catboost"):
        module: Any = ModuleType(name)
        module.Booster, module.CatBoost = _Booster, _CatBoost
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize("name", ["m.txt", "m.json", "m.ubj", "m.cbm", "M.TXT"])
def test_a_file_is_read_by_its_library(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("model")
    assert read_model(tmp_path / name).file == str(tmp_path / name)


@pytest.mark.parametrize("name", ["m.pkl", "m.joblib", "m"])
def test_what_may_hold_code_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("model")
    with pytest.raises(InputError, match="pickles are not read"):
        read_model(tmp_path / name)


def test_a_file_that_is_not_there_and_one_that_is_no_model_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        read_model(tmp_path / "m.txt")
    (tmp_path / "broken.txt").write_text("model")
    with pytest.raises(InputError, match=r"no model of lightgbm: unknown format"):
        read_model(tmp_path / "broken.txt")


def test_a_missing_library_is_named_with_the_line_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xgboost", None)
    (tmp_path / "m.json").write_text("{}")
    with pytest.raises(MissingExtraError, match="pip install xgboost"):
        read_model(tmp_path / "m.json")
