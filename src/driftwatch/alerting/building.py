"""From `[alerts]` of a settings file to the parts of an alert manager (layer 5)."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch.alerting._receivers import receiver_from_settings
from driftwatch.alerting.manager import Receiver
from driftwatch.alerting.routes import InhibitRule, Route
from driftwatch.alerting.rules import (
    BaseRule,
    CheckFailed,
    DatasetDrift,
    FeatureDrift,
    NoData,
    NoVerdict,
    PerformanceDrop,
    SchemaChange,
)
from driftwatch.alerts.silences import Silence
from driftwatch.config import load_settings
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

__all__ = ["options_from_settings", "settings_of"]

_RULES: dict[str, type[BaseRule]] = {
    "dataset_drift": DatasetDrift,
    "feature_drift": FeatureDrift,
    "performance_drop": PerformanceDrop,
    "schema_change": SchemaChange,
    "check_failed": CheckFailed,
    "no_verdict": NoVerdict,
    "no_data": NoData,
}
_OFF = frozenset({"no_verdict"})  # unless it is named
_OF_RECEIVERS = ("send_resolved", "burst", "every")
_SHORT_OF_PYTHON = {"for": "for_", "continue": "continue_"}  # words that Python has for itself


def settings_of(config: str | PathLike[str] | Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return what is set about alerts, by a mapping, by a file, or by the files of the working folder."""
    if config is not None and not isinstance(config, (str, os.PathLike)):
        return config
    file = None if config is None else Path(config)
    found: Mapping[str, Any] = load_settings({}, {}, Path.cwd() if file is None else None, file).settings.alerts
    if not found:
        place = "driftwatch.toml or pyproject.toml of the working folder" if file is None else repr(str(file))
        raise ConfigError(f"nothing is set about alerts in {place}. Write [alerts.receivers.NAME] with a `kind`.")
    return found


def options_from_settings(alerts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an `AlertManager`, from settings that `driftwatch.config` has checked."""
    receivers = [_receiver(name, given) for name, given in alerts.get("receivers", {}).items()]
    if not receivers:
        raise ConfigError("no receiver of alerts is set. Write [alerts.receivers.NAME] with a `kind`.")
    options: dict[str, Any] = {
        "receivers": receivers,
        "rules": _rules(alerts.get("rules", {})),
        "silences": [_silence(f"file-{n}", given) for n, given in enumerate(alerts.get("silences", ()), 1)],
    }
    if "route" in alerts:
        options["route"] = _route(alerts["route"])
    if "inhibitions" in alerts:
        options["inhibitions"] = [_inhibition(given) for given in alerts["inhibitions"]]
    return options | {name: alerts[name] for name in ("models", "labels", "give_up_after") if name in alerts}


def _receiver(name: str, given: Mapping[str, Any]) -> Receiver:
    own = {key: value for key, value in given.items() if key in _OF_RECEIVERS}
    rest = {key: value for key, value in given.items() if key not in _OF_RECEIVERS}
    return Receiver(receiver_from_settings(name, rest), **own)


def _rules(given: Mapping[str, Any]) -> list[BaseRule]:
    rules = []
    for name, kind in _RULES.items():
        options = {_SHORT_OF_PYTHON.get(key, key): value for key, value in given.get(name, {}).items()}
        if options.pop("enabled", name in given or name not in _OFF):
            rules.append(kind(**options))
    return rules


def _route(given: Mapping[str, Any]) -> Route:
    options = {_SHORT_OF_PYTHON.get(key, key): value for key, value in given.items()}
    return Route(**{**options, "routes": [_route(child) for child in given.get("routes", ())]})


def _silence(name: str, given: Mapping[str, Any]) -> Silence:
    for key in ("matchers", "ends_at", "author", "comment"):
        if key not in given:
            raise ConfigError(f"a silence needs `{key}`: what it mutes, until when, by whom and why; got {given!r}.")
    starts_at = _micros(given["starts_at"]) if "starts_at" in given else 0
    return Silence(name, given["matchers"], starts_at, _micros(given["ends_at"]), given["author"], given["comment"])


def _inhibition(given: Mapping[str, Any]) -> InhibitRule:
    return InhibitRule(given.get("source", ()), given.get("target", ()), given.get("equal", ()))


def _micros(text: str) -> int:
    return (dt.datetime.fromisoformat(text) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
