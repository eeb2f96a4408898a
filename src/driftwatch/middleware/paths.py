"""Paths into JSON documents (layer 5): keys, indexes and `[*]`, the part of JSONPath that has one answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from driftwatch.errors import ConfigError

__all__ = ["JSONPath"]

_STEP = re.compile(
    r"""\.(?P<key>[^\W\d][\w-]*)|\[(?P<index>-?\d+)\]|\[(?P<every>\*)\]|\[(?P<q>["'])(?P<quoted>.*?)(?P=q)\]"""
)


@dataclass(frozen=True, slots=True)
class JSONPath:
    """Where in a document something stands.

    Parameters
    ----------
    text : str
        As it was written.
    steps : tuple of str, int or None
        Keys, indexes, and None for every item of a list.

    Examples
    --------
    >>> JSONPath.parse("$.rows[*].x").find({"rows": [{"x": 1}, {"x": 2}]})
    [1, 2]
    """

    text: str
    steps: tuple[str | int | None, ...]

    @classmethod
    def parse(cls, text: str) -> JSONPath:
        """Return the path of a text such as `$.inputs`, `$["my key"][0]` or `$.instances[*].features`.

        Raises
        ------
        ConfigError
            If it is none.
        """
        steps: list[str | int | None] = []
        rest = text.strip()
        if rest.startswith("$"):
            rest = rest[1:]
            while found := _STEP.match(rest):
                rest = rest[found.end() :]
                if found["every"]:
                    steps.append(None)
                else:
                    steps.append(int(found["index"]) if found["index"] else found["key"] or found["quoted"])
            if not rest:
                return cls(text, tuple(steps))
        raise ConfigError(
            f"a path begins with $ and goes on with .key, ['key'], [0] or [*], got {text!r}. Write '$.features', or pass a "
            "callable that takes the document."
        )

    def find(self, document: Any) -> Any:
        """Return what stands there; lists of `[*]` within `[*]` become one.

        Raises
        ------
        LookupError
            If nothing does.
        """
        return _walk(document, self.steps)


def _walk(value: Any, steps: tuple[str | int | None, ...]) -> Any:
    for i, step in enumerate(steps):
        if step is None:
            if not isinstance(value, list):
                raise LookupError("*")
            rest = steps[i + 1 :]
            found = [_walk(item, rest) for item in value]
            return [item for items in found for item in items] if None in rest else found
        found_in: type[Any] = dict if isinstance(step, str) else list
        if not isinstance(value, found_in):
            raise LookupError(step)  # noqa: TRY004 - the document is not as the path says, which is no wrong type of ours
        value = value[step]
    return value
