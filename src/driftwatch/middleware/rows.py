"""What stands in a document, as rows (layer 5): objects, lists, columns, and the tensors of the KServe V2 protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

__all__ = ["Row", "RowReader", "UnreadableError"]

Row = Mapping[str, Any]
_SCALARS = frozenset({float, int, str, bool, type(None)})


class UnreadableError(Exception):
    """A body cannot be counted; the text is the reason that is counted. Never leaves this folder."""


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads rows with the columns of a reference.

    Parameters
    ----------
    names : tuple of str
        The columns, in the order that lists without names have.
    vectors : frozenset of str
        Those of which one value is a list of numbers.
    """

    names: tuple[str, ...]
    vectors: frozenset[str] = frozenset()
    known: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", frozenset(self.names))

    def read(self, found: Any) -> list[Row]:
        """Return the rows.

        Raises
        ------
        UnreadableError
            `not_found` if there is none of the columns, `shape` if the lists have not their lengths.
        """
        # the types of JSON first: asking for a Mapping takes longer than all the rest
        if type(found) in _SCALARS:
            return [self._single(found)]
        if type(found) is dict or isinstance(found, Mapping):
            return self._tensors([found]) if _is_tensor(found) else self._named(found)
        if not isinstance(found, list | tuple):
            return [self._single(found)]
        if not found:
            return []
        first = found[0]
        if isinstance(first, Mapping):
            return self._tensors(found) if _is_tensor(first) else [self._checked(row) for row in found]
        if isinstance(first, list | tuple):
            return self._lists(found)
        if len(self.names) == 1:
            (name,) = self.names
            return [{name: found}] if name in self.vectors else [{name: value} for value in found]
        return [self._of_list(found)]

    def _named(self, found: Row) -> list[Row]:
        columns: dict[str, Sequence[Any]] = {}
        for name in self.names:
            if name in found:
                value = found[name]
                if name in self.vectors or not isinstance(value, list | tuple):
                    return [found]
                columns[name] = value
        self._checked(found)
        return _transposed(columns)

    def _checked(self, row: Any) -> Row:
        if not isinstance(row, Mapping):
            raise UnreadableError("shape")
        if self.known.isdisjoint(row):
            raise UnreadableError("not_found")
        return row

    def _single(self, value: Any) -> Row:
        if len(self.names) != 1:
            raise UnreadableError("shape")
        return {self.names[0]: value}

    def _lists(self, found: Sequence[Any]) -> list[Row]:
        if len(self.names) == 1 and self.names[0] in self.vectors:
            return [{self.names[0]: value} for value in found]
        return [self._of_list(values) for values in found]

    def _of_list(self, values: Any) -> Row:
        if not isinstance(values, list | tuple) or len(values) != len(self.names):
            raise UnreadableError("shape")
        return dict(zip(self.names, values, strict=True))

    def _tensors(self, tensors: Sequence[Any]) -> list[Row]:
        columns: dict[str, Sequence[Any]] = {}
        for tensor in tensors:
            if not _is_tensor(tensor):
                raise UnreadableError("shape")
            name, items = tensor["name"], _items(tensor)
            if isinstance(name, str) and name in self.known:
                single = name not in self.vectors and all(len(item) == 1 for item in items)
                columns[name] = [item[0] for item in items] if single else items
            elif len(tensors) == 1:
                return [self._of_list(item) for item in items]
        if not columns:
            raise UnreadableError("not_found")
        return _transposed(columns)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Mapping) and "shape" in value and "data" in value and "name" in value


def _items(tensor: Row) -> list[list[Any]]:
    """Return the values of each row of a tensor, whose data may be flat or nested."""
    shape, data = tensor["shape"], tensor["data"]
    if not isinstance(shape, list) or not shape or not all(type(n) is int and n >= 0 for n in shape):
        raise UnreadableError("shape")
    for _ in shape[1:]:
        if isinstance(data, list) and data and isinstance(data[0], list):
            if not all(isinstance(part, list) for part in data):
                raise UnreadableError("shape")
            data = [value for part in data for value in part]
    size = prod(shape[1:])
    if not isinstance(data, list) or len(data) != shape[0] * size or not size:
        raise UnreadableError("shape")
    return [data[at : at + size] for at in range(0, len(data), size)]


def _transposed(columns: Mapping[str, Sequence[Any]]) -> list[Row]:
    if len({len(values) for values in columns.values()}) > 1:
        raise UnreadableError("shape")
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
