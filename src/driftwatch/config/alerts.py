"""`[alerts]` of a settings file (layer 4): rules, receivers, routes, inhibitions and silences, checked key by key."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING

from driftwatch.config.keys import Key
from driftwatch.config.origin import checked, dotted, refuse_unknown, table
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.config.origin import SettingPath, Source

__all__ = ["ALERTS", "RULES", "alert_values", "masked", "seconds_of"]

ALERTS = "alerts"
MASK = "***"
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECRET = re.compile("auth|cookie|key|password|secret|token|url", re.IGNORECASE)  # of names of settings


def seconds_of(value: object) -> float:
    """Return the seconds that a setting says: a number, or a time such as "5m".

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> seconds_of("4h"), seconds_of(30)
    (14400.0, 30.0)
    """
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        return float(found[1]) * _UNITS[found[2]]
    return _number(value)


def _number(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise ValueError
    return float(value)


def _share(value: object) -> float:
    if (share := _number(value)) > 1:
        raise ValueError
    return share


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - every refusal is a ValueError; the caller writes the message
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def _list(value: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in ([value] if isinstance(value, str) else value))  # type: ignore[attr-defined]


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, (str, list, tuple)):
        raise ValueError  # noqa: TRY004 - as above
    return _list(value)


def _severity(value: object) -> str:
    if value not in {"info", "warning", "critical"}:
        raise ValueError
    return str(value)


def _moment(value: object) -> str:
    at = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(_text(value))
    if at.tzinfo is None:
        raise ValueError
    return at.isoformat()


_TIME_KEY = Key('a number of seconds or a time such as "5m" or "4h"', seconds_of)
_NUMBER_KEY = Key("a number of 0 or more", _number)
_COUNT_KEY = Key("a whole number of 1 or more", _count)
_FLAG_KEY = Key("true or false", _flag)
_TEXT_KEY = Key("text that is not empty", _text)
_TEXTS_KEY = Key("a list of texts", _texts)
_MATCHERS_KEY = Key("""a list of matchers, such as ['severity="critical"']""", _texts)
_MOMENT_KEY = Key("a time with its zone, such as 2026-12-24T18:00:00Z", _moment)

_RULE = {
    "enabled": _FLAG_KEY,
    "for": _COUNT_KEY,
    "resolve_after": _COUNT_KEY,
    "severity": Key('one of "info", "warning", "critical"', _severity),
}
_GRADED = {**_RULE, "warning": _NUMBER_KEY, "critical": _NUMBER_KEY}
RULES: dict[str, dict[str, Key]] = {
    "dataset_drift": {**_GRADED, "min_share": Key("a number from 0 to 1", _share), "min_features": _COUNT_KEY},
    "feature_drift": _GRADED,
    "performance_drop": _RULE,
    "schema_change": _RULE,
    "check_failed": _RULE,
    "no_verdict": _RULE,
    "no_data": {**_RULE, "after": _TIME_KEY},
}
# What is the same for all kinds of receivers. The rest is known to each kind, and checked when it is made.
_RECEIVER = {"send_resolved": _FLAG_KEY, "burst": _COUNT_KEY, "every": _TIME_KEY, "kind": _TEXT_KEY}
_ROUTE = {
    "receiver": _TEXT_KEY,
    "matchers": _MATCHERS_KEY,
    "continue": _FLAG_KEY,
    "group_by": _TEXTS_KEY,
    "group_wait": _TIME_KEY,
    "group_interval": _TIME_KEY,
    "repeat_interval": _TIME_KEY,
}
_SILENCE = {
    "matchers": _MATCHERS_KEY,
    "starts_at": _MOMENT_KEY,
    "ends_at": _MOMENT_KEY,
    "author": _TEXT_KEY,
    "comment": _TEXT_KEY,
}
_INHIBITION = {"source": _MATCHERS_KEY, "target": _MATCHERS_KEY, "equal": _TEXTS_KEY}
_LABELS = ("labels", "models")
_LISTS = {"silences": _SILENCE, "inhibitions": _INHIBITION}
_KNOWN = ["give_up_after", *_LABELS, "rules", "receivers", "route", *_LISTS]


def alert_values(value: object, source: Source) -> dict[SettingPath, object]:
    """Return the checked values of `[alerts]`, each by its path; lists of tables are one value.

    Raises
    ------
    ConfigError
        When a value does not fit.
    UnknownNameError
        When a key is none of ours.
    """
    path: SettingPath = (ALERTS,)
    given = table(path, value, "a table", source)
    refuse_unknown(f"setting of `{ALERTS}`", given, _KNOWN, source)
    values: dict[SettingPath, object] = {}
    for name, item in given.items():
        own = (*path, name)
        if name in _LABELS:
            values |= _named_texts(own, item, source)
        elif name == "rules":
            values |= _rules(own, item, source)
        elif name == "receivers":
            values |= _receivers(own, item, source)
        elif name == "route":
            values |= {(*own, key): found for key, found in _route(own, item, source).items()}
        elif name in _LISTS:
            tables = _tables(own, item, source)
            values[own] = [_flat(own, one, _LISTS[name], source) for one in tables]
        else:
            values[own] = checked(own, _TIME_KEY, item, source, text=False)
    return values


def masked(path: SettingPath, value: object) -> object:
    """Return a value of `[alerts]` as it may be shown: what may be a secret, and is no reference to one, becomes `***`."""
    if path[:2] != (ALERTS, "receivers"):
        return value
    if isinstance(value, dict):
        return {name: masked((*path, name), item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(path, item) for item in value]
    hidden = isinstance(value, str) and _SECRET.search(path[-1]) and "${" not in value
    return MASK if hidden and not path[-1].endswith("_file") else value


def _rules(path: SettingPath, value: object, source: Source) -> dict[SettingPath, object]:
    values: dict[SettingPath, object] = {}
    given = table(path, value, "one table per rule, such as [alerts.rules.feature_drift]", source)
    refuse_unknown("rule of `alerts.rules`", given, list(RULES), source)
    for rule, options in given.items():
        own = (*path, rule)
        settings = table(own, options, "a table of options", source)
        refuse_unknown(f"option of rule {rule!r}", settings, [*RULES[rule], "labels"], source)
        for name, option in settings.items():
            if name == "labels":
                values |= _named_texts((*own, name), option, source)
            else:
                values[*own, name] = checked((*own, name), RULES[rule][name], option, source, text=False)
    return values


def _receivers(path: SettingPath, value: object, source: Source) -> dict[SettingPath, object]:
    values: dict[SettingPath, object] = {}
    for receiver, options in table(
        path, value, "one table per receiver, such as [alerts.receivers.ops]", source
    ).items():
        own = (*path, receiver)
        for name, option in table(own, options, "a table with `kind` and its settings", source).items():
            key = _RECEIVER.get(name)
            values[*own, name] = option if key is None else checked((*own, name), key, option, source, text=False)
    return values


def _route(path: SettingPath, value: object, source: Source) -> dict[str, object]:
    given = table(path, value, 'a table, such as { receiver = "ops" }', source)
    own = {name: item for name, item in given.items() if name != "routes"}
    found = _flat(path, own, _ROUTE, source, also=("routes",))
    if "routes" in given:
        inside = (*path, "routes")
        found["routes"] = [_route(inside, child, source) for child in _tables(inside, given["routes"], source)]
    return found


def _tables(path: SettingPath, value: object, source: Source) -> list[object]:
    if not isinstance(value, list):
        raise ConfigError(f"{source.locate(path)} must be a list of tables, [[{dotted(path)}]]; got {value!r}.")
    return value


def _flat(
    path: SettingPath, value: object, keys: Mapping[str, Key], source: Source, *, also: tuple[str, ...] = ()
) -> dict[str, object]:
    given = table(path, value, "a table", source)
    refuse_unknown(f"setting of `{dotted(path)}`", given, [*keys, *also], source)
    return {name: checked((*path, name), keys[name], item, source, text=False) for name, item in given.items()}


def _named_texts(path: SettingPath, value: object, source: Source) -> dict[SettingPath, object]:
    given = table(path, value, "a table of texts", source)
    return {(*path, name): checked((*path, name), _TEXT_KEY, text, source, text=False) for name, text in given.items()}
