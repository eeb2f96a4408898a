"""Tables of facts within a terminal."""

from __future__ import annotations

import pytest

from driftwatch.cli.columns import columns

ROW = {"id": "dw_" + "0" * 33, "name": "feature_with_a_long_name", "other": "x" * 30, "text": "word " * 30}


@pytest.fixture(autouse=True)
def _eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_wide_columns_give_way_and_ids_do_not() -> None:
    header, line = columns(("id", "name", "other", "text"), [ROW], whole={"id"}).splitlines()
    assert max(len(header), len(line)) <= 80
    assert line.split()[0] == ROW["id"]
    assert "…" in line.split()[1]


def test_what_fits_is_shown_in_full() -> None:
    _, line = columns(("name", "text"), [{"name": "age", "text": "all is well"}]).splitlines()
    assert line == "age   all is well"
