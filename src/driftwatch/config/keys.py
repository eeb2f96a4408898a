"""The one table of setting keys (layer 4): what each accepts, how text becomes it, and its words elsewhere."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.config.settings import (
    CORRECTIONS,
    FAIL_ON,
    FORMATS,
    GLOBAL_METHODS,
    KINDS,
    ON_INSUFFICIENT,
    PVALUES,
    ROLES,
    TASKS,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "FEATURE_KEYS",
    "KEYS",
    "MIDDLEWARE",
    "MIDDLEWARE_KEYS",
    "PERFORMANCE_KEYS",
    "ROLE",
    "TABLES",
    "THRESHOLD",
    "Key",
    "split_joint",
    "split_list",
    "split_pairs",
]


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: `accept` returns the checked value or raises ValueError; `parse` turns text into what a file gives.

    `word` is its name on the command line and in the environment, where that is not the name of the key.
    """

    wanted: str
    accept: Callable[[object], object]
    parse: Callable[[str], object] = str
    word: str | None = None


def split_list(text: str) -> list[str]:
    """Return the names in `text`, separated by commas or lines; one that holds a comma goes in double quotes.

    Raises
    ------
    ValueError
        When the text cannot be split.

    Examples
    --------
    >>> split_list('age, "income, net"')
    ['age', 'income, net']
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    except csv.Error as error:
        raise ValueError(text) from error
    return [name.strip() for row in rows for name in row if name.strip()]


def split_pairs(text: str) -> dict[str, str]:
    """Return the comma-separated `NAME=VALUE` pairs in `text`; the last `=` separates.

    Raises
    ------
    ValueError
        When a part is not a pair.

    Examples
    --------
    >>> split_pairs("psi=0.2,ks=0.1")
    {'psi': '0.2', 'ks': '0.1'}
    """
    pairs = {}
    for part in split_list(text):
        name, equals, value = part.rpartition("=")
        if not equals or not name.strip() or not value.strip():
            raise ValueError(part)
        pairs[name.strip()] = value.strip()
    return pairs


def split_joint(text: str) -> object:
    """Return what `joint` holds in a file: "all" and "none" as true and false, else `NAME=COLUMNS` separated by `;`.

    Raises
    ------
    ValueError
        When a part is no name and columns.

    Examples
    --------
    >>> split_joint('engine=rpm,torque; brakes=front,"rear, left"')
    {'engine': ['rpm', 'torque'], 'brakes': ['front', 'rear, left']}
    """
    if text in {"all", "none"}:
        return text == "all"
    joint = {}
    for part in text.split(";"):
        name, equals, columns = part.partition("=")
        if not equals or not name.strip():
            raise ValueError(part)
        joint[name.strip()] = split_list(columns)
    return joint


def _number_from_text(text: str) -> object:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text  # `accept` refuses it and the message shows what came


def _bool_from_text(text: str) -> object:
    return {"true": True, "false": False}.get(text.lower(), text)


def _is_number(value: object) -> bool:
    # bool is an int in Python: `alpha = true` is a mistake, not 1
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _number_where(holds: Callable[[float], bool]) -> Callable[[object], float]:
    def accept(value: object) -> float:
        if not _is_number(value) or not holds(value):  # type: ignore[arg-type]
            raise ValueError
        return float(value)  # type: ignore[arg-type]

    return accept


def _share_or_none(value: object) -> float | None:
    return None if value == "none" else _number_where(lambda x: 0 < x < 1)(value)


def _whole_number(least: int) -> Callable[[object], int]:
    def accept(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError
        return value

    return accept


def _block_length(value: object) -> int | str | None:
    if value == "none":
        return None
    return "auto" if value == "auto" else _whole_number(1)(value)


def _joint(value: object) -> bool | dict[str, tuple[str, ...]]:
    if isinstance(value, bool):
        return value
    if not isinstance(value, dict) or not value:
        raise ValueError
    return {_name(name): _some_names(columns) for name, columns in value.items()}


def _name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - every refusal is a ValueError; the caller writes the message
    return value


def _label(value: object) -> str | float | bool:
    if not isinstance(value, (str, bool)) and not _is_number(value):
        raise ValueError
    return value  # type: ignore[return-value]  # a number, by what was just asked


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(name, str) and name for name in value):
        raise ValueError
    return tuple(dict.fromkeys(value))


def _some_names(value: object) -> tuple[str, ...]:
    names = _names(value)
    if not names:
        raise ValueError
    return names


def _rows_or_time(value: object) -> int | str:
    return _name(value) if isinstance(value, str) else _whole_number(1)(value)


def _statuses(value: object) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError
    return tuple(map(_whole_number(100), value))


def _one_of(choices: tuple[str, ...]) -> Key:
    def accept(value: object) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return Key("one of " + ", ".join(f'"{choice}"' for choice in choices), accept)


_EFFECT = Key("a number from 0 to 1", _number_where(lambda x: 0 <= x <= 1), _number_from_text)
_DETECTOR_LIST = 'a list of detector names, such as ["ks", "hellinger"] (ks,hellinger on the command line)'
_NAME_LIST = 'a list of feature names, such as ["age", "income"] (age,income on the command line)'

_SHARE_OR_NONE = 'a number between 0 and 1 (both excluded), or "none"'
_COUNT = Key("a whole number of 1 or more", _whole_number(1), _number_from_text)
_JOINT = 'true, false or a table of names and lists of features, such as { engine = ["rpm", "torque"] }'

MIDDLEWARE = "middleware"  # a table that only files have, as `alerts`
THRESHOLD = Key("a number of 0 or more", _number_where(lambda x: x >= 0), _number_from_text)

KEYS: dict[str, Key] = {
    "alpha": Key(_SHARE_OR_NONE, _share_or_none, _number_from_text),
    "correction": _one_of(CORRECTIONS),
    "global_method": _one_of(GLOBAL_METHODS),
    "pvalues": _one_of(PVALUES),
    "n_permutations": _COUNT,
    "block_length": Key('a whole number of 1 or more, "auto" or "none"', _block_length, _number_from_text),
    "groups": Key("the name of a column", _name),
    "seed": Key("a whole number of 0 or more", _whole_number(0), _number_from_text),
    "confidence": Key(_SHARE_OR_NONE, _share_or_none, _number_from_text),
    "min_effect": _EFFECT,
    "min_samples": _COUNT,
    "excess": Key("true or false", _bool, _bool_from_text),
    "detectors": Key(_DETECTOR_LIST, _some_names, split_list),
    "include": Key(_NAME_LIST, _some_names, split_list, word="features"),
    "exclude": Key(_NAME_LIST, _names, split_list),
    "joint": Key(_JOINT + " (engine=rpm,torque or all on the command line)", _joint, split_joint),
    "max_embedding_rows": Key("a whole number of 10 or more", _whole_number(10), _number_from_text),
    "block_size": _COUNT,
    "fail_on": _one_of(FAIL_ON),
    "on_insufficient": _one_of(ON_INSUFFICIENT),
    "format": _one_of(FORMATS),
    "store": Key("a path or the URL of a database", _name),
}

FEATURE_KEYS: dict[str, Key] = {
    "kind": _one_of(KINDS),
    "min_effect": _EFFECT,
    "ignore": Key("true or false", _bool, _bool_from_text),
    "weight": Key("a number of 0 or more", _number_where(lambda x: x >= 0), _number_from_text),
    "role": _one_of(ROLES),
}

ROLE = _one_of(ROLES)

PERFORMANCE_KEYS: dict[str, Key] = {
    "task": _one_of(TASKS),
    "positive": Key("a class of the target: text, a number, true or false", _label),
    "threshold": Key("a number", _number_where(lambda _: True), _number_from_text),
    "metrics": Key('a list of metrics, such as ["roc_auc", "brier"]', _some_names, split_list),
}

_BYTES = Key("a positive number of bytes", _whole_number(1))
_SECONDS = Key("a positive number of seconds", _number_where(lambda x: x > 0))
_TEXTS = Key("a list of texts", _some_names)

MIDDLEWARE_KEYS: dict[str, Key] = {
    "features": Key('a path in the request, such as "$.features"', _name),
    "predictions": Key('a path in the response, such as "$.prediction"', _name),
    "columns": _TEXTS,
    "window": Key('a whole number of rows, or a time such as "5m"', _rows_or_time),
    "stream": Key("a name", _name),
    "sample": Key("a number from 0 to 1", _number_where(lambda x: 0 <= x <= 1)),
    "paths": _TEXTS,
    "methods": _TEXTS,
    "statuses": Key("a list of whole numbers, such as [200, 201]", _statuses),
    "content_types": _TEXTS,
    "max_body": _BYTES,
    "queue_size": _COUNT,
    "queue_bytes": _BYTES,
    "max_pending": _COUNT,
    "flush_every": _SECONDS,
    "lease_for": _SECONDS,
    "keep": _COUNT,
    "retain": Key('a time such as "90d"', _name),
}

# Keys that hold a table, to their word on the command line and in the environment.
TABLES = {"thresholds": "threshold", "features": "kind", "roles": "role", "performance": "performance"}
