"""Alerts (layer 5): which findings become messages, to whom, when, and how often."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.alerting.alertmanager import AlertmanagerNotifier
    from driftwatch.alerting.apprise import AppriseNotifier
    from driftwatch.alerting.email import EmailNotifier
    from driftwatch.alerting.log import LogNotifier
    from driftwatch.alerting.model import Alert, Notification
    from driftwatch.alerting.notifier import BaseNotifier, DeliveryError
    from driftwatch.alerting.secrets import Secret
    from driftwatch.alerting.slack import SlackNotifier
    from driftwatch.alerting.webhook import WebhookNotifier

__all__ = [
    "Alert",
    "AlertmanagerNotifier",
    "AppriseNotifier",
    "BaseNotifier",
    "DeliveryError",
    "EmailNotifier",
    "LogNotifier",
    "Notification",
    "Secret",
    "SlackNotifier",
    "WebhookNotifier",
]

_MODEL = "driftwatch.alerting.model"
_NOTIFIER = "driftwatch.alerting.notifier"
__getattr__, __dir__ = attach(
    __name__,
    {
        "Alert": _MODEL,
        "AlertmanagerNotifier": "driftwatch.alerting.alertmanager",
        "AppriseNotifier": "driftwatch.alerting.apprise",
        "BaseNotifier": _NOTIFIER,
        "DeliveryError": _NOTIFIER,
        "EmailNotifier": "driftwatch.alerting.email",
        "LogNotifier": "driftwatch.alerting.log",
        "Notification": _MODEL,
        "Secret": "driftwatch.alerting.secrets",
        "SlackNotifier": "driftwatch.alerting.slack",
        "WebhookNotifier": "driftwatch.alerting.webhook",
    },
)
