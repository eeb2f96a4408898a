"""Typed access to one JSON object (layer 4): every complaint names the path, what was wanted and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from driftwatch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Fields"]

_WORDS = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "an array",
}
_SHOWN = 40  # characters of a wrong value in a message

T = TypeVar("T")


class Fields:
    """The values of one JSON object, read key by key with a type.

    Parameters
    ----------
    values : mapping of str to anything
        The object.
    path : str
        Where it is in the document, for messages.

    Examples
    --------
    >>> Fields({"n": 3}, "report").get("n", int)
    3
    """

    def __init__(self, values: Mapping[str, Any], path: str) -> None:
        if not isinstance(values, dict):
            raise InputError(f"`{path}` must be an object, got {_shorten(values)}. {_ADVICE}")
        self.values = values
        self.path = path

    def get(self, key: str, kind: type[T]) -> T:
        """Return the value of a required key, of exactly this type (true is no integer)."""
        if key not in self.values:
            raise InputError(f"`{self.path}` has no {key!r}. {_ADVICE}")
        value = self.values[key]
        if type(value) is not kind:
            raise self.wrong(key, _WORDS[kind], value)
        return value

    def maybe(self, key: str, kind: type[T], *, optional: bool = False) -> T | None:
        """Return the value or None for null, and for a key that is absent where it is `optional`."""
        if key in self.values and self.values[key] is None:
            return None
        return None if optional and key not in self.values else self.get(key, kind)

    def number(self, key: str, *, default: float | None = None) -> float:
        """Return an integer or a float, as a float."""
        if default is not None and key not in self.values:
            return default
        value = self.values.get(key)
        if type(value) is int:
            try:
                return float(value)
            except OverflowError:
                raise self.wrong(key, _WORDS[float], "an integer too large for one") from None
        return self.get(key, float)

    def maybe_number(self, key: str, *, optional: bool = False) -> float | None:
        """Return a float, or None for null, and for a key that is absent where it is `optional`."""
        missing = self.values.get(key) is None and (optional or key in self.values)
        return None if missing else self.number(key)

    def count(self, key: str) -> int:
        """Return an integer that is not negative."""
        value = self.get(key, int)
        if value < 0:
            raise self.wrong(key, "a count, not negative", value)
        return value

    def array(self, key: str, *kinds: type[Any]) -> tuple[Any, ...]:
        """Return an array whose items are each of one of these types."""
        items = self.get(key, list)
        for item in items:
            if type(item) not in kinds:
                raise self.wrong(key, f"an array of {' or '.join(kind.__name__ for kind in kinds)}", item)
        return tuple(items)

    def child(self, key: str, item: str | None, values: Mapping[str, Any]) -> Fields:
        """Return the access to an object inside this one."""
        return Fields(values, f"{self.path}.{key}" + ("" if item is None else f"[{item!r}]"))

    def wrong(self, key: str, wanted: str, got: object) -> InputError:
        """Return the complaint about one value."""
        return InputError(f"`{self.path}.{key}` must be {wanted}, got {_shorten(got)}. {_ADVICE}")


_ADVICE = "Pass what `to_dict()` or `to_json()` of a report returned."


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
