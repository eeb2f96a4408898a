"""Conditions on labels (layer 4), in the words of Prometheus Alertmanager: `severity="critical"`, `feature=~"price.*"`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Matcher", "Matchers", "matches", "parse_matchers"]

Matchers = tuple["Matcher", ...]

_FORM = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_WANTED = """LABEL="VALUE" with =, !=, =~ or !~, such as 'severity="critical"'"""


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label. A label that is not there counts as empty, and patterns cover the whole value.

    Parameters
    ----------
    label : str
    operator : str
        `=`, `!=`, `=~` or `!~`.
    value : str
        Text, or a regular expression for the last two.

    Examples
    --------
    >>> matcher = Matcher.parse('feature=~"price_.*"')
    >>> matcher.holds({"feature": "price_net"}), matcher.holds({"feature": "net_price_a"})
    (True, False)
    """

    label: str
    operator: str
    value: str
    _pattern: re.Pattern[str] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.operator not in {"=", "!=", "=~", "!~"}:
            raise ConfigError(f"a matcher must be {_WANTED}; got the operator {self.operator!r}.")
        if self.operator.endswith("~"):
            try:
                object.__setattr__(self, "_pattern", re.compile(self.value, re.DOTALL))
            except re.error as error:
                raise ConfigError(
                    f"the pattern {self.value!r} of the label {self.label!r} is no regular expression: {error}."
                ) from error

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the matcher that `text` writes; quotes around the value may be left out.

        Raises
        ------
        ConfigError
            If it is no matcher.
        """
        found = _FORM.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ConfigError(f"a matcher must be {_WANTED}; got {text!r}.")
        value = found[3]
        if value.startswith('"'):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise ConfigError(f"the value of a matcher must end with its quote; got {text!r}.") from error
        return cls(found[1], found[2], value)

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether the condition holds for some labels."""
        came = labels.get(self.label, "")
        met = came == self.value if self._pattern is None else self._pattern.fullmatch(came) is not None
        return met != self.operator.startswith("!")

    def __str__(self) -> str:
        return f"{self.label}{self.operator}{json.dumps(self.value, ensure_ascii=False)}"


def matches(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether all of the conditions hold."""
    return all(matcher.holds(labels) for matcher in matchers)


def parse_matchers(given: str | Mapping[str, str] | Iterable[str | Matcher]) -> Matchers:
    """Return matchers from a text, a list of texts, or a mapping of labels to the values that they must have.

    Examples
    --------
    >>> [str(matcher) for matcher in parse_matchers({"severity": "critical"})]
    ['severity="critical"']
    """
    if isinstance(given, str):
        given = [given]
    if hasattr(given, "items"):
        return tuple(Matcher(label, "=", value) for label, value in given.items())
    return tuple(matcher if isinstance(matcher, Matcher) else Matcher.parse(matcher) for matcher in given)
