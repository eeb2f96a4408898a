"""The exit-code contract: verdict and settings to code, and every other end to 2, 130 or 141."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from driftwatch.cli.exitcodes import ExitCode, exit_code
from driftwatch.errors import InputError
from driftwatch.report.model import Status
from report_samples import drifted, feature, report, without_verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli_runs import Run
    from driftwatch.report.model import DriftReport

DRIFT = report([drifted("price"), feature("age")])
NO_DRIFT = report([feature("age"), without_verdict("id", Status.SKIPPED, "identifiers are not tested")])
NO_VERDICT = report([without_verdict("age", Status.INSUFFICIENT, "4 valid values in current, 10 are needed")])


@pytest.fixture
def compare_gives(monkeypatch: pytest.MonkeyPatch) -> Callable[[DriftReport | BaseException], None]:
    """Return a function that puts a ready report, or an exception, in the place of reading and comparing."""

    def give(outcome: DriftReport | BaseException) -> None:
        def compare(*_: object) -> DriftReport:
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        monkeypatch.setattr("driftwatch.cli.check._compare", compare)

    return give


@pytest.mark.parametrize(
    ("found", "options", "code"),
    [
        (NO_DRIFT, [], 0),
        (DRIFT, [], 1),
        (NO_VERDICT, [], 3),
        (DRIFT, ["--fail-on", "drift"], 1),
        (DRIFT, ["--fail-on", "none"], 0),
        (NO_DRIFT, ["--fail-on", "none"], 0),
        (NO_VERDICT, ["--fail-on", "none"], 3),
        (NO_VERDICT, ["--on-insufficient", "report"], 3),
        (NO_VERDICT, ["--on-insufficient", "pass"], 0),
        (NO_VERDICT, ["--on-insufficient", "fail"], 1),
        (DRIFT, ["--on-insufficient", "pass"], 1),
        (report([]), [], 3),
    ],
)
@pytest.mark.parametrize("quiet", [False, True])
def test_verdict_and_settings_decide_the_code(
    run: Run,
    compare_gives: Callable[[DriftReport], None],
    found: DriftReport,
    options: list[str],
    code: int,
    quiet: bool,
) -> None:
    compare_gives(found)
    outcome = run("check", "a", "b", *options, *(["--quiet"] if quiet else []))
    assert (outcome.code, bool(outcome.out), outcome.err) == (code, not quiet, "")


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (InputError("no rows.\nCheck it."), "no rows. Check it."),
        (ZeroDivisionError("division by zero"), "internal error: ZeroDivisionError: division by zero. --debug shows"),
        (KeyError("price"), "internal error: KeyError: 'price'."),
        (RecursionError("deep"), "internal error: RecursionError: deep."),
        (EOFError("truncated"), "internal error: EOFError: truncated."),
        (AssertionError("x"), "internal error: AssertionError: x."),
        (MemoryError(), "out of memory. Compare fewer features at a time with --features"),
        (PermissionError(errno.EACCES, "Permission denied", "ref.csv"), "Permission denied: 'ref.csv'."),
        (OSError(errno.EIO, "Input/output error"), "Input/output error."),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_any_exception_ends_with_2_and_one_line(
    run: Run, compare_gives: Callable[[BaseException], None], raised: Exception, message: str
) -> None:
    compare_gives(raised)
    outcome = run("check", "a", "b")
    assert outcome.code == 2
    assert outcome.error.startswith(message)


def test_debug_shows_the_traceback_before_the_line(run: Run, compare_gives: Callable[[BaseException], None]) -> None:
    compare_gives(ZeroDivisionError("division by zero"))
    outcome = run("check", "a", "b", "--debug")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Traceback (most recent call last):\n")
    assert "in compare" in outcome.err
    assert outcome.err.splitlines()[-1].startswith("error: internal error: ZeroDivisionError")


def test_interrupt_ends_with_130_and_silence(run: Run, compare_gives: Callable[[BaseException], None]) -> None:
    compare_gives(KeyboardInterrupt())
    outcome = run("check", "a", "b")
    assert (outcome.code, outcome.out, outcome.err) == (130, "", "")


def test_reader_that_went_away_ends_with_141_and_silence(
    run: Run, compare_gives: Callable[[DriftReport], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_gives(DRIFT)
    monkeypatch.setattr("sys.stdout", None)
    assert run("check", "a", "b").code == 141


def test_warnings_of_libraries_stay_off_standard_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def compare(*_: object) -> DriftReport:
        import warnings

        warnings.warn("mean of empty slice", RuntimeWarning, stacklevel=1)
        return NO_DRIFT

    monkeypatch.setattr("driftwatch.cli.check._compare", compare)
    outcome = run("check", "a", "b")
    assert (outcome.code, outcome.err) == (0, "")


def test_codes_are_the_documented_numbers() -> None:
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 130, 141]


def test_unknown_word_for_insufficient_data_is_no_pass() -> None:
    assert exit_code(NO_VERDICT, fail_on="drift", on_insufficient="?") is ExitCode.NO_VERDICT


def test_settings_of_a_file_decide_the_code(
    run: Run, compare_gives: Callable[[DriftReport], None], tmp_path: Path
) -> None:
    compare_gives(DRIFT)
    (tmp_path / "driftwatch.toml").write_text('fail_on = "none"\nformat = "json"\n')
    outcome = run("check", "a", "b")
    assert outcome.code == 0
    assert outcome.out.startswith("{")
