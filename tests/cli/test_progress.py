"""The progress bar: late, on standard error, never in the way."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.cli.progress import DELAY_SECONDS, DelayedProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from cli_runs import Run


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """Return the functions that timers were started with; no time passes by itself."""
    started: list[Callable[[], None]] = []

    class Timer:
        daemon = False

        def __init__(self, interval: float, function: Callable[[], None]) -> None:
            self.function = function
            assert interval == DELAY_SECONDS

        def start(self) -> None:
            started.append(self.function)

        def cancel(self) -> None:
            started.clear()

    monkeypatch.setattr("driftwatch.cli.progress.threading.Timer", Timer)
    return started


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return what stands for a terminal on standard error."""
    import rich.console

    text = io.StringIO()

    def console(**_: Any) -> Any:
        return real(file=text, force_terminal=True, width=80, color_system=None, legacy_windows=False)

    real = rich.console.Console
    monkeypatch.setattr("rich.console.Console", console)
    return text


def test_nothing_is_shown_before_the_delay(timers: list[Callable[[], None]], screen: io.StringIO) -> None:
    with DelayedProgress(enabled=True) as progress:
        progress.phase("reading ref.csv")
        progress.phase("comparing", total=3)
        progress.advance(3)
        assert len(timers) == 1
    assert (screen.getvalue(), timers) == ("", [])


def test_no_timer_runs_when_nobody_looks(timers: list[Callable[[], None]]) -> None:
    with DelayedProgress(enabled=False) as progress:
        progress.phase("comparing", total=3)
        progress.advance(3)
        assert timers == []


def test_phase_and_share_are_shown_after_the_delay(timers: list[Callable[[], None]], screen: io.StringIO) -> None:
    with DelayedProgress(enabled=True) as progress:
        progress.phase("reading [bold]ref.csv")
        timers[0]()
        assert "reading [bold]ref.csv" in screen.getvalue()
        progress.phase("comparing", total=4)
        progress.advance(1)
        progress.advance(1)
    assert "comparing" in screen.getvalue()
    assert "50%" in screen.getvalue()


def test_delay_that_ends_after_the_work_shows_nothing(timers: list[Callable[[], None]], screen: io.StringIO) -> None:
    with DelayedProgress(enabled=True) as progress:
        progress.phase("comparing", total=3)
        late = timers[0]
    late()
    assert screen.getvalue() == ""


def test_bar_that_cannot_be_drawn_is_left_out(
    timers: list[Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "rich.progress", None)
    with DelayedProgress(enabled=True) as progress:
        progress.phase("comparing", total=3)
        timers[0]()
        progress.advance(1)


def test_timer_thread_ends_with_the_work() -> None:
    with DelayedProgress(enabled=True, delay=3600.0) as progress:
        assert progress._timer.is_alive()
    progress._timer.join(timeout=60)
    assert not progress._timer.is_alive()


@pytest.mark.parametrize("arguments", [["check", "a", "b"], ["check", "a", "b", "--quiet"]])
def test_no_bar_where_standard_error_is_no_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    from report_samples import realistic

    asked: list[bool] = []

    class Recorder(DelayedProgress):
        def __init__(self, *, enabled: bool) -> None:
            asked.append(enabled)
            super().__init__(enabled=enabled)

    monkeypatch.setattr("driftwatch.cli.check.DelayedProgress", Recorder)
    monkeypatch.setattr("driftwatch.cli.check._compare", lambda *_: realistic())
    run(*arguments)
    assert asked == [False]


def test_rows_and_time_left_are_shown(timers: list[Callable[[], None]], screen: io.StringIO) -> None:
    with DelayedProgress(enabled=True) as progress:
        assert progress.enabled
        progress.phase("counting", total=3_000_000, unit="rows")
        timers[0]()
        progress.advance(1_500_000)
    assert "1,500,000 of 3,000,000 rows" in " ".join(screen.getvalue().split())
    assert "left" in screen.getvalue()
    with DelayedProgress(enabled=True) as progress:
        progress.phase("counting", unit="rows")
        timers[0]()
        progress.advance(1_234)
    assert "1,234 rows" in screen.getvalue()
