"""Where settings come from (layer 4): each source becomes one flat layer of checked values that knows its origin."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from driftwatch.config.keys import (
    FEATURE_KEYS,
    KEYS,
    PERFORMANCE_KEYS,
    ROLE,
    TABLES,
    THRESHOLD,
    Key,
    split_pairs,
)
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "DEFAULT",
    "Layer",
    "Source",
    "SourceKind",
    "dotted",
    "from_environment",
    "from_file",
    "from_flags",
    "toml_value",
]

ENV_PREFIX = "DRIFTWATCH_"
NUM_THREADS_VARIABLE = "DRIFTWATCH_NUM_THREADS"  # of the process, and no setting of a check: read by `ops._threads`
# In a Kubernetes namespace with a Service called "driftwatch", every pod gets DRIFTWATCH_SERVICE_HOST,
# DRIFTWATCH_PORT_80_TCP and the like; they are no settings of ours and no typing mistakes either.
_KUBERNETES_SERVICE = re.compile(r"DRIFTWATCH_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

MIN_DROP = "min_drop"  # one number, or a table of them by metric
WANTED_PAIRS = {
    "thresholds": "STATISTIC=NUMBER",
    "features": "FEATURE=KIND",
    "roles": "COLUMN=ROLE",
    "performance": "OPTION=VALUE",
}

SettingPath: TypeAlias = "tuple[str, ...]"


class SourceKind(StrEnum):
    """The five kinds of origin, strongest first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    PYPROJECT = "pyproject"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Source:
    """Where one value was set; `where` is the path of a file and empty for the other kinds."""

    kind: SourceKind
    where: str = ""

    def name_of(self, path: SettingPath) -> str:
        """Return the name under which the setting at `path` is written in this source."""
        word = TABLES.get(path[0]) or (KEYS[path[0]].word if path[0] in KEYS else None) or path[0]
        if self.kind is SourceKind.FLAG:
            return "--" + word.replace("_", "-")
        if self.kind is SourceKind.ENVIRONMENT:
            return ENV_PREFIX + word.upper()
        return dotted(path)

    def describe(self, path: SettingPath) -> str:
        """Return the source of the setting at `path` in words.

        Examples
        --------
        >>> Source(SourceKind.ENVIRONMENT).describe(("alpha",))
        'environment DRIFTWATCH_ALPHA'
        """
        if self.kind in {SourceKind.FLAG, SourceKind.ENVIRONMENT}:
            return f"{self.kind} {self.name_of(path)}"
        if self.kind is SourceKind.PYPROJECT:
            return f"{self.where} [tool.driftwatch]"
        return self.where or "default"

    def locate(self, path: SettingPath) -> str:
        """Return the setting at `path` as an error message names it."""
        name = f"`{self.name_of(path)}`"
        if self.kind in {SourceKind.FLAG, SourceKind.ENVIRONMENT}:
            return name + (f" {'.'.join(path[1:])}" if len(path) > 1 else "")
        return f"{name} in {self.describe(path)}"


DEFAULT = Source(SourceKind.DEFAULT)


@dataclass(frozen=True, slots=True)
class Layer:
    """The checked values of one source, by path: `("alpha",)`, `("features", "price", "kind")`, ..."""

    source: Source
    values: Mapping[SettingPath, object]


def dotted(path: SettingPath) -> str:
    """Return `path` as a TOML key.

    Examples
    --------
    >>> dotted(("features", "net income", "kind"))
    'features."net income".kind'
    """
    return ".".join(part if _BARE_KEY.fullmatch(part) else toml_value(part) for part in path)


def toml_value(value: object) -> str:
    """Return a string, a finite number, a boolean, or a list or mapping of them as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{dotted((name,))} = {toml_value(item)}" for name, item in value.items()) + " }"
    # JSON writes all of them as TOML does, but for one control character
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


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
        if not variable.startswith(ENV_PREFIX) or not text or variable == NUM_THREADS_VARIABLE:
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
    _refuse_unknown("setting", raw, [*KEYS, *TABLES], source)
    for name, value in raw.items():
        if name == "thresholds":
            values |= _thresholds((name,), value, source, text=text)
        elif name == "roles":
            for column, role in _table((name,), value, "a table of columns and their roles", source).items():
                values[name, column] = _checked((name, column), ROLE, role, source, text=text)
        elif name == "performance":
            values |= _performance(value, source, text=text)
        elif name == "features":
            values |= _features(value, source, text=text)
        else:
            values[name,] = _checked((name,), KEYS[name], value, source, text=text)
    return Layer(source, values)


def _features(value: object, source: Source, *, text: bool) -> dict[SettingPath, object]:
    hint = 'one table per feature, such as [features."price"]; a list of features to compare is called `include`'
    tables = _table(("features",), value, hint, source)
    values: dict[SettingPath, object] = {}
    for feature, options in tables.items():
        path = ("features", feature)
        given = _table(path, options, "a table of options", source)
        _refuse_unknown(f"option of feature {feature!r}", given, [*FEATURE_KEYS, "thresholds"], source)
        for name, option in given.items():
            if name == "thresholds":
                values |= _thresholds((*path, name), option, source, text=text)
            else:
                values[*path, name] = _checked((*path, name), FEATURE_KEYS[name], option, source, text=text)
    return values


def _performance(value: object, source: Source, *, text: bool) -> dict[SettingPath, object]:
    path = ("performance",)
    given = _table(path, value, "a table of options", source)
    _refuse_unknown("option of the performance", given, [*PERFORMANCE_KEYS, MIN_DROP], source)
    values: dict[SettingPath, object] = {}
    for name, option in given.items():
        if name == MIN_DROP and isinstance(option, dict):
            values |= _thresholds((*path, name), option, source, text=text)
        else:
            key = THRESHOLD if name == MIN_DROP else PERFORMANCE_KEYS[name]
            values[*path, name] = _checked((*path, name), key, option, source, text=text)
    return values


def _thresholds(path: SettingPath, value: object, source: Source, *, text: bool) -> dict[SettingPath, object]:
    table = _table(path, value, "a table of numbers, such as { psi = 0.2 }", source)
    return {
        (*path, statistic): _checked((*path, statistic), THRESHOLD, cut, source, text=text)
        for statistic, cut in table.items()
    }


def _table(path: SettingPath, value: object, wanted: str, source: Source) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ConfigError(f"{source.locate(path)} must be {wanted}; got {value!r}.")
    return value


def _checked(path: SettingPath, key: Key, value: object, source: Source, *, text: bool) -> object:
    try:
        return key.accept(key.parse(value) if text and isinstance(value, str) else value)
    except (ValueError, OverflowError) as error:  # an integer of 400 digits is no float
        raise ConfigError(f"{source.locate(path)} must be {key.wanted}; got {value!r}.") from error


def _refuse_unknown(what: str, given: Mapping[str, object], known: list[str], source: Source) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        place = f" in {source.where}" if source.where else ""
        raise UnknownNameError.from_names(what + place, unknown, known)
