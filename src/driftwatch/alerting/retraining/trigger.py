"""Alerts to trainings (layer 5): a notifier that asks for one when its guards agree."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, ClassVar, Self

from driftwatch.alerting.notifier import BaseNotifier
from driftwatch.alerting.retraining.guards import Guards, Outcome, TriggerState, decide, settled
from driftwatch.alerting.retraining.request import RetrainRequest, RetrainTarget
from driftwatch.alerting.wording import one_line
from driftwatch.errors import ConfigError, DeliveryError, DriftwatchError
from driftwatch.report.model import DriftReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.alerting._settings import Settings
    from driftwatch.alerting.retraining.guards import Decision
    from driftwatch.alerts.model import Notification
    from driftwatch.store.protocol import Store

__all__ = ["RetrainTrigger"]

NOTES = "retrain"
MAX_RUNS = 1000  # newest checks of a stream among which windows in a row are looked for
# Alerts that say nothing about the model; and those after which a training would learn from what is broken
SILENT = frozenset({"NoData", "CheckFailed", "NoVerdict"})
BROKEN = frozenset({"SchemaChange"})
_COUNTERS = {
    Outcome.RECOMMEND: "trainings_recommended",
    Outcome.HOLD: "trainings_held",
    Outcome.DONE: "trainings_known",
}
_log = logging.getLogger("driftwatch.alerting")


class RetrainTrigger(BaseNotifier):
    """Asks for a training of the model that alerts fire for, when all guards agree.

    Parameters
    ----------
    target : RetrainTarget or callable
        Who is asked: an object with `start(request)`, or a function of the request.
    name : str
        The receiver's name. What the trigger remembers is stored under it, and for dry runs apart.
    guards : Guards, optional
        By default one training a day, after three windows in a row, and only where the model got worse.
    dry_run : bool
        Decide, remember and log as if, and ask nobody. The default: watch what it would have done first.
    store : Store, optional
        Where it remembers; the delivery gives it its own.
    clock : callable
        Seconds after 1970.

    Attributes
    ----------
    guards : Guards

    Notes
    -----
    The request is stored as `starting` before the target is asked and as `started` after. A process that dies in between
    asks again for the same window, with the same id; targets that know ids do nothing then. A failure for good gives
    back the cooldown and the day's budget.
    """

    every_window: ClassVar[bool] = True

    def __init__(
        self,
        target: RetrainTarget | Callable[[RetrainRequest], object],
        *,
        name: str = "retrain",
        guards: Guards | None = None,
        dry_run: bool = True,
        store: Store | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name)
        if isinstance(target, RetrainTarget):
            self._start: Callable[[RetrainRequest], object] = target.start
        elif callable(target):
            self._start = target
        else:
            raise ConfigError(
                f"`target` must have `start(request)` or be a function of the request, got {target!r:.80}."
            )
        self.guards = Guards() if guards is None else guards
        self._dry_run, self._store, self._clock = dry_run, store, clock
        # what a dry run has "started" must not hold back what is meant
        self._memory = f"{name} (dry run)" if dry_run else name

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the trigger of a table with `target`, its settings, those of `Guards` and `dry_run`."""
        from driftwatch.alerting.retraining.targets import target_from_settings

        defaults = Guards()
        guards = Guards(
            cooldown=settings.seconds("cooldown", defaults.cooldown),
            max_per_day=settings.count("max_per_day", defaults.max_per_day),
            consecutive=settings.count("consecutive", defaults.consecutive),
            min_rows=settings.count("min_rows", defaults.min_rows, least=0),
            on_drift_alone=settings.flag("on_drift_alone", default=defaults.on_drift_alone),
        )
        dry_run = settings.flag("dry_run", default=True)
        return cls(target_from_settings(settings), name=settings.name, guards=guards, dry_run=dry_run)

    def bind(self, store: Store) -> None:
        """Take the store of the delivery, unless there is one already."""
        self._store = self._store or store

    def send(self, notification: Notification) -> None:
        """Decide, and ask for a training if so; see `BaseNotifier.send`."""
        if notification.kind == "test":
            _log.info("trigger %r: a test message arrived; it starts nothing", self.name)
            return
        if notification.status != "firing":
            return
        request = RetrainRequest.of(notification)
        decision = self._decided(request, _blocked_by(notification))
        if decision.outcome is not Outcome.START:
            return
        if not self._dry_run:
            try:
                self._start(self._with_features(request))
            except DeliveryError as error:
                if error.permanent:
                    self._settle(request, failed=True)
                raise
        self._settle(request, failed=False)

    def _decided(self, request: RetrainRequest, blocked_by: str) -> Decision:
        store = self._bound()
        runs = store.runs(request.stream, limit=MAX_RUNS)
        now = int(self._clock() * 1e6)
        with store.transaction() as transaction:
            state = TriggerState.from_json(transaction.note(NOTES, self._memory))
            decision = decide(self.guards, state, request, runs, now, blocked_by=blocked_by)
            transaction.put_note(NOTES, self._memory, decision.state.to_json())
            transaction.count(request.stream, {self._counter(decision.outcome): 1})
        self._tell(request, decision, before=state.of(request.model).outcome)
        return decision

    def _with_features(self, request: RetrainRequest) -> RetrainRequest:
        """Return the request with the features that drifted by the report: alerts about single ones are often muted."""
        try:
            report = DriftReport.from_json(self._bound().report(request.run_id))
        except DriftwatchError:  # it was pruned, or is no report of ours: the alerts name what they can
            return request
        return request.with_features([*report.drifted_features, *request.features])

    def _settle(self, request: RetrainRequest, *, failed: bool) -> None:
        with self._bound().transaction() as transaction:
            state = TriggerState.from_json(transaction.note(NOTES, self._memory))
            transaction.put_note(NOTES, self._memory, settled(state, request, failed=failed).to_json())
            transaction.count(request.stream, {"trainings_failed": int(failed)})

    def _counter(self, outcome: Outcome) -> str:
        if outcome is Outcome.START:
            return "trainings_dry" if self._dry_run else "trainings_asked"
        return _COUNTERS[outcome]

    def _tell(self, request: RetrainRequest, decision: Decision, *, before: str) -> None:
        words: tuple[Any, ...] = (self.name, one_line(request.model, 80), decision.reason, request.id)
        if decision.outcome is Outcome.START and self._dry_run:
            _log.warning("trigger %r (dry run): would start a training of %s: %s [%s]", *words)
        elif decision.outcome is Outcome.START:
            _log.warning("trigger %r: starts a training of %s: %s [%s]", *words)
        elif decision.outcome is Outcome.RECOMMEND:
            # once, and not with every window
            level = logging.DEBUG if before == Outcome.RECOMMEND.value else logging.WARNING
            _log.log(level, "trigger %r: training of %s is recommended: %s [%s]", *words)
        else:
            _log.info("trigger %r: no training of %s: %s [%s]", *words)

    def _bound(self) -> Store:
        if self._store is None:
            raise ConfigError(f"trigger {self.name!r} has no store to remember trainings in. Pass store=.")
        return self._store


def _blocked_by(notification: Notification) -> str:
    names = {alert.name for alert in notification.firing}
    if names & BROKEN:
        return "the columns changed: what a training would learn from may be broken"
    if names <= SILENT:
        return "the alerts say nothing about the model"
    return ""
