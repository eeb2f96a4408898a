"""Entry point of the command line (layer 5): nothing leaves it but an exit code, and no error is ever a traceback."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

from driftwatch.cli.exitcodes import ExitCode
from driftwatch.cli.streams import note, one_line, settle_stdout, write_data
from driftwatch.errors import ConfigError, DriftwatchError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_CLI_PACKAGES = {"typer", "rich", "pyarrow"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments, by default those of the process.

    Returns
    -------
    int
        0 no drift, 1 drift, 2 could not run, 3 no verdict possible, 130 interrupted, 141 nobody reads the output.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    try:
        with warnings.catch_warnings():
            if not debug and not sys.warnoptions:
                warnings.simplefilter("ignore")  # standard error holds our one line, not the advice of libraries
            return int(_dispatch(arguments))
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - any other end would be exit code 1, which means drift
        if debug:
            _show_traceback(error)
        note(f"error: {_message(error)}")
        return ExitCode.ERROR
    finally:
        settle_stdout()


def _dispatch(arguments: list[str]) -> int:
    if [word for word in arguments if word != "--debug"][:1] == ["--version"]:  # answered before Typer is imported
        from driftwatch._version import version

        write_data(f"driftwatch {version()}")
        return ExitCode.OK
    try:
        outcome = _parse(arguments)
        return outcome() if callable(outcome) else outcome
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _CLI_PACKAGES:
            raise
        raise MissingExtraError.for_feature("the command line", package=package, extra="cli") from error


def _parse(arguments: list[str]) -> Action | int:
    import typer

    from driftwatch.cli.app import app

    try:
        outcome: Action | int | None = app(args=arguments, prog_name="driftwatch", standalone_mode=False)
    except typer.Abort:  # what Typer makes of Ctrl-C
        raise KeyboardInterrupt from None
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        outcome = end.code if isinstance(end.code, int) else ExitCode.ERROR
    except Exception as error:
        # the base class of usage errors sits in click or in Typer's copy of it, by version: known by its method
        explain = getattr(error, "format_message", None)
        if explain is None:
            raise
        raise ConfigError(f"{explain()} See `{_command_path(error)} --help`.") from error
    if outcome is None or callable(outcome):
        return outcome or ExitCode.OK
    # an end by Typer itself: help and completion scripts, which must not fail with the code that means drift
    return outcome if outcome in {ExitCode.OK, ExitCode.INTERRUPTED} else ExitCode.ERROR


def _command_path(error: Exception) -> str:
    return str(getattr(getattr(error, "ctx", None), "command_path", "driftwatch"))


def _message(error: Exception) -> str:
    if isinstance(error, DriftwatchError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename!r}." if error.filename else f"{error.strerror}."
    if isinstance(error, MemoryError):
        return "out of memory. Compare fewer features at a time with --features, or fewer rows."
    return f"internal error: {type(error).__name__}: {error}. --debug shows where; please report it."


def _show_traceback(error: Exception) -> None:
    import traceback

    for line in "".join(traceback.format_exception(error)).splitlines():
        note(one_line(line))


if TYPE_CHECKING:
    from driftwatch.cli.app import Action

if __name__ == "__main__":
    sys.exit(main())
