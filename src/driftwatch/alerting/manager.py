"""The alert manager (layer 5): decisions in the transaction of the report, state as notes, messages in the outbox."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from driftwatch._checks import is_amount
from driftwatch.alerting.deciding import Forgotten, Settled, Tick, Window, decide
from driftwatch.alerting.plan import Plan, Terms
from driftwatch.alerting.routes import DEFAULT_INHIBITIONS, Route
from driftwatch.alerting.rules import Observation, default_rules
from driftwatch.alerts.silences import SILENCES
from driftwatch.alerts.state import ACCEPTED, FORGOTTEN, OUTBOX, SPACES, Context, State
from driftwatch.alerts.throttle import Throttle
from driftwatch.errors import ConfigError
from driftwatch.store.model import Letter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from os import PathLike

    from driftwatch.alerting.deciding import Event
    from driftwatch.alerting.delivery import Delivery
    from driftwatch.alerting.notifier import BaseNotifier
    from driftwatch.alerting.routes import InhibitRule
    from driftwatch.alerting.rules import BaseRule
    from driftwatch.alerts.silences import Silence
    from driftwatch.scoring.judging import ClosedWindow
    from driftwatch.store.protocol import Store, Transaction

__all__ = ["AlertManager", "Receiver"]

# Of thousands of alerts that fire, a look takes a tenth of a second: while nothing changes, only so much of the time is for that.
SHARE_OF_TIME = 0.01
LONGEST_REST = 10.0  # seconds


class Receiver:
    """A notifier, and how it wants its messages.

    Parameters
    ----------
    notifier : BaseNotifier
        Its name is the receiver's.
    send_resolved : bool
        Whether to tell it that an alert is over.
    burst : int
        Messages at once.
    every : float
        Seconds for one more message after that; 0 does not throttle. So at most `burst + t / every` in any `t` seconds.
    """

    def __init__(
        self, notifier: BaseNotifier, *, send_resolved: bool = True, burst: int = 10, every: float = 60.0
    ) -> None:
        self.notifier = notifier
        self.terms = Terms(Throttle(burst, every), send_resolved, notifier.every_window)

    @property
    def name(self) -> str:
        """The name of the receiver."""
        return self.notifier.name


class AlertManager:
    """Turns closed windows into alerts, and alerts into messages to receivers.

    It is the `with_report` of a `Worker`, and the `alerts` of a `DriftMiddleware`.

    Parameters
    ----------
    receivers : iterable of BaseNotifier or Receiver
    rules : iterable of BaseRule, optional
        By default all but `NoVerdict`.
    route : Route, optional
        By default every receiver gets every alert, one message for each model.
    inhibitions : iterable of InhibitRule, optional
        By default `DatasetDrift` and `SchemaChange` mute the `FeatureDrift` of their stream.
    models : mapping of str to str, optional
        Stream to the name of its model, by default that of the stream.
    labels : mapping of str to str, optional
        Labels that all alerts get.
    silences : iterable of Silence
        Beside those that the store has.
    give_up_after : float
        Seconds after which a message that its receiver does not take is given up.
    clock : callable
        Seconds after 1970.

    Notes
    -----
    All decisions are made in a transaction, on state in the store: several processes with the same settings act as one.

    Examples
    --------
    >>> from driftwatch.alerting import BaseNotifier, DatasetDrift
    >>> class Print(BaseNotifier):
    ...     def send(self, notification):
    ...         print(notification.title)
    >>> manager = AlertManager([Print("console")], rules=[DatasetDrift(for_=2)])
    >>> sorted(manager.plan.receivers)
    ['console']
    """

    def __init__(
        self,
        receivers: Iterable[BaseNotifier | Receiver],
        *,
        rules: Iterable[BaseRule] | None = None,
        route: Route | None = None,
        inhibitions: Iterable[InhibitRule] | None = None,
        models: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        silences: Iterable[Silence] = (),
        give_up_after: float = 86_400.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        found = [item if isinstance(item, Receiver) else Receiver(item) for item in receivers]
        names = [receiver.name for receiver in found]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"`receivers` must be at least one, each with a name of its own, got {names!r}.")
        if not (is_amount(give_up_after) and give_up_after > 0):
            raise ConfigError(f"`give_up_after` must be a positive number of seconds, got {give_up_after!r}.")
        self.receivers = {receiver.name: receiver for receiver in found}
        self.plan = Plan(
            {name: receiver.terms for name, receiver in self.receivers.items()},
            route if route is not None else Route(routes=[Route(name, continue_=True) for name in names]),
            default_rules() if rules is None else tuple(rules),
            DEFAULT_INHIBITIONS if inhibitions is None else tuple(inhibitions),
            dict(models or {}),
            dict(labels or {}),
            float(give_up_after),
        )
        self.clock = clock
        self.silences = tuple(silences)
        self._looking_since: int | None = None
        self._looked_at, self._rest = 0, 0.0
        self._seen: tuple[dict[str, dict[str, str]], State] | None = None

    @classmethod
    def from_config(
        cls, config: str | PathLike[str] | Mapping[str, Any] | None = None, *, clock: Callable[[], float] = time.time
    ) -> Self:
        """Return the manager that `[alerts]` of a settings file describes.

        Parameters
        ----------
        config : path or mapping, optional
            A file in the form of `driftwatch.toml`, or what is in its `[alerts]`. By default `driftwatch.toml` of the
            working folder, and `[tool.driftwatch]` of its `pyproject.toml`.
        clock : callable
            Seconds after 1970.

        Raises
        ------
        ConfigError
            If nothing is set about alerts, or something of it is wrong or unknown.
        """
        from driftwatch.alerting.building import options_from_settings, settings_of

        return cls(**options_from_settings(settings_of(config)), clock=clock)

    def __call__(self, transaction: Transaction, closed: ClosedWindow) -> None:
        """Take note of a window that was judged, in the transaction that stores its report."""
        report = closed.scored.result
        context = Context(
            closed.key.start,
            closed.key.stop,
            closed.key.scope,
            closed.n_rows,
            closed.run_id,
            "" if report is None else report.reference_hash,
            None if report is None or report.performance is None else report.performance_dropped,
        )
        observations: dict[str, Observation] = {}
        for rule in self.plan.rules:
            try:
                observations[rule.name] = rule.observe(closed)
            except Exception:  # noqa: BLE001 - a rule of a user's own must not cost the alerts of the others
                transaction.count(closed.stream, {"failed_rules": 1})
        self.apply(transaction, Window(closed.stream, context, observations))

    def apply(self, transaction: Transaction, event: Event) -> None:
        """Decide about an event, and store what comes of it."""
        now = int(self.clock() * 1e6)
        notes = _notes(transaction)
        before = self._state(notes)
        after, waiting = decide(self.plan, before, event, now)
        while waiting:
            sent = waiting.pop()
            new = transaction.enqueue(Letter(sent.id, sent.receiver, sent.to_json(), created=now, due=now))
            transaction.count(sent.stream or OUTBOX, {"notifications": 1} if new else {"notifications_known": 1})
            if not new:
                # the same window was told of before, by a run over the same data: once is enough
                after, more = decide(self.plan, after, Settled(sent, delivered=True), now)
                waiting += more
        _count(transaction, before, after)
        written = after.to_notes()
        for space in SPACES:
            old, new_notes = notes[space], written[space]
            for name in {**old, **new_notes}:
                if old.get(name) != new_notes.get(name):
                    transaction.put_note(space, name, new_notes.get(name))

    def tick(self, store: Store) -> None:
        """Do what only time brings about: absent data, repeated and held back messages. Writes where there is any."""
        now = int(self.clock() * 1e6)
        if self._looking_since is None:
            self._looking_since = now
        event = Tick(self._looking_since)
        for stream in store.notes(FORGOTTEN):
            with store.transaction() as transaction:
                self.apply(transaction, Forgotten(stream))
                transaction.put_note(FORGOTTEN, stream, None)
        notes = {space: store.notes(space) for space in (*SPACES, SILENCES, ACCEPTED)}
        if self._seen is None or self._seen[0] != notes:
            self._seen = (notes, self._state(notes))
        elif 0 <= now - self._looked_at < self._rest:
            return
        before = self._seen[1]
        began = time.monotonic()
        after, letters = decide(self.plan, before, event, now)
        self._looked_at, self._rest = now, min(LONGEST_REST, (time.monotonic() - began) / SHARE_OF_TIME) * 1e6
        if letters or after != before:
            with store.transaction() as transaction:
                self.apply(transaction, event)

    def _state(self, notes: Mapping[str, Mapping[str, str]]) -> State:
        state = State.from_notes(notes)
        return replace(state, silences=(*state.silences, *self.silences))

    def start(self, store: Store) -> Delivery:
        """Deliver messages in the background until the returned handle is stopped.

        Parameters
        ----------
        store : Store
            Where the messages are.

        Returns
        -------
        Delivery
            `stop(timeout)` ends it.
        """
        from driftwatch.alerting.delivery import Delivery

        return Delivery(self, store).start()


def _notes(transaction: Transaction) -> dict[str, dict[str, str]]:
    return {space: transaction.notes(space) for space in (*SPACES, SILENCES, ACCEPTED)}


def _count(transaction: Transaction, before: State, after: State) -> None:
    was, now = before.firing(), after.firing()
    counts: Counter[tuple[str, str]] = Counter()
    for name, keys, alerts in (
        ("alerts_fired", now.keys() - was.keys(), now),
        ("alerts_resolved", was.keys() - now.keys(), was),
    ):
        counts.update((alerts[key].labels.get("stream", OUTBOX), name) for key in keys)
    for (stream, name), n in counts.items():
        transaction.count(stream, {name: n})
