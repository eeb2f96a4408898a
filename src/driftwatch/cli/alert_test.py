"""`driftwatch alert test` (layer 5): tries every way to those who are told."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from driftwatch.cli.exitcodes import ExitCode
from driftwatch.cli.settings import resolve
from driftwatch.cli.streams import one_line, write_data
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.alerting import AlertManager
    from driftwatch.alerts.model import Notification

__all__ = ["configured_manager", "run_test"]


def configured_manager(config_file: str | None) -> AlertManager:
    """Return the alert manager of the settings in force.

    Raises
    ------
    ConfigError
        If nothing is set about alerts.
    """
    from driftwatch.alerting import AlertManager

    alerts = resolve({}, config_file).settings.alerts
    if not alerts:
        raise ConfigError(
            "nothing is set about alerts. Write [alerts.receivers.NAME] with a `kind` in driftwatch.toml."
        )
    return AlertManager.from_config(alerts)


def run_test(config_file: str | None) -> int:
    """Send a test message through every route and return the exit code."""
    manager = configured_manager(config_file)
    lines, failed = [], 0
    for key, receiver in manager.plan.route.ways():
        notifier = manager.receivers[receiver].notifier
        try:
            notifier.send(_message(receiver, key))
        except Exception as error:  # noqa: BLE001 - whatever a notifier raises is the answer
            failed += 1
            lines.append(f"failed  {receiver}  {key}  {type(error).__name__}: {error}")
        else:
            lines.append(f"ok      {receiver}  {key}")
    for used in manager.receivers.values():
        used.notifier.close()
    write_data("\n".join(one_line(line) for line in lines))
    return ExitCode.ERROR if failed else ExitCode.OK


def _message(receiver: str, key: str) -> Notification:
    from driftwatch.alerts.model import Alert, Notification

    now = int(time.time() * 1e6)
    labels = {"alertname": "Test", "model": "test", "severity": "info"}
    words = {
        "summary": "a test message of driftwatch: nothing has happened",
        "description": f"sent by `driftwatch alert test` through the route {key}",
    }
    alert = Alert(labels, words, starts_at=now)
    return Notification(f"dw_test_{secrets.token_hex(8)}", receiver, "test", key, (alert,), created=now, kind="test")
