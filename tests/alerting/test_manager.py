"""The manager with a real store: decisions are stored with the report, and survive a restart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from alerting_samples import SECOND, Inbox, Seen, closed_window, feature_of, report_of
from driftwatch import Profile, Window
from driftwatch.alerting import AlertManager, Notification, Receiver, Route
from driftwatch.alerting import manager as manager_module
from driftwatch.alerting.deciding import Settled, decide
from driftwatch.alerting.rules import BaseRule, CheckFailed, DatasetDrift, FeatureDrift, NoData, Observation
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.scoring import Judge, ProfileScorer
from driftwatch.store import SQLiteStore, WindowKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch.scoring.judging import ClosedWindow


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "drift.db") as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


def tell(manager: AlertManager, store: SQLiteStore, closed: ClosedWindow) -> None:
    with store.transaction() as transaction:
        manager(transaction, closed)


def waiting(store: SQLiteStore) -> list[Notification]:
    return [Notification.from_json(letter.body) for letter in store.letters("waiting")]


DRIFTED = report_of(feature_of("age", effect=0.4), feature_of("income", drifted=False))
CALM = report_of(feature_of("age", drifted=False), feature_of("income", drifted=False))


def test_a_window_that_drifted_puts_a_letter_into_the_outbox(store: SQLiteStore, clock: Clock) -> None:
    tell(AlertManager([Inbox()], clock=clock), store, closed_window(DRIFTED, number=3))
    (sent,) = waiting(store)
    (letter,) = store.letters()
    assert (letter.id, letter.receiver, letter.created) == (sent.id, "ops", int(clock.now * 1e6))
    assert [(alert.name, alert.feature, alert.severity) for alert in sent.alerts] == [
        ("FeatureDrift", "age", "critical")
    ]
    assert (sent.stream, sent.window_start, sent.run_id, sent.reference) == ("s", 3 * 3600 * SECOND, 4, "abc")


def test_what_is_decided_is_dropped_with_the_transaction(store: SQLiteStore) -> None:
    manager = AlertManager([Inbox()])
    with pytest.raises(RuntimeError), store.transaction() as transaction:  # noqa: PT012 - the block is the transaction
        manager(transaction, closed_window(DRIFTED))
        raise RuntimeError
    assert (store.letters(), store.notes("alerts"), store.notes("alert_groups")) == ([], {}, {})


def test_another_process_goes_on_where_this_one_was_killed(store: SQLiteStore, clock: Clock) -> None:
    rules = [FeatureDrift(for_=3)]
    for number in range(3):
        tell(AlertManager([Inbox()], rules=rules, clock=clock), store, closed_window(DRIFTED, number=number))
        assert len(store.letters()) == (number == 2)


def test_a_judge_stores_report_and_letter_together(store: SQLiteStore) -> None:
    rng = np.random.default_rng(0)
    scorer = ProfileScorer(Profile.fit({"age": rng.normal(40, 9, 2_000), "income": rng.normal(0, 1, 2_000)}))
    counts = scorer.count([{"age": 90.0 + i % 7, "income": float(i % 3)} for i in range(200)])
    with store.transaction() as transaction:
        transaction.put_window_part("s", WindowKey(0, 3_600_000_000), "w", counts.to_bytes(), n_rows=200)
        (window,) = transaction.open_windows("s")
    assert Judge("s", store, scorer, with_report=AlertManager([Inbox()], models={"s": "churn"}))(window)
    (sent,) = waiting(store)
    assert sent.title == "[FIRING:1] churn: DatasetDrift"
    assert [run.id for run in store.runs()] == [sent.run_id]
    assert store.counters("s")["notifications"] == 1
    assert store.counters("s")["alerts_fired"] == 3  # two of them muted by the first


def test_a_check_that_failed_is_an_alert_and_ends_no_other(store: SQLiteStore) -> None:
    manager = AlertManager([Inbox()], route=Route("ops", group_by=["alertname"], group_interval=1e-6))
    tell(manager, store, closed_window(DRIFTED, number=0))
    tell(manager, store, closed_window(None, number=1, summary="the check failed: ValueError: no"))
    assert [sent.title for sent in reversed(waiting(store))] == [
        "[FIRING:1] s: FeatureDrift",
        "[FIRING:1] s: CheckFailed",
    ]


def test_a_rule_that_raises_costs_only_its_own_alerts_and_is_counted(store: SQLiteStore) -> None:
    class Broken(BaseRule):
        def observe(self, closed: ClosedWindow) -> Observation:
            raise ZeroDivisionError(closed.stream)

    tell(AlertManager([Inbox()], rules=[Broken(), FeatureDrift()]), store, closed_window(DRIFTED))
    assert len(store.letters()) == 1
    assert store.counters("s")["failed_rules"] == 1


def test_the_same_data_again_are_not_told_again(store: SQLiteStore, clock: Clock) -> None:
    manager = AlertManager([Inbox()], clock=clock)
    tell(manager, store, closed_window(DRIFTED))
    for space in ("alerts", "alert_groups", "alert_buckets"):
        with store.transaction() as transaction:
            for name in store.notes(space):
                transaction.put_note(space, name, None)
    tell(manager, store, closed_window(DRIFTED))
    assert len(store.letters()) == 1
    assert store.counters("s")["notifications_known"] == 1
    clock.now += 301
    tell(manager, store, closed_window(CALM, number=1))  # whoever was told before hears of the end
    assert sorted(sent.status for sent in waiting(store)) == ["firing", "resolved"]


def test_a_tick_writes_only_where_there_is_something_to_do(store: SQLiteStore, clock: Clock) -> None:
    manager = AlertManager([Inbox()], rules=[NoData(after=60.0)], clock=clock)
    tell(manager, store, closed_window(CALM))
    before = store.notes("alerts")
    manager.tick(store)
    assert store.notes("alerts") == before
    clock.now += 60
    manager.tick(store)
    manager.tick(store)
    assert [sent.title for sent in waiting(store)] == ["[FIRING:1] s: NoData"]


def test_two_processes_tick_as_one(store: SQLiteStore, clock: Clock) -> None:
    managers = [AlertManager([Inbox()], rules=[NoData(after=60.0)], clock=clock) for _ in range(2)]
    tell(managers[0], store, closed_window(CALM))
    for manager in managers:
        manager.tick(store)
    clock.now += 60
    for manager in managers:
        manager.tick(store)
    assert len(store.letters()) == 1


def test_every_receiver_gets_every_alert_where_no_route_is_given(store: SQLiteStore) -> None:
    tell(AlertManager([Inbox("chat"), Inbox("mail")]), store, closed_window(DRIFTED))
    assert sorted(letter.receiver for letter in store.letters()) == ["chat", "mail"]
    assert len({letter.id for letter in store.letters()}) == 2


def test_labels_are_on_each_alert(store: SQLiteStore) -> None:
    manager = AlertManager([Inbox()], rules=[FeatureDrift(labels={"team": "risk"})], labels={"env": "prod"})
    tell(manager, store, closed_window(DRIFTED, scope="0"))
    labels = waiting(store)[0].alerts[0].labels
    assert labels == {
        "env": "prod",
        "model": "s",
        "stream": "s",
        "partition": "0",
        "team": "risk",
        "feature": "age",
        "alertname": "FeatureDrift",
        "severity": "critical",
    }


def test_a_broken_note_costs_the_state_and_not_the_alert(store: SQLiteStore) -> None:
    with store.transaction() as transaction:
        for space in ("alerts", "alert_groups", "silences", "accepted"):
            transaction.put_note(space, "s", "{")
    tell(AlertManager([Inbox()]), store, closed_window(DRIFTED))
    assert len(store.letters()) == 1
    assert json.loads(store.notes("alerts")["s"])["stream"] == "s"


@pytest.mark.parametrize(
    "make",
    [
        lambda: AlertManager([]),
        lambda: AlertManager([Inbox(), Inbox()]),
        lambda: AlertManager([Inbox()], give_up_after=0),
        lambda: AlertManager([Inbox()], rules=[Seen(), Seen()]),
        lambda: Receiver(Inbox(), burst=0),
        lambda: Receiver(Inbox(), every=-1),
        lambda: CheckFailed(for_=0),
        lambda: DatasetDrift(min_share=1.5),
        lambda: DatasetDrift(critical=-1),
        lambda: NoData(after=0),
        lambda: Route("ops", repeat_interval=0),
        lambda: Route("ops", group_by="model"),
    ],
)
def test_what_cannot_be_set_is_refused(make: object) -> None:
    with pytest.raises(ConfigError):
        make()  # type: ignore[operator]


def test_the_space_of_accepted_baselines_is_the_one_that_the_store_writes() -> None:
    from driftwatch.alerts import state
    from driftwatch.store import baselines

    assert state.ACCEPTED == baselines.ACCEPTED


def test_a_baseline_that_is_accepted_in_the_store_ends_the_alerts(store: SQLiteStore, clock: Clock) -> None:
    from driftwatch.store.baselines import accept_baseline

    manager = AlertManager([Receiver(Inbox(), every=0.0)], clock=clock)
    tell(manager, store, closed_window(DRIFTED))
    (sent,) = waiting(store)
    with store.transaction() as transaction:
        transaction.settle(sent.id, state="delivered", now=1)
        manager.apply(transaction, Settled(sent, delivered=True))
        profile = Profile.fit({"age": np.arange(100.0)})
        window = Window(profile).update({"age": np.arange(50.0)})
        after = profile.accept(window, reason="new season", who="ada")
        accept_baseline(transaction, "s", before=profile, after=after)
    clock.now += 301
    manager.tick(store)
    (end,) = waiting(store)
    assert end.status == "resolved"
    assert "version 2 by ada, new season" in end.alerts[0].annotations["resolution"]


def test_a_route_to_nobody_is_refused_with_a_hint() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'ops'"):
        AlertManager([Inbox()], route=Route("opps"))
    with pytest.raises(UnknownNameError, match="severity"):
        CheckFailed(severity="crtical")


def test_while_nothing_changes_ticks_cost_little(
    store: SQLiteStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = AlertManager([Inbox()], clock=clock)
    tell(manager, store, closed_window(CALM))
    looks: list[float] = []
    monkeypatch.setattr(manager_module, "SHARE_OF_TIME", 1e-12)  # as if each look took very long

    def counted(*given: Any) -> Any:
        looks.append(clock.now)
        return decide(*given)

    monkeypatch.setattr(manager_module, "decide", counted)
    for _ in range(25):
        manager.tick(store)
        clock.now += 1
    assert [at - looks[0] for at in looks] == [0, 10, 20]
    tell(manager, store, closed_window(DRIFTED))
    manager.tick(store)
    assert looks[-1] == clock.now
