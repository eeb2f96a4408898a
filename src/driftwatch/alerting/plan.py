"""What is set about alerting (layer 5), as one value that decisions are made by; it does nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from driftwatch.alerting.routes import DEFAULT_INHIBITIONS, InhibitRule, Route
from driftwatch.alerting.rules import NoData, default_rules
from driftwatch.alerts.throttle import Throttle
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.alerting.rules import BaseRule

__all__ = ["Plan", "Terms"]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a receiver wants its messages.

    Attributes
    ----------
    throttle : Throttle
    send_resolved : bool
        Whether it wants to know that an alert is over.
    every_window : bool
        Whether it wants a message for each window in which an alert fires, past all intervals and throttles: triggers do,
        which have guards of their own.
    """

    throttle: Throttle = field(default_factory=Throttle)
    send_resolved: bool = True
    every_window: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Rules, routes and receivers.

    Attributes
    ----------
    receivers : mapping of str to Terms
        By name. Groups of others are left alone: another process knows them.
    route : Route
    rules : tuple of BaseRule
    inhibitions : tuple of InhibitRule
    models : mapping of str to str
        Stream to the label `model`, by default the name of the stream.
    labels : mapping of str to str
        That all alerts get.
    give_up_after : float
        Seconds after which a message that nobody takes is dead.
    """

    receivers: Mapping[str, Terms]
    route: Route
    rules: tuple[BaseRule, ...] = field(default_factory=default_rules)
    inhibitions: tuple[InhibitRule, ...] = DEFAULT_INHIBITIONS
    models: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    give_up_after: float = 86_400.0

    def __post_init__(self) -> None:
        unknown = self.route.receivers() - self.receivers.keys()
        if unknown:
            raise UnknownNameError.from_names("receiver of a route", sorted(unknown), self.receivers)
        names = [rule.name for rule in self.rules]
        if len(set(names)) < len(names):
            raise ConfigError(f"each rule must have a name of its own, got {names!r}. Subclass one to have it twice.")

    def rule(self, name: str) -> BaseRule | None:
        """Return the rule of a name, None where it is no more."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def labels_of(self, stream: str, scope: str = "") -> dict[str, str]:
        """Return the labels that all alerts of a stream have."""
        partition = {"partition": scope} if scope else {}
        return {**self.labels, "model": self.models.get(stream, stream), "stream": stream, **partition}

    @property
    def no_data(self) -> NoData | None:
        """The rule about absent data."""
        return next((rule for rule in self.rules if isinstance(rule, NoData)), None)
