"""`driftwatch report`: a saved report rendered again."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from driftwatch.report.render import render
from report_samples import feature, realistic, report

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run

FORMATS = ("table", "json", "markdown", "junit", "github")


@pytest.fixture(autouse=True)
def _saved(tmp_path: Path) -> None:
    (tmp_path / "drift.json").write_text(realistic().to_json())
    (tmp_path / "fine.json").write_text(report([feature()]).to_json())


@pytest.mark.parametrize("name", FORMATS)
def test_saved_report_renders_as_the_fresh_one(run: Run, name: str) -> None:
    outcome = run("report", "drift.json", "--format", name)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == render(realistic(), name)


def test_report_comes_from_standard_input(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run("report", "drift.json").out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((tmp_path / "drift.json").read_bytes())))
    assert run("report", "-").out == expected


def test_report_goes_to_a_file(run: Run, tmp_path: Path) -> None:
    outcome = run("report", "drift.json", "--format", "markdown", "--output", "report.md")
    assert (outcome.code, outcome.out) == (0, "")
    assert (tmp_path / "report.md").read_text() == run("report", "drift.json", "--format", "markdown").out


def test_saved_report_cannot_be_its_own_output(run: Run) -> None:
    outcome = run("report", "drift.json", "--output", "drift.json")
    assert outcome.code == 2
    assert "is one of the inputs" in outcome.error


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("drift.json", [], 0),
        ("drift.json", ["--fail-on", "none"], 0),
        ("drift.json", ["--fail-on", "drift"], 1),
        ("fine.json", ["--fail-on", "drift"], 0),
    ],
)
def test_rendering_fails_on_drift_only_when_asked(run: Run, name: str, options: list[str], code: int) -> None:
    assert run("report", name, *options).code == code


def test_settings_of_a_check_do_not_make_rendering_fail(run: Run, tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text('fail_on = "drift"\nformat = "json"\n')
    outcome = run("report", "drift.json")
    assert outcome.code == 0
    assert outcome.out.startswith("{")


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"[]", b"{}", b'{"schema_version": 99}', b"\xff\xfe", b'{"features": ' * 3, b"[" * 200_000],
    ids=["empty", "text", "array", "no keys", "future version", "no utf-8", "truncated", "deep"],
)
def test_malformed_report_ends_with_2_and_one_line(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    outcome = run("report", "bad.json")
    assert outcome.code == 2
    assert outcome.error.startswith("'bad.json' is not a saved report: ")


def test_truncated_report_ends_with_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text(realistic().to_json()[:-30])
    assert run("report", "bad.json").code == 2


@pytest.mark.parametrize(
    ("name", "message"), [("nope.json", "No such file or directory: 'nope.json'."), (".", "Is a directory: '.'.")]
)
def test_path_that_is_no_file_ends_with_2(run: Run, name: str, message: str) -> None:
    outcome = run("report", name)
    assert outcome.code == 2
    assert outcome.error == message
