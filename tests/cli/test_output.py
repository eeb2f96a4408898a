"""Where the report goes: standard output, or one file in one step."""

from __future__ import annotations

import base64
import gzip
import json
import os
import stat
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from driftwatch.cli import streams
from driftwatch.errors import DriftwatchError
from report_samples import HOSTILE_NAME, drifted, realistic, report

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run

FORMATS = ("table", "json", "markdown", "html", "junit", "github")


@pytest.fixture(autouse=True)
def _ready_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.cli.check._compare", lambda *_: realistic())


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_names_the_drifted_feature(run: Run, name: str) -> None:
    outcome = run("check", "a", "b", "--format", name)
    assert (outcome.code, outcome.err) == (1, "")
    assert "carrier" in outcome.out
    assert outcome.out.endswith("\n")
    assert not outcome.out.endswith("\n\n")


def test_json_is_the_report(run: Run) -> None:
    assert json.loads(run("check", "a", "b", "--format", "json").out) == realistic().to_dict()


def test_junit_is_xml(run: Run) -> None:
    assert ET.fromstring(run("check", "a", "b", "--format", "junit").out).tag in {"testsuites", "testsuite"}


@pytest.mark.parametrize("name", FORMATS)
def test_names_from_outside_do_not_break_any_format(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    hostile = report([drifted(HOSTILE_NAME)])
    monkeypatch.setattr("driftwatch.cli.check._compare", lambda *_: hostile)
    outcome = run("check", "a", "b", "--format", name)
    assert (outcome.code, outcome.err) == (1, "")
    assert "\x1b" not in outcome.out


def test_no_colour_where_standard_output_is_no_terminal(run: Run) -> None:
    assert "\x1b" not in run("check", "a", "b").out


@pytest.mark.parametrize("name", FORMATS)
def test_file_holds_what_standard_output_would(run: Run, tmp_path: Path, name: str) -> None:
    expected = run("check", "a", "b", "--format", name).out
    outcome = run("check", "a", "b", "--format", name, "--output", "out.txt")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "wrote out.txt\n")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == expected
    assert left_behind(tmp_path) == ["out.txt"]


def test_dash_as_output_is_standard_output(run: Run, tmp_path: Path) -> None:
    assert run("check", "a", "b", "--output", "-").out == run("check", "a", "b").out
    assert left_behind(tmp_path) == []


def test_quiet_writes_the_file_and_nothing_else(run: Run, tmp_path: Path) -> None:
    outcome = run("check", "a", "b", "-q", "--output", "out.txt")
    assert (outcome.code, outcome.out, outcome.err) == (1, "", "")
    assert left_behind(tmp_path) == ["out.txt"]


def test_failing_render_leaves_the_old_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out.txt").write_text("old")

    def fail(*_: object, **__: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr("driftwatch.cli.rendering.render", fail)
    assert run("check", "a", "b", "--output", "out.txt").code == 2
    assert (tmp_path / "out.txt").read_text() == "old"
    assert left_behind(tmp_path) == ["out.txt"]


def test_failing_write_leaves_the_old_file_and_no_other(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.txt").write_text("old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("driftwatch.cli.streams.os.fsync", fail)
    outcome = run("check", "a", "b", "--output", "out.txt")
    assert outcome.code == 2
    assert outcome.error == "cannot write 'out.txt': No space left on device. Name another file with --output."
    assert (tmp_path / "out.txt").read_text() == "old"
    assert left_behind(tmp_path) == ["out.txt"]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("folder", "`--output` 'folder' is a folder. Name a file in it."),
        ("nowhere/out.txt", "`--output` 'nowhere/out.txt': there is no folder"),
        ("ref.csv", "`--output` 'ref.csv' is one of the inputs. Name another file."),
        ("link.csv", "`--output` 'link.csv' is one of the inputs. Name another file."),
    ],
)
def test_destination_is_refused_before_any_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "ref.csv").write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to("ref.csv")
    worked: list[object] = []
    monkeypatch.setattr("driftwatch.cli.check._compare", lambda *_: worked.append(1))
    outcome = run("check", "ref.csv", "b", "--output", output)
    assert outcome.code == 2
    assert outcome.error.startswith(message)
    assert worked == []


def test_read_only_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # asked of the system, not tried: the tests may run as root, who may write everywhere
    monkeypatch.setattr("driftwatch.cli.streams.os.access", lambda *_: False)
    with pytest.raises(DriftwatchError, match="is read-only"):
        streams.check_destination(str(tmp_path / "out.txt"), ())


def test_new_file_gets_the_permissions_of_the_process(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        streams.write_file(str(tmp_path / "out.txt"), "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o640


def test_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("old")
    (tmp_path / "out.txt").chmod(0o604)
    streams.write_file(str(tmp_path / "out.txt"), "new")
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o604
    assert (tmp_path / "out.txt").read_text() == "new\n"


def test_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    streams.write_file(str(tmp_path / "link.txt"), "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new\n"


def test_named_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    # stands for /dev/null and /dev/stdout; a test must not bet those of the machine on the code being right
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    streams.check_destination(str(pipe), ())
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        streams.write_file(str(pipe), "new")
        assert os.read(reader, 100) == b"new\n"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_reader_of_the_old_file_sees_it_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("old")
    with (tmp_path / "out.txt").open() as reader:
        streams.write_file(str(tmp_path / "out.txt"), "new")
        assert reader.read() == "old"


class Terminal:
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("env", "color", "interactive"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, False, True),
        ({"NO_COLOR": ""}, True, True),
        ({"CI": "true"}, False, False),
        ({"CI": "false"}, True, True),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_environment_decides_on_colour_and_progress(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], color: bool, interactive: bool
) -> None:
    for name in ("NO_COLOR", "CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    terminal: object = Terminal()
    assert streams.wants_color(terminal) is color  # type: ignore[arg-type]
    assert streams.is_interactive(terminal) is interactive  # type: ignore[arg-type]


def test_colour_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.cli.rendering.wants_color", lambda _: True)
    assert "\x1b[" in run("check", "a", "b").out


def test_a_page_is_not_written_to_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    refused = run("check", "a", "b", "--format", "html")
    assert refused.code == 2
    assert "is a page for a browser" in refused.error
    assert run("check", "a", "b", "--format", "html", "-o", tmp_path / "report.html").code == 1
    assert "Drift detected" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_page_has_the_earlier_checks_of_its_stream(run: Run, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    check = ("check", "a", "b", "--store", tmp_path / "kept.db", "--stream", "nightly", "--format", "html", "-o", page)
    for _ in range(3):
        assert run(*check).code == 1
    packed = page.read_text(encoding="utf-8").partition('id="more">')[2].partition("<")[0]
    past = json.loads(gzip.decompress(base64.b64decode(packed)))["history"]
    assert [window["verdict"] for window in past["windows"]] == ["drift"] * 3
    assert past["effects"]["price"] == [0.411] * 3


def test_a_store_that_fails_does_not_cost_the_page(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise DriftwatchError("the store is gone")

    monkeypatch.setattr("driftwatch.cli.conclusion.keep", fails)
    page = tmp_path / "report.html"
    outcome = run("check", "a", "b", "--store", tmp_path / "kept.db", "--stream", "s", "--format", "html", "-o", page)
    assert outcome.code == 2
    assert "the store is gone" in outcome.err
    assert page.exists()


def test_note_survives_a_closed_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    streams.note("nobody listens")
