"""Alerts (layer 5): which findings become messages, to whom, when, and how often."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.alerting.model import Alert, Notification

__all__ = [
    "Alert",
    "Notification",
]

_MODEL = "driftwatch.alerting.model"
__getattr__, __dir__ = attach(
    __name__,
    {
        "Alert": _MODEL,
        "Notification": _MODEL,
    },
)
