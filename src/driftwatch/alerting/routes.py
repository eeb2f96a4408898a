"""Who is told (layer 5): routes from alerts to receivers, and what mutes what. The words are Prometheus Alertmanager's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from driftwatch._checks import is_amount
from driftwatch.alerts.matchers import matches, parse_matchers
from driftwatch.alerts.model import NOT_IDENTITY
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from driftwatch.alerts.matchers import Matchers

__all__ = ["DEFAULT_INHIBITIONS", "InhibitRule", "Route", "Target", "Timing"]

GROUP_BY = ("model",)
EACH_ALONE = ("...",)
GROUP_WAIT = 0.0  # all alerts of a window come at once, so there is nothing to wait for
GROUP_INTERVAL = 300.0
REPEAT_INTERVAL = 4 * 3600.0  # as in Alertmanager


@dataclass(frozen=True, slots=True)
class Timing:
    """When a group is told of: microseconds."""

    group_wait: int
    group_interval: int
    repeat_interval: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where an alert goes: a receiver, and the group in which it is told of.

    Attributes
    ----------
    receiver : str
    group_key : str
        The matchers of the route and the labels of the group, as Alertmanager writes them.
    timing : Timing
    """

    receiver: str
    group_key: str
    timing: Timing = field(compare=False)


@dataclass(frozen=True, slots=True)
class Route:
    """A way from alerts to a receiver. The first child that matches takes an alert; with none, it stays here.

    Parameters
    ----------
    receiver : str, optional
        Name of the receiver, by default that of the parent.
    matchers : iterable of str, mapping of str to str, optional
        What an alert must be to go this way, such as `['severity="critical"']`.
    continue_ : bool
        Whether the siblings behind this one get the alert as well. `continue` in a file.
    group_by : iterable of str, optional
        Labels whose values make a group, and a message is about one group; `["..."]` makes each alert its own. By
        default that of the parent, and at the root `model`: one message for 400 features.
    group_wait : float, optional
        Seconds that the first message of a group waits for more.
    group_interval : float, optional
        Seconds between messages of a group with news; 300 by default.
    repeat_interval : float, optional
        Seconds after which what still fires is said again; four hours by default.
    routes : iterable of Route
        Children.

    Examples
    --------
    >>> root = Route("chat", routes=[Route("pager", ['severity="critical"'], continue_=True)])
    >>> [target.receiver for target in root.targets({"model": "churn", "severity": "critical"})]
    ['pager']
    >>> [target.receiver for target in root.targets({"model": "churn", "severity": "warning"})]
    ['chat']
    """

    receiver: str | None = None
    matchers: Sequence[str] | Mapping[str, str] = ()
    continue_: bool = False
    group_by: Sequence[str] | None = None
    group_wait: float | None = None
    group_interval: float | None = None
    repeat_interval: float | None = None
    routes: Sequence[Route] = ()
    conditions: Matchers = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", parse_matchers(self.matchers))
        if isinstance(self.group_by, str):
            raise ConfigError(f"`group_by` must be a list of labels, got {self.group_by!r}. Write [{self.group_by!r}].")
        for name in ("group_wait", "group_interval", "repeat_interval"):
            value = getattr(self, name)
            if value is not None and (not is_amount(value) or (value == 0 and name != "group_wait")):
                raise ConfigError(f"`{name}` must be a positive number of seconds, got {value!r}.")

    def receivers(self) -> set[str]:
        """Return the names of all receivers that the route and its children name."""
        own = set() if self.receiver is None else {self.receiver}
        return own.union(*(child.receivers() for child in self.routes))

    def ways(self) -> tuple[tuple[str, str], ...]:
        """Return every route from here down that has a receiver, as its matchers and the receiver's name."""
        return tuple(dict.fromkeys(_ways(self, "{}", _ROOT)))

    def targets(self, labels: Mapping[str, str]) -> tuple[Target, ...]:
        """Return where an alert with these labels goes, each group once."""
        return tuple(dict.fromkeys(_walk(self, labels, "{}", _ROOT)))

    @property
    def timing(self) -> Timing:
        """What holds where no child says otherwise."""
        return _timing(_inherit(self, _ROOT))


