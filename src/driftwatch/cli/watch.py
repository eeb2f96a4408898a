"""`driftwatch watch` (layer 5): a stream in, a line for each window that closes out."""

from __future__ import annotations

import datetime as dt
import importlib
import json
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch.cli.alert_test import configured_manager
from driftwatch.cli.exitcodes import ExitCode
from driftwatch.cli.settings import resolve
from driftwatch.cli.signals import stopped_by_signals
from driftwatch.cli.stores import period_of, whole_number
from driftwatch.cli.streams import note, one_line, write_data
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from driftwatch.alerting import AlertManager
    from driftwatch.config import Settings
    from driftwatch.scoring.judging import ClosedWindow
    from driftwatch.scoring.windows import Windows
    from driftwatch.store.protocol import Store
    from driftwatch.store.retention import Retention

__all__ = ["Cut", "run_watch"]

STOP_WITHIN = 10.0  # seconds for a receiver that is being told: less than orchestrators wait before they kill
_FORMATS = ("line", "ndjson")


@dataclass(frozen=True, slots=True)
class Cut:
    """How the stream is cut into windows, as text from the command line; None where not given."""

    every: str | None = None
    rows: str | None = None
    window: str | None = None
    lateness: str | None = None

    def windows(self) -> Windows:
        """Return the windows.

        Raises
        ------
        ConfigError
            If they are not said, or said twice.
        """
        from driftwatch.scoring.windows import Windows

        if (self.every is None) == (self.rows is None):
            raise ConfigError("give either `--every TIME` or `--rows COUNT`, so that the stream is cut into windows.")
        if self.rows is None:
            return Windows.by_time(str(self.every), self.window, lateness=self.lateness)
        if self.window is not None or self.lateness is not None:
            raise ConfigError(
                "`--window` and `--lateness` are for windows of time: give `--every` in place of `--rows`."
            )
        if not self.rows.isdecimal():
            raise ConfigError(f"`--rows` must be a whole number, got {self.rows!r}.")
        return Windows.by_rows(int(self.rows))


def run_watch(
    source: str,
    profile: str,
    store: str,
    *,
    cut: Cut,
    timestamp: str | None,
    timestamp_unit: str,
    stream: str | None,
    decode: str | None,
    retain: tuple[str | None, str | None],
    alerts: bool,
    format_name: str,
    quiet: bool,
    flags: Mapping[str, object],
    config_file: str | None,
) -> int:
    """Read the stream until a signal comes, and return the exit code.

    Parameters
    ----------
    source : str
        Address of the source.
    profile, store : str
        A path, and the address of a store.
    cut : Cut
    timestamp, timestamp_unit, stream : str, optional
        As for `Worker`.
    decode : str, optional
        `module:function`.
    retain : tuple
        How many checks are kept and for how long, as text; None where not given.
    alerts : bool
        Whether to tell the receivers of the settings.
    format_name : str
        `line` or `ndjson`.
    quiet : bool
        Print nothing but errors.
    flags : mapping
        Settings given on the command line, by key; None where not given.
    config_file : str, optional
        A path.
    """
    if format_name not in _FORMATS:
        raise ConfigError(f"`--format` must be one of {', '.join(_FORMATS)}, got {format_name!r}.")
    settings = resolve(flags, config_file).settings
    windows = cut.windows()
    manager = configured_manager(config_file) if alerts else None
    decoder = None if decode is None else _function(decode)

    from driftwatch.profile.profile import Profile
    from driftwatch.scoring.profile_scorer import ProfileScorer
    from driftwatch.store.opening import open_store
    from driftwatch.streaming.addresses import open_source
    from driftwatch.streaming.reading import decode_json
    from driftwatch.streaming.worker import Worker

    scorer = ProfileScorer(Profile.load(profile), **_options(settings))

    retention = _retention(*retain)

    def show(closed: ClosedWindow) -> None:
        if not quiet:
            write_data(_as_json(closed) if format_name == "ndjson" else _as_line(closed))
        retention(opened, closed.stream)
        if retention.problem is not None:
            note(f"old checks stay for now: {retention.problem}")

    with open_store(store) as opened:
        worker = Worker(
            open_source(source),
            opened,
            scorer,
            windows=windows,
            stream=stream,
            decode=decode_json if decoder is None else decoder,
            timestamp=timestamp,
            timestamp_unit=timestamp_unit,
            with_report=manager,
            on_window=show,
            on_problem=lambda problem: (
                None if quiet else note(f"waiting: {problem}" if problem else "all is well again")
            ),
        )
        with stopped_by_signals(worker.stop) as came:
            if not quiet:
                note(f"watching {worker.stream}; end with Ctrl-C or SIGTERM")
            retention(opened, worker.stream)
            with _delivering(manager, opened):
                worker.run()
        if not quiet:
            counters = {
                name: n for name, n in opened.counters(worker.stream).items() if not name.startswith("check")
            }  # the verdicts are in the lines above
            note(
                "stored: " + (", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in counters.items()) or "nothing")
            )
    return ExitCode.INTERRUPTED if signal.SIGINT in came else ExitCode.OK


@contextmanager
def _delivering(manager: AlertManager | None, store: Store) -> Iterator[None]:
    """Send what is in the outbox while the stream is watched."""
    if manager is None:
        yield
        return
    delivery = manager.start(store)
    try:
        yield
    finally:
        if not delivery.stop(STOP_WITHIN):
            note("a receiver is still busy; what it did not take is sent again by the next start")


def _retention(keep: str | None, age: str | None) -> Retention:
    from driftwatch.store.retention import Retention

    return Retention(
        keep=None if keep is None else whole_number("--keep", keep),
        max_age=None if age is None else dt.timedelta(microseconds=period_of("--retain", age)),
    )


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "detectors": settings.detectors,
        "thresholds": settings.thresholds,
        "excess": settings.excess,
        "alpha": settings.alpha,
        "correction": settings.correction,
        "global_method": settings.global_method,
        "min_effect": settings.min_effect,
        "min_samples": settings.min_samples,
        "per_feature": settings.per_feature(),
        "roles": settings.roles,
    }


def _function(name: str) -> Callable[[bytes], Any]:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"`--decode` must be MODULE:FUNCTION, got {name!r}: {error}.") from error
    if not callable(found):
        raise ConfigError(f"`--decode` {name!r} is not a function.")
    return found  # type: ignore[no-any-return]


def _as_line(closed: ClosedWindow) -> str:
    start = _place(closed, closed.key.start)
    return one_line(f"{start}  {closed.n_rows:,} rows  {closed.scored.verdict}  {closed.scored.summary}")


def _as_json(closed: ClosedWindow) -> str:
    return json.dumps(
        {
            "stream": closed.stream,
            "scope": closed.key.scope,
            "start": _place(closed, closed.key.start),
            "stop": _place(closed, closed.key.stop),
            "rows": closed.n_rows,
            "verdict": closed.scored.verdict,
            "summary": closed.scored.summary,
        }
    )


def _place(closed: ClosedWindow, at: int) -> str | int:
    """Return a time in ISO form, or the number of a row; windows by rows have a scope."""
    return dt.datetime.fromtimestamp(at / 1e6, dt.UTC).isoformat() if closed.key.is_time else at
