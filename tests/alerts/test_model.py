"""Alerts and messages as data: identities, and the way through JSON and back."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.alerts.model import FIRING, RESOLVED, Alert, Notification, fingerprint_of, iso_time, notification_id
from driftwatch.errors import InputError

AGE = Alert({"alertname": "FeatureDrift", "model": "churn", "severity": "warning", "feature": "age"}, starts_at=7)
OVER = Alert({"alertname": "DatasetDrift", "model": "churn", "severity": "critical"}, status=RESOLVED, ends_at=9)

texts = st.text(max_size=8)
times = st.integers(-(10**16), 10**17)
alerts = st.builds(
    Alert,
    labels=st.dictionaries(texts, texts, max_size=3),
    annotations=st.dictionaries(texts, texts, max_size=3),
    status=st.sampled_from([FIRING, RESOLVED]),
    starts_at=times,
    ends_at=st.none() | times,
)
notifications = st.builds(
    Notification,
    id=texts,
    receiver=texts,
    model=texts,
    group_key=texts,
    alerts=st.lists(alerts, max_size=3).map(tuple),
    created=times,
    kind=st.sampled_from(["alert", "test"]),
    stream=texts,
    window_start=times,
    window_stop=times,
    scope=texts,
    n_rows=st.integers(0, 2**60),
    run_id=st.integers(0, 2**60),
    reference=texts,
    performance_dropped=st.none() | st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(notifications)
def test_json_gives_the_same_message_back(sent: Notification) -> None:
    assert Notification.from_json(sent.to_json()) == sent
    assert sent.to_json().isascii()


@given(times)
def test_times_are_those_of_datetime(at: int) -> None:
    read = dt.datetime.fromisoformat(iso_time(at))
    assert (read - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1) == at


def test_the_severity_is_no_part_of_the_identity_and_every_other_label_is() -> None:
    assert fingerprint_of({**AGE.labels, "severity": "critical"}) == AGE.fingerprint
    for name in ("alertname", "model", "feature"):
        assert fingerprint_of({**AGE.labels, name: "other"}) != AGE.fingerprint


def test_labels_cannot_be_shifted_into_each_other() -> None:
    assert fingerprint_of({"a": "b", "c": "d"}) != fingerprint_of({"a": 'b","c', "d": ""})


def test_the_id_of_a_message_does_not_depend_on_the_order_of_its_alerts() -> None:
    assert notification_id("ops", "churn", [AGE, OVER], (0, 5)) == notification_id("ops", "churn", [OVER, AGE], (0, 5))


def test_the_id_of_a_message_changes_with_all_that_it_is_made_of() -> None:
    resolved = Alert(AGE.labels, status=RESOLVED)
    ids = [
        notification_id("ops", "churn", [AGE], (0, 5)),
        notification_id("dev", "churn", [AGE], (0, 5)),
        notification_id("ops", "fraud", [AGE], (0, 5)),
        notification_id("ops", "churn", [resolved], (0, 5)),
        notification_id("ops", "churn", [AGE, OVER], (0, 5)),
        notification_id("ops", "churn", [AGE], (5, 10)),
        notification_id("ops", "churn", [AGE], (0, 5), occasion=1),
    ]
    assert len(set(ids)) == len(ids)


def test_the_id_of_a_message_stays_what_it_is_between_processes() -> None:
    assert notification_id("ops", "churn", [AGE], (0, 5)) == "dw_9c9a562f23c0490b0988295b5edd43ed"


def test_a_message_fires_if_any_alert_does() -> None:
    both = Notification("1", "ops", "churn", "churn", (AGE, OVER), created=0)
    assert (both.status, both.firing, both.resolved) == (FIRING, (AGE,), (OVER,))
    assert both.title == "[FIRING:1] churn: FeatureDrift"
    assert both.severity == "warning"


def test_a_message_of_alerts_that_are_over_is_resolved() -> None:
    over = Notification("1", "ops", "", "", (OVER,), created=0)
    assert (over.status, over.title, over.severity) == (RESOLVED, "[RESOLVED:1] DatasetDrift", "critical")


def test_a_test_message_says_so_in_its_title() -> None:
    assert Notification("1", "ops", "churn", "", (AGE,), created=0, kind="test").title == "[TEST] churn: FeatureDrift"


def test_windows_by_rows_keep_their_numbers_in_json() -> None:
    sent = Notification("1", "ops", "m", "m", (AGE,), created=0, window_start=1_000, window_stop=2_000, scope="p-0")
    window = json.loads(sent.to_json())["window"]
    assert (window["start"], window["stop"], window["scope"]) == (1_000, 2_000, "p-0")


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"version": 2}', '{"version": 1}', b"\xff"],
)
def test_what_is_no_message_is_refused(text: str | bytes) -> None:
    with pytest.raises(InputError):
        Notification.from_json(text)


@pytest.mark.parametrize(("path", "value"), [("labels", [1]), ("labels", {"a": 1}), ("status", "burning")])
def test_a_message_with_a_broken_alert_is_refused(path: str, value: object) -> None:
    data = json.loads(Notification("1", "ops", "m", "m", (AGE,), created=0).to_json())
    data["alerts"][0][path] = value
    with pytest.raises(InputError):
        Notification.from_json(json.dumps(data))
