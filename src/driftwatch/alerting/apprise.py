"""Alerts through Apprise (layer 5), which knows a hundred services. The only file that knows the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from driftwatch.alerting.notifier import BaseNotifier
from driftwatch.alerting.secrets import Secret
from driftwatch.alerting.wording import words_of
from driftwatch.errors import ConfigError, DeliveryError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.alerting._settings import Settings
    from driftwatch.alerts.model import Notification

__all__ = ["AppriseNotifier"]


class AppriseNotifier(BaseNotifier):
    """Sends through services that have no notifier of their own here, such as Teams, Discord, PagerDuty or Telegram.

    Parameters
    ----------
    name : str
        The receiver's name.
    urls : sequence of str or Secret
        In Apprise's own form, such as `discord://id/token`. They are secrets. A secret may hold several, one a line.

    Notes
    -----
    Apprise says only whether all of them took the message: where one of several does not, all get it again. Give each
    service a receiver of its own where that matters.
    """

    def __init__(self, name: str = "apprise", *, urls: Sequence[str | Secret]) -> None:
        super().__init__(name)
        self._urls = [Secret.of(url) for url in urls]
        if not self._urls:
            raise ConfigError(f"receiver {name!r} needs at least one URL.")
        self._services()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the notifier of a table with `urls` or `urls_file`, by reference."""
        return cls(settings.name, urls=settings.secrets("urls"))

    def send(self, notification: Notification) -> None:
        """Send the message; see `BaseNotifier.send`."""
        library, services = self._services()
        words = words_of(notification)
        kinds = library.NotifyType
        kind = kinds.INFO
        if notification.kind == "alert":
            fires = kinds.FAILURE if notification.severity == "critical" else kinds.WARNING
            kind = fires if notification.status == "firing" else kinds.SUCCESS
        body = words.text().partition("\n\n")[2]
        # TEXT: Apprise escapes it for services that take HTML or Markdown
        if not services.notify(title=words.title, body=body, notify_type=kind, body_format=library.NotifyFormat.TEXT):
            raise DeliveryError(
                f"Apprise could not deliver for receiver {self.name!r}. It logs the reason as `apprise`."
            )

    def _services(self) -> tuple[Any, Any]:
        try:
            import apprise
        except ImportError as error:
            raise MissingExtraError.for_feature("AppriseNotifier", package="apprise", extra="apprise") from error
        services = apprise.Apprise()
        for url in (line for secret in self._urls for line in secret.reveal().split()):
            if not services.add(url):
                raise ConfigError(f"a URL of receiver {self.name!r} is none that Apprise knows. It is not shown.")
        return apprise, services
