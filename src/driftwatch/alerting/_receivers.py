"""The kinds of receivers (layer 5), one row each; their files are loaded when one is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from driftwatch.alerting._settings import Settings
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.alerting.notifier import BaseNotifier

__all__ = ["KINDS", "receiver_from_settings"]

# What `kind` says in a file of settings, to the class: its `from_settings(settings)` reads the rest of the table.
KINDS = {
    "alertmanager": "driftwatch.alerting.alertmanager:AlertmanagerNotifier",
    "apprise": "driftwatch.alerting.apprise:AppriseNotifier",
    "email": "driftwatch.alerting.email:EmailNotifier",
    "log": "driftwatch.alerting.log:LogNotifier",
    "retrain": "driftwatch.alerting.retraining.trigger:RetrainTrigger",
    "slack": "driftwatch.alerting.slack:SlackNotifier",
    "webhook": "driftwatch.alerting.webhook:WebhookNotifier",
}


def receiver_from_settings(name: str, given: Mapping[str, object]) -> BaseNotifier:
    """Return the notifier that a table of settings describes, such as `{"kind": "slack", "url": "${SLACK_URL}"}`.

    Raises
    ------
    ConfigError
        If a setting is missing, wrong or unknown, or a secret stands there in full or cannot be read.
    MissingExtraError
        If the kind needs a library that is not installed.

    Examples
    --------
    >>> receiver_from_settings("screen", {"kind": "log"})
    LogNotifier('screen')
    """
    kind = given.get("kind")
    if kind is None:
        raise ConfigError(f"receiver {name!r} needs `kind`, one of {', '.join(map(repr, KINDS))}.")
    if not isinstance(kind, str) or kind not in KINDS:
        raise UnknownNameError.from_names(f"kind of receiver {name!r}", [str(kind)], KINDS)
    module, _, attribute = KINDS[kind].partition(":")
    settings = Settings(name, given)
    notifier: BaseNotifier = getattr(import_module(module), attribute).from_settings(settings)
    settings.done()
    return notifier
