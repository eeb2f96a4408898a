"""Where a value was set, and how it is checked (layer 4): the words of errors that name its place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from driftwatch.config.keys import KEYS, TABLES
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.config.keys import Key

__all__ = [
    "DEFAULT",
    "ENV_PREFIX",
    "SettingPath",
    "Source",
    "SourceKind",
    "checked",
    "dotted",
    "refuse_unknown",
    "table",
    "toml_value",
]

ENV_PREFIX = "DRIFTWATCH_"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

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
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    # JSON writes all of them as TOML does, but for one control character
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def table(path: SettingPath, value: object, wanted: str, source: Source) -> Mapping[str, object]:
    """Return a value that must be a table, or say what was wanted."""
    if not isinstance(value, dict):
        raise ConfigError(f"{source.locate(path)} must be {wanted}; got {value!r}.")
    return value


def checked(path: SettingPath, key: Key, value: object, source: Source, *, text: bool) -> object:
    """Return a value as its key accepts it, or say what was wanted."""
    try:
        return key.accept(key.parse(value) if text and isinstance(value, str) else value)
    except (ValueError, OverflowError) as error:  # an integer of 400 digits is no float
        raise ConfigError(f"{source.locate(path)} must be {key.wanted}; got {value!r}.") from error


def refuse_unknown(what: str, given: Mapping[str, object], known: list[str], source: Source) -> None:
    """Raise for names that are not known, with the nearest that is."""
    unknown = [name for name in given if name not in known]
    if unknown:
        place = f" in {source.where}" if source.where else ""
        raise UnknownNameError.from_names(what + place, unknown, known)
