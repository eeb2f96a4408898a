"""Where settings come from (layer 4): each source becomes one flat layer of checked values that knows its origin."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.config.alerts import ALERTS, alert_values
from driftwatch.config.keys import (
    FEATURE_KEYS,
    KEYS,
    MIDDLEWARE,
    MIDDLEWARE_KEYS,
    PERFORMANCE_KEYS,
    ROLE,
    TABLES,
    THRESHOLD,
    split_pairs,
)
from driftwatch.config.origin import ENV_PREFIX, Source, SourceKind, checked, refuse_unknown, table
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from driftwatch.config.origin import SettingPath

__all__ = ["Layer", "from_environment", "from_file", "from_flags"]

# Of the process, and no settings of a check: read by `ops._threads` and by `driftwatch dashboard`
OTHER_VARIABLES = frozenset({"DRIFTWATCH_NUM_THREADS", "DRIFTWATCH_DASHBOARD_TOKEN"})
# In a Kubernetes namespace with a Service called "driftwatch", every pod gets DRIFTWATCH_SERVICE_HOST,
# DRIFTWATCH_PORT_80_TCP and the like; they are no settings of ours and no typing mistakes either.
_KUBERNETES_SERVICE = re.compile(r"DRIFTWATCH_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")

MIN_DROP = "min_drop"  # one number, or a table of them by metric
WANTED_PAIRS = {
    "thresholds": "STATISTIC=NUMBER",
    "features": "FEATURE=KIND",
    "roles": "COLUMN=ROLE",
    "performance": "OPTION=VALUE",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """The checked values of one source, by path: `("alpha",)`, `("features", "price", "kind")`, ..."""

    source: Source
    values: Mapping[SettingPath, object]


def from_flags(flags: Mapping[str, object]) -> Layer:
    """Return the layer of the command line; text is parsed, None means that the flag was not given."""
    given = {name: value for name, value in flags.items() if value is not None}
    return _layer(given, Source(SourceKind.FLAG), text=True)


def from_environment(environ: Mapping[str, str]) -> Layer:
    """Return the layer of the `DRIFTWATCH_*` variables; an empty variable counts as not set.

    Raises
    ------
    ConfigError
        When a value does not fit.
    UnknownNameError
        When a variable is no setting: a typing mistake must not switch a gate off in silence.
    """
    words = {key.word or name: name for name, key in KEYS.items()} | {word: name for name, word in TABLES.items()}
    source = Source(SourceKind.ENVIRONMENT)
    raw: dict[str, object] = {}
    for variable, text in environ.items():
        if not variable.startswith(ENV_PREFIX) or not text or variable in OTHER_VARIABLES:
            continue
        if _KUBERNETES_SERVICE.fullmatch(variable):
            continue
        word = variable.removeprefix(ENV_PREFIX)
        if word.lower() not in words or word != word.upper():
            raise UnknownNameError.from_names(
                f"environment variable after {ENV_PREFIX}", [word], sorted(known.upper() for known in words)
            )
        name = words[word.lower()]
        raw[name] = _table_from_text(name, text, source) if name in TABLES else text
    return _layer(raw, source, text=True)


def from_file(path: Path, *, pyproject: bool = False) -> Layer:
    """Return the layer of a TOML file; of its `[tool.driftwatch]` table when it is a `pyproject.toml`.

    Raises
    ------
    ConfigError
        When the file cannot be read, is no TOML, or holds a value that does not fit.
    UnknownNameError
        When it holds a key that is no setting.
    """
    try:
        document: dict[str, object] = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise ConfigError(
            f"cannot read the configuration file {str(path)!r}: {error.strerror}. Check the path given to --config."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{str(path)!r} is not valid TOML: {error}. Correct it there.") from error

    source = Source(SourceKind.PYPROJECT if pyproject else SourceKind.FILE, str(path))
    if not pyproject:
        return _layer(document, source, text=False)
    tool = document.get("tool", {})
    table = tool.get("driftwatch", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise ConfigError(f"`tool.driftwatch` in {path} must be a table, got {table!r}. Write [tool.driftwatch].")
    return _layer(table, source, text=False)


def _table_from_text(name: str, text: str, source: Source) -> object:
    try:
        pairs = split_pairs(text)
    except ValueError as error:
        wanted = WANTED_PAIRS[name]
        raise ConfigError(
            f"`{source.name_of((name,))}` must be {wanted} pairs separated by commas, got {error.args[0]!r}."
        ) from error
    return {feature: {"kind": kind} for feature, kind in pairs.items()} if name == "features" else pairs


def _layer(raw: Mapping[str, object], source: Source, *, text: bool) -> Layer:
    values: dict[SettingPath, object] = {}
    refuse_unknown("setting", raw, [*KEYS, *TABLES, *(() if text else (ALERTS, MIDDLEWARE))], source)
    for name, value in raw.items():
        if name == "thresholds":
            values |= _thresholds((name,), value, source, text=text)
        elif name == "roles":
            for column, role in table((name,), value, "a table of columns and their roles", source).items():
                values[name, column] = checked((name, column), ROLE, role, source, text=text)
        elif name == "performance":
            values |= _performance(value, source, text=text)
        elif name == "features":
            values |= _features(value, source, text=text)
        elif name == ALERTS:
            values |= alert_values(value, source)
        elif name == MIDDLEWARE:
            values |= _middleware(value, source)
        else:
            values[name,] = checked((name,), KEYS[name], value, source, text=text)
    return Layer(source, values)


def _features(value: object, source: Source, *, text: bool) -> dict[SettingPath, object]:
    hint = 'one table per feature, such as [features."price"]; a list of features to compare is called `include`'
    tables = table(("features",), value, hint, source)
    values: dict[SettingPath, object] = {}
    for feature, options in tables.items():
        path = ("features", feature)
        given = table(path, options, "a table of options", source)
        refuse_unknown(f"option of feature {feature!r}", given, [*FEATURE_KEYS, "thresholds"], source)
        for name, option in given.items():
            if name == "thresholds":
                values |= _thresholds((*path, name), option, source, text=text)
            else:
                values[*path, name] = checked((*path, name), FEATURE_KEYS[name], option, source, text=text)
    return values


def _performance(value: object, source: Source, *, text: bool) -> dict[SettingPath, object]:
    path = ("performance",)
    given = table(path, value, "a table of options", source)
    refuse_unknown("option of the performance", given, [*PERFORMANCE_KEYS, MIN_DROP], source)
    values: dict[SettingPath, object] = {}
    for name, option in given.items():
        if name == MIN_DROP and isinstance(option, dict):
            values |= _thresholds((*path, name), option, source, text=text)
        else:
            key = THRESHOLD if name == MIN_DROP else PERFORMANCE_KEYS[name]
            values[*path, name] = checked((*path, name), key, option, source, text=text)
    return values


def _middleware(value: object, source: Source) -> dict[SettingPath, object]:
    given = table((MIDDLEWARE,), value, "a table of options", source)
    refuse_unknown("option of the middleware", given, list(MIDDLEWARE_KEYS), source)
    return {
        (MIDDLEWARE, name): checked((MIDDLEWARE, name), MIDDLEWARE_KEYS[name], option, source, text=False)
        for name, option in given.items()
    }


def _thresholds(path: SettingPath, value: object, source: Source, *, text: bool) -> dict[SettingPath, object]:
    cuts = table(path, value, "a table of numbers, such as { psi = 0.2 }", source)
    return {
        (*path, statistic): checked((*path, statistic), THRESHOLD, cut, source, text=text)
        for statistic, cut in cuts.items()
    }
