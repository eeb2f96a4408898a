"""Alerts in the log."""

from __future__ import annotations

import logging

import pytest

from driftwatch.alerting.log import LogNotifier
from notification_samples import EVIL, evil_notification, feature_alert, notification


@pytest.mark.parametrize(
    ("severity", "level"),
    [("info", logging.INFO), ("warning", logging.WARNING), ("critical", logging.ERROR), ("x", 30)],
)
def test_a_firing_alert_is_logged_at_its_severity(caplog: pytest.LogCaptureFixture, severity: str, level: int) -> None:
    with caplog.at_level(logging.INFO):
        LogNotifier().send(notification(feature_alert("age", severity=severity)))
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("driftwatch.alerts", level)
    assert "age drifted" in record.getMessage()


def test_what_is_over_and_what_is_a_test_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for severity in ("info", "warning", "critical"):
            over = feature_alert("age", status="resolved", severity=severity)
            LogNotifier(logger="mine").send(notification(over))
            LogNotifier(logger="mine").send(notification(feature_alert("age", severity=severity), kind="test"))
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.INFO, *[logging.WARNING] * 5]
    assert {record.name for record in caplog.records} == {"mine"}


@pytest.mark.parametrize("kind", EVIL)
def test_no_name_writes_a_line_of_its_own(caplog: pytest.LogCaptureFixture, kind: str) -> None:
    with caplog.at_level(logging.INFO):
        LogNotifier().send(evil_notification(kind))
    lines = caplog.records[0].getMessage().split("\n")
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith(("hello", "Bcc")) for line in lines)
