"""Settings of the middleware to what works by them (layer 5); everything that cannot be right is refused here."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from driftwatch._checks import check_count, is_amount
from driftwatch.arrays.schema import FeatureKind, Role
from driftwatch.errors import ConfigError, InputTypeError, UnknownNameError
from driftwatch.middleware.collector import Collector
from driftwatch.middleware.extract import extractor
from driftwatch.middleware.intake import Intake
from driftwatch.middleware.recorder import Recorder
from driftwatch.middleware.rows import RowReader
from driftwatch.middleware.worker import Worker
from driftwatch.monitor.monitor import Monitor
from driftwatch.profile.profile import Profile
from driftwatch.scoring.profile_scorer import ProfileScorer
from driftwatch.scoring.windows import Windows

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping, Sequence

    from driftwatch.middleware.extract import Where
    from driftwatch.middleware.recorder import Alerts
    from driftwatch.scoring.judging import ClosedWindow
    from driftwatch.store.retention import Retention

__all__ = ["make_worker"]


def make_worker(
    *,
    monitor: object,
    features: Where | None,
    predictions: Where | None,
    roles: Mapping[str, Role | str] | None,
    columns: Sequence[str] | None,
    window: int | str | dt.timedelta | Windows,
    store: Any,
    stream: str,
    alerts: Alerts | None,
    on_window: Callable[[ClosedWindow], object] | None,
    content_types: Collection[bytes],
    max_body: int,
    queue_size: int,
    queue_bytes: int,
    max_pending: int,
    flush_every: float,
    lease_for: float,
    retention: Retention,
    clock: Callable[[], float],
) -> Worker:
    """Return the worker of a middleware; see `DriftMiddleware`."""
    for name, seconds in (("flush_every", flush_every), ("lease_for", lease_for)):
        if not is_amount(seconds) or not seconds > 0:
            raise ConfigError(f"`{name}` must be a positive number of seconds, got {seconds!r}.")
    if lease_for < 2 * flush_every:
        raise ConfigError(
            f"`lease_for` must be at least twice `flush_every`, by which it is renewed, got {lease_for!r} and "
            f"{flush_every!r}. Raise it."
        )
    for name, number in (("queue_size", queue_size), ("queue_bytes", queue_bytes), ("max_pending", max_pending)):
        check_count(name, number)
    if features is None and predictions is None:
        raise ConfigError(
            "`features` or `predictions` must say where they stand, got neither. Pass features='$.features'."
        )
    if not stream:
        raise ConfigError(f"`stream` must be a name, got {stream!r}.")
    judge = _monitor(monitor, roles)
    profile = judge.profile
    targets = judge.plan.columns(Role.TARGET)
    predicted = tuple(name for name in profile.features if name in judge.plan.columns(Role.PREDICTION))
    own = tuple(n for n in profile.features if n not in {*targets, *predicted} and n not in profile.joint)
    if columns is not None:
        unknown = [name for name in columns if name not in profile.features]
        if unknown:
            raise UnknownNameError.from_names("column in `columns`", unknown, profile.features)
        own = tuple(columns)
    intake = Intake(queue_size, queue_bytes)
    collector = Collector(
        profile,
        features=None if features is None else (extractor("features", features), _reader(profile, own)),
        predictions=None
        if predictions is None
        else (extractor("predictions", predictions), _reader(profile, predicted) if predicted else None),
        outputs={*targets, *predicted},
        content_types=content_types,
        max_body=max_body,
        max_pending=max_pending,
    )
    recorder = Recorder(
        stream,
        intake,
        collector,
        profile=profile,
        windows=_windows(window),
        scorer=ProfileScorer.of_monitor(judge),
        store=store,
        alerts=alerts,
        on_window=on_window,
        flush_every=flush_every,
        lease_for=lease_for,
        retention=retention,
        clock=clock,
    )
    return Worker(recorder, flush_every)


def _monitor(given: object, roles: Mapping[str, Role | str] | None) -> Monitor:
    if isinstance(given, Monitor):
        if roles is not None:
            raise ConfigError("`roles` are for a profile; a monitor has its own. Pass them to the monitor.")
        return given
    profile = Profile.load(given) if isinstance(given, str | os.PathLike) else given
    if not isinstance(profile, Profile):
        raise InputTypeError(
            f"`monitor` must be a Monitor, a Profile or the path of a saved one, got {type(given).__name__}. "
            "Pass Monitor(reference)."
        )
    return Monitor.from_profile(profile, roles=roles)


def _windows(given: int | str | dt.timedelta | Windows) -> Windows:
    if isinstance(given, Windows):
        return given
    if isinstance(given, int):
        return Windows.by_rows(given)
    return Windows.by_time(given)


def _reader(profile: Profile, names: tuple[str, ...]) -> RowReader:
    return RowReader(names, frozenset(n for n in names if profile.features[n].kind is FeatureKind.EMBEDDING))
