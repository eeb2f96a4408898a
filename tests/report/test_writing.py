"""A report as a file, in one step."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import report_samples as samples
from driftwatch.errors import DriftwatchError
from driftwatch.report.writing import write_text


def test_to_html_returns_what_it_writes(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")
    text = samples.realistic().to_html(path)
    assert path.read_text(encoding="utf-8") == text == samples.realistic().to_html()
    assert [found.name for found in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DriftwatchError, match=r"cannot write .*No such file"):
        samples.realistic().to_html(tmp_path / "missing" / "report.html")


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_text(os.devnull, "text")
    assert not Path(os.devnull).is_file()
