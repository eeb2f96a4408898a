"""Alerts (layer 5): which findings become messages, to whom, when, and how often."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.alerting.model import Alert, Notification
    from driftwatch.alerting.notifier import BaseNotifier, DeliveryError
    from driftwatch.alerting.secrets import Secret

__all__ = [
    "Alert",
    "BaseNotifier",
    "DeliveryError",
    "Notification",
    "Secret",
]

_MODEL = "driftwatch.alerting.model"
_NOTIFIER = "driftwatch.alerting.notifier"
__getattr__, __dir__ = attach(
    __name__,
    {
        "Alert": _MODEL,
        "BaseNotifier": _NOTIFIER,
        "DeliveryError": _NOTIFIER,
        "Notification": _MODEL,
        "Secret": "driftwatch.alerting.secrets",
    },
)
