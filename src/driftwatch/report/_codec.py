"""Plain frozen dataclasses to plain data for strict JSON and back, by their annotations (layer 4).

For parts of a report that are nothing but fields. A field that is None by default is left out where it is None, and may
be absent on the way in; keys that are not known are ignored.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from driftwatch.report.performance import Interval

if TYPE_CHECKING:
    from collections.abc import Hashable

    from driftwatch.report._fields import Fields

__all__ = ["from_plain", "to_plain"]

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Return a dataclass as dicts, lists and scalars, in the order of its fields; a number that is not finite is None.

    Examples
    --------
    >>> from driftwatch.report.explanation import Cell
    >>> to_plain((Cell(low=0.5), Interval(0.5, 0.25)))
    [{'low': 0.5}, {'value': 0.5, 'low': 0.25, 'high': None}]
    """
    if is_dataclass(value):
        plain = ((item, to_plain(getattr(value, item.name))) for item in fields(value))
        # an interval has both its ends wherever a report holds one
        complete = isinstance(value, Interval)
        return {item.name: found for item, found in plain if complete or found is not None or item.default is not None}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def from_plain(cls: type[T], data: Fields) -> T:
    """Return the dataclass that `to_plain` described.

    Raises
    ------
    InputError
        If a key is missing or a value has the wrong type.
    """
    hints = _hints(cast("Hashable", cls))
    found: dict[str, Any] = {}
    for item in fields(cast("Any", cls)):
        if item.name in data.values:
            found[item.name] = _read(hints[item.name], item.name, data)
        elif item.default is MISSING and item.default_factory is MISSING:
            data.get(item.name, object)  # says that it is missing
    return cls(**found)


@cache
def _hints(cls: Hashable) -> dict[str, Any]:
    return get_type_hints(cls)


def _read(wanted: Any, key: str, data: Fields) -> Any:
    """Return the value of a key that is there, of the annotated type."""
    if get_origin(wanted) in {Union, types.UnionType}:
        (inner,) = (kind for kind in get_args(wanted) if kind is not type(None))
        return None if data.values[key] is None else _read(inner, key, data)
    if is_dataclass(wanted):
        return from_plain(cast("type[Any]", wanted), data.child(key, None, data.values[key]))
    if get_origin(wanted) is tuple:
        items = {str(place): item for place, item in enumerate(data.get(key, list))}
        inside = data.child(key, None, items)
        kinds = get_args(wanted)
        of = (lambda _: kinds[0]) if kinds[-1] is Ellipsis else kinds.__getitem__
        return tuple(_read(of(int(place)), place, inside) for place in items)
    if get_origin(wanted) is Mapping:
        inside = data.child(key, None, data.get(key, dict))
        return {str(name): _read(get_args(wanted)[1], name, inside) for name in inside.values}
    return data.number(key) if wanted is float else data.get(key, wanted)
