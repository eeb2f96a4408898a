"""Alerts (layer 5): which findings become messages, to whom, when, and how often."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.alerting.alertmanager import AlertmanagerNotifier
    from driftwatch.alerting.apprise import AppriseNotifier
    from driftwatch.alerting.delivery import Delivery
    from driftwatch.alerting.email import EmailNotifier
    from driftwatch.alerting.log import LogNotifier
    from driftwatch.alerting.manager import AlertManager, Receiver
    from driftwatch.alerting.notifier import BaseNotifier, DeliveryError
    from driftwatch.alerting.routes import InhibitRule, Route
    from driftwatch.alerting.rules import (
        BaseRule,
        CheckFailed,
        DatasetDrift,
        FeatureDrift,
        Finding,
        NoData,
        NoVerdict,
        Observation,
        PerformanceDrop,
        SchemaChange,
    )
    from driftwatch.alerting.secrets import Secret
    from driftwatch.alerting.slack import SlackNotifier
    from driftwatch.alerting.webhook import WebhookNotifier
    from driftwatch.alerts.matchers import Matcher
    from driftwatch.alerts.model import Alert, Notification
    from driftwatch.alerts.silences import Silence

__all__ = [
    "Alert",
    "AlertManager",
    "AlertmanagerNotifier",
    "AppriseNotifier",
    "BaseNotifier",
    "BaseRule",
    "CheckFailed",
    "DatasetDrift",
    "Delivery",
    "DeliveryError",
    "EmailNotifier",
    "FeatureDrift",
    "Finding",
    "InhibitRule",
    "LogNotifier",
    "Matcher",
    "NoData",
    "NoVerdict",
    "Notification",
    "Observation",
    "PerformanceDrop",
    "Receiver",
    "Route",
    "SchemaChange",
    "Secret",
    "Silence",
    "SlackNotifier",
    "WebhookNotifier",
]

_MANAGER = "driftwatch.alerting.manager"
_MODEL = "driftwatch.alerts.model"
_NOTIFIER = "driftwatch.alerting.notifier"
_ROUTES = "driftwatch.alerting.routes"
_RULES = "driftwatch.alerting.rules"
__getattr__, __dir__ = attach(
    __name__,
    {
        "Alert": _MODEL,
        "AlertManager": _MANAGER,
        "AlertmanagerNotifier": "driftwatch.alerting.alertmanager",
        "AppriseNotifier": "driftwatch.alerting.apprise",
        "BaseNotifier": _NOTIFIER,
        "BaseRule": _RULES,
        "CheckFailed": _RULES,
        "DatasetDrift": _RULES,
        "Delivery": "driftwatch.alerting.delivery",
        "DeliveryError": _NOTIFIER,
        "EmailNotifier": "driftwatch.alerting.email",
        "FeatureDrift": _RULES,
        "Finding": _RULES,
        "InhibitRule": _ROUTES,
        "LogNotifier": "driftwatch.alerting.log",
        "Matcher": "driftwatch.alerts.matchers",
        "NoData": _RULES,
        "NoVerdict": _RULES,
        "Notification": _MODEL,
        "Observation": _RULES,
        "PerformanceDrop": _RULES,
        "Receiver": _MANAGER,
        "Route": _ROUTES,
        "SchemaChange": _RULES,
        "Secret": "driftwatch.alerting.secrets",
        "Silence": "driftwatch.alerts.silences",
        "SlackNotifier": "driftwatch.alerting.slack",
        "WebhookNotifier": "driftwatch.alerting.webhook",
    },
)