class _Set(NamedTuple):
    """What holds for a route: its own, or its parent's."""

    receiver: str | None = None
    group_by: tuple[str, ...] = GROUP_BY
    group_wait: float = GROUP_WAIT
    group_interval: float = GROUP_INTERVAL
    repeat_interval: float = REPEAT_INTERVAL


_ROOT = _Set()


def _ways(route: Route, key: str, above: _Set) -> Iterator[tuple[str, str]]:
    merged = _inherit(route, above)
    if merged.receiver is not None:
        yield key, merged.receiver
    for child in route.routes:
        yield from _ways(child, _key_of(child, key), merged)


def _key_of(child: Route, key: str) -> str:
    return f"{key}/{{{','.join(map(str, child.conditions))}}}"


def _walk(route: Route, labels: Mapping[str, str], key: str, above: _Set) -> Iterator[Target]:
    merged = _inherit(route, above)
    taken = False
    for child in route.routes:
        if matches(child.conditions, labels):
            taken = True
            yield from _walk(child, labels, _key_of(child, key), merged)
            if not child.continue_:
                break
    if not taken and merged.receiver is not None:
        shared = _shared(merged.group_by, labels)
        yield Target(merged.receiver, f"{key}:{json.dumps(shared, sort_keys=True)}", _timing(merged))


def _shared(group_by: tuple[str, ...], labels: Mapping[str, str]) -> dict[str, str]:
    names = [name for name in labels if name != NOT_IDENTITY] if group_by == EACH_ALONE else group_by
    return {name: labels[name] for name in names if name in labels}


def _inherit(route: Route, above: _Set) -> _Set:
    return _Set(
        above.receiver if route.receiver is None else route.receiver,
        above.group_by if route.group_by is None else tuple(route.group_by),
        above.group_wait if route.group_wait is None else route.group_wait,
        above.group_interval if route.group_interval is None else route.group_interval,
        above.repeat_interval if route.repeat_interval is None else route.repeat_interval,
    )


def _timing(found: _Set) -> Timing:
    return Timing(*(int(seconds * 1e6) for seconds in (found.group_wait, found.group_interval, found.repeat_interval)))


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While a `source` alert fires, the `target` alerts with the same values of the labels `equal` are muted.

    Parameters
    ----------
    source, target : iterable of str, or mapping of str to str
        Matchers.
    equal : iterable of str
        Labels that must have the same value in both.
    """

    source: Sequence[str] | Mapping[str, str]
    target: Sequence[str] | Mapping[str, str]
    equal: Sequence[str] = ()
    _source: Matchers = field(init=False, repr=False, compare=False)
    _target: Matchers = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("source", "target"):
            found = parse_matchers(getattr(self, name))
            if not found:
                raise ConfigError(f"`{name}` of an inhibition must have a matcher, or everything would be muted.")
            object.__setattr__(self, f"_{name}", found)

    def begins_at(self, labels: Mapping[str, str]) -> bool:
        """Return whether an alert with these labels mutes others."""
        return matches(self._source, labels)

    def mutes(self, source: Mapping[str, str], target: Mapping[str, str]) -> bool:
        """Return whether an alert that fires mutes another one. One that both sides match mutes nothing, as it would itself."""
        return (
            matches(self._source, source)
            and matches(self._target, target)
            and not (matches(self._target, source) and matches(self._source, target))
            and all(source.get(name, "") == target.get(name, "") for name in self.equal)
        )


DEFAULT_INHIBITIONS = (
    InhibitRule(['alertname=~"DatasetDrift|SchemaChange"'], ['alertname="FeatureDrift"'], ("model", "stream")),
)
