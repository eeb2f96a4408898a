"""Alerts in the log (layer 5): for a first try, and beside another receiver."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from driftwatch.alerting.notifier import BaseNotifier
from driftwatch.alerting.wording import words_of

if TYPE_CHECKING:
    from driftwatch.alerting._settings import Settings
    from driftwatch.alerts.model import Notification

__all__ = ["LogNotifier"]

LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}


class LogNotifier(BaseNotifier):
    """Writes each notification to a logger of the standard library; at the level of their severity, what is over at most as a warning.

    Parameters
    ----------
    name : str
        The receiver's name.
    logger : str
        The logger's.
    """

    def __init__(self, name: str = "log", *, logger: str = "driftwatch.alerts") -> None:
        super().__init__(name)
        self._logger = logging.getLogger(logger)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the notifier of a table with `logger`, by default `driftwatch.alerts`."""
        return cls(settings.name, logger=settings.text("logger", "driftwatch.alerts"))

    def send(self, notification: Notification) -> None:
        """Write the message."""
        level = LEVELS.get(notification.severity, logging.WARNING)
        if notification.kind == "test":
            level = logging.WARNING  # which a process that has set up no logging shows
        elif notification.status != "firing":
            level = min(level, logging.WARNING)
        self._logger.log(level, "%s", words_of(notification).text().rstrip())
