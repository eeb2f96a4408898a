"""What an Alertmanager gets: the fields of its API v2."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest

from driftwatch.alerting.alertmanager import AlertmanagerNotifier
from driftwatch.alerts.model import Alert, Notification
from driftwatch.errors import DeliveryError
from http_receiver import running_receiver
from notification_samples import AT, EVIL, evil_notification, feature_alert, notification

NOW = AT / 1e6 + 100


def posted(message: Notification, **options: Any) -> list[dict[str, Any]]:
    with running_receiver() as receiver:
        AlertmanagerNotifier(url=receiver.url + "/am/", clock=lambda: NOW, **options).send(message)
        (got,) = receiver.received
    assert got.path == "/am/api/v2/alerts"
    alerts: list[dict[str, Any]] = json.loads(got.body)
    return alerts


def seconds(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def test_a_firing_alert_ends_later_and_a_resolved_one_when_it_did() -> None:
    firing, resolved = posted(notification(), expires=600.0, generator_url="https://dash.example/churn")
    assert firing["labels"] == {"alertname": "FeatureDrift", "model": "churn", "feature": "age", "severity": "warning"}
    assert firing["annotations"]["summary"] == "age drifted"
    assert (seconds(firing["startsAt"]), seconds(firing["endsAt"])) == (AT / 1e6, NOW + 600)
    assert firing["generatorURL"] == "https://dash.example/churn"
    assert seconds(resolved["endsAt"]) == AT / 1e6 + 60


def test_a_test_goes_away_by_itself() -> None:
    (alert,) = posted(notification(feature_alert("age"), kind="test"))
    assert seconds(alert["endsAt"]) == NOW + 300
    assert "generatorURL" not in alert


@pytest.mark.parametrize("kind", EVIL)
def test_names_are_bounded_and_stay_apart(kind: str) -> None:
    alerts = posted(evil_notification(kind))
    assert len({alert["labels"]["feature"] for alert in alerts}) == 40
    for value in (text for alert in alerts for text in alert["labels"].values()):
        assert value.isprintable()
        assert len(value) <= 220


def test_names_of_labels_are_those_of_prometheus() -> None:
    (alert,) = posted(notification(Alert({"alertname": "x", "team-name": "a", "9": "b", "é": "c", "": "d"})))
    assert all(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) for name in alert["labels"])


def test_what_it_refuses_is_told() -> None:
    with (
        running_receiver((400, {}, b'"bad label"')) as receiver,
        pytest.raises(DeliveryError, match="bad label") as error,
    ):
        AlertmanagerNotifier(url=receiver.url, headers={"Authorization": "Bearer x"}).send(notification())
    assert error.value.permanent
    assert receiver.received[0].headers["authorization"] == "Bearer x"
