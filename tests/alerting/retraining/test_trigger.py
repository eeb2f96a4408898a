"""Alerts to trainings: what is asked, when, and what a crash leaves behind."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.alerting.retraining import Guards, RetrainRequest, RetrainTrigger
from driftwatch.alerting.retraining.guards import decide
from driftwatch.alerts.model import Alert, Notification
from driftwatch.errors import ConfigError, DeliveryError
from driftwatch.store import SQLiteStore
from driftwatch.store.model import Run, WindowKey
from notification_samples import EVIL, evil_notification, feature_alert, notification

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_763_900_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "store.db") as opened:
        yield opened


def told(store: SQLiteStore, n: int = 1, *, dropped: bool | None = True, verdict: str = "drift") -> Notification:
    """Store `n` more checks and return the message about the last one."""
    run_id = start = 0
    for _ in range(n):
        with store.transaction() as transaction:
            start = 3600 * 10**6 * (len(store.runs()) + 1)
            run = Run("churn", WindowKey(start, start + 1), start, 5000, verdict)
            run_id = transaction.add_run(run, "{}")
    return replace(
        notification(), run_id=run_id, window_start=start, window_stop=start + 1, performance_dropped=dropped
    )


class Asked:
    """A target that keeps what it was asked for, and fails as told."""

    def __init__(self, *errors: BaseException) -> None:
        self.requests: list[RetrainRequest] = []
        self.errors = list(errors)

    def start(self, request: RetrainRequest) -> None:
        self.requests.append(request)
        if self.errors:
            raise self.errors.pop(0)


def trigger(store: SQLiteStore | None, target: Any, **options: Any) -> RetrainTrigger:
    settings: dict[str, Any] = {"dry_run": False, "clock": lambda: NOW}
    return RetrainTrigger(target, store=store, **(settings | options))


def test_three_windows_of_a_worse_model_lead_to_one_training(store: SQLiteStore) -> None:
    target = Asked()
    own = trigger(store, target)
    assert own.every_window
    for _ in range(6):
        own.send(told(store))
    (request,) = target.requests
    assert (request.model, request.run_id, request.features) == ("churn", 3, ("age",))


def test_the_same_message_again_asks_nobody(store: SQLiteStore) -> None:
    target, message = Asked(), told(store, 3)
    trigger(store, target).send(message)
    trigger(store, target).send(message)  # another process, after a crash
    assert len(target.requests) == 1


def test_the_store_of_the_delivery_is_taken_where_there_is_none(store: SQLiteStore) -> None:
    target = Asked()
    own = trigger(None, target)
    with pytest.raises(ConfigError, match="has no store"):
        own.send(told(store, 3))
    own.bind(store)
    own.send(told(store, 1))
    assert len(target.requests) == 1


def test_a_function_is_a_target(store: SQLiteStore) -> None:
    asked: list[RetrainRequest] = []
    trigger(store, asked.append).send(told(store, 3))
    assert [request.run_id for request in asked] == [3]


def test_a_dry_run_decides_and_asks_nobody(store: SQLiteStore, caplog: pytest.LogCaptureFixture) -> None:
    target = Asked()
    own = RetrainTrigger(target, store=store, clock=lambda: NOW)  # the default
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            own.send(told(store))
    assert target.requests == []
    (line,) = caplog.messages
    assert "(dry run): would start a training of churn" in line


def test_what_a_dry_run_would_have_started_holds_nothing_back(store: SQLiteStore) -> None:
    target = Asked()
    trigger(store, target, dry_run=True).send(told(store, 3))
    trigger(store, target).send(told(store))
    assert len(target.requests) == 1


def test_drift_alone_is_a_recommendation_that_is_said_once(
    store: SQLiteStore, caplog: pytest.LogCaptureFixture
) -> None:
    target = Asked()
    own = trigger(store, target)
    with caplog.at_level(logging.WARNING):
        for _ in range(6):
            own.send(told(store, dropped=None))
    assert target.requests == []
    (line,) = caplog.messages
    assert "training of churn is recommended" in line


@pytest.mark.parametrize(
    "error", [DeliveryError("busy"), RuntimeError("bug"), DeliveryError("wait", retry_after=5.0), SystemExit("killed")]
)
def test_a_start_that_failed_is_tried_again_with_the_same_id(store: SQLiteStore, error: BaseException) -> None:
    target, message = Asked(error), told(store, 3)
    own = trigger(store, target)
    with pytest.raises(type(error)):
        own.send(message)
    own.send(message)
    first, second = target.requests
    assert first.id == second.id


def test_while_a_start_is_tried_again_no_other_window_starts_one(store: SQLiteStore) -> None:
    target, first = Asked(DeliveryError("busy")), told(store, 3)
    own = trigger(store, target)
    with pytest.raises(DeliveryError):
        own.send(first)
    own.send(told(store))
    own.send(first)
    assert [request.run_id for request in target.requests] == [3, 3]


def test_a_start_that_failed_for_good_leaves_the_next_window_free(store: SQLiteStore) -> None:
    target = Asked(DeliveryError("no such workflow", permanent=True))
    own = trigger(store, target)
    with pytest.raises(DeliveryError):
        own.send(told(store, 3))
    own.send(told(store))
    assert [request.run_id for request in target.requests] == [3, 4]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "test"},
        {"alerts": (feature_alert("age", status="resolved"),)},
        {"alerts": (Alert({"alertname": "NoData"}),)},
        {"alerts": (Alert({"alertname": "CheckFailed"}), Alert({"alertname": "NoVerdict"}))},
        {"alerts": (Alert({"alertname": "SchemaChange"}), feature_alert("age"))},
    ],
)
def test_some_messages_never_start_a_training(store: SQLiteStore, change: dict[str, Any]) -> None:
    target = Asked()
    trigger(store, target).send(replace(told(store, 3), **change))
    assert target.requests == []


def test_what_became_of_each_window_is_counted(store: SQLiteStore) -> None:
    own = trigger(store, Asked(DeliveryError("no such workflow", permanent=True)))
    with pytest.raises(DeliveryError):
        own.send(told(store, 3))
    own.send(message := told(store))
    own.send(message)
    own.send(told(store))
    trigger(store, Asked(), name="two").send(told(store, dropped=None))
    trigger(store, Asked(), name="three", dry_run=True).send(message)
    counted = {name: n for name, n in store.counters("churn").items() if name.startswith("trainings_")}
    assert counted == {
        "trainings_asked": 2,
        "trainings_failed": 1,
        "trainings_known": 1,
        "trainings_held": 1,
        "trainings_recommended": 1,
        "trainings_dry": 1,
    }


def test_processes_that_decide_at_once_start_one_training(
    store: SQLiteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*args: Any, **options: Any) -> Any:  # so that all of them have begun before the first has decided
        time.sleep(0.03)
        return decide(*args, **options)

    monkeypatch.setattr("driftwatch.alerting.retraining.trigger.decide", slowly)
    messages = [told(store) for _ in range(8)]
    asked: list[RetrainRequest] = []
    together = threading.Barrier(len(messages))

    def deliver(message: Notification) -> None:
        with SQLiteStore(tmp_path / "store.db") as own:  # as another process would open it
            notifier = trigger(own, asked.append, guards=Guards(consecutive=1, cooldown=0))
            together.wait(30)
            notifier.send(message)

    threads = [threading.Thread(target=deliver, args=(message,)) for message in messages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(asked) == 1
    assert store.counters("churn")["trainings_held"] == len(messages) - 1


def test_each_trigger_remembers_for_itself(store: SQLiteStore) -> None:
    first, second, message = Asked(), Asked(), told(store, 3)
    trigger(store, first, name="one").send(message)
    trigger(store, second, name="two").send(message)
    assert len(first.requests) == len(second.requests) == 1


@pytest.mark.parametrize("kind", EVIL)
def test_names_are_one_line_each(store: SQLiteStore, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    asked: list[RetrainRequest] = []
    evil = evil_notification(kind)
    message = replace(told(store, 3), alerts=evil.alerts, model=evil.model)
    with caplog.at_level(logging.INFO):
        trigger(store, asked.append).send(message)
    (request,) = asked
    data = request.to_dict()
    assert all(text.isprintable() for text in (data["model"], data["reason"], *data["features"]))
    assert len(request.to_json()) < 20_000
    assert all(line.isprintable() for line in caplog.messages)


@pytest.mark.parametrize("target", [None, 3, "train.sh"])
def test_what_cannot_be_asked_is_refused(target: Any) -> None:
    with pytest.raises(ConfigError, match="`target` must have"):
        RetrainTrigger(target)


def test_ids_tell_models_references_and_windows_apart() -> None:
    base = notification()
    others = [
        replace(base, model="other"),
        replace(base, reference="other"),
        replace(base, window_start=1),
        replace(base, window_stop=base.window_stop + 1),
        replace(base, scope="p0"),
    ]
    same = replace(base, id="dw_other", alerts=(feature_alert("x"),), created=5, receiver="b")
    ids = [RetrainRequest.of(message).id for message in (base, *others)]
    assert len(set(ids)) == 6
    assert RetrainRequest.of(same).id == ids[0]


def test_guards_are_the_defaults_of_the_class() -> None:
    assert Guards() == Guards(cooldown=86_400.0, max_per_day=1, consecutive=3, min_rows=1000, on_drift_alone=False)
