"""Alerts to a Prometheus Alertmanager (layer 5), which then groups, silences and routes them itself."""

from __future__ import annotations

import hashlib
import json
import re
import time
from typing import TYPE_CHECKING, Any, Self

from driftwatch.alerting._http import Endpoint
from driftwatch.alerting.notifier import BaseNotifier
from driftwatch.alerting.secrets import Secret
from driftwatch.alerting.wording import one_line
from driftwatch.alerts.model import iso_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch.alerting._settings import Settings
    from driftwatch.alerts.model import Alert, Notification

__all__ = ["AlertmanagerNotifier"]

PATH = "/api/v2/alerts"
MAX_LABEL = 200
MAX_ANNOTATION = 2000
EXPIRES = 86_400.0
TEST_EXPIRES = 300.0


class AlertmanagerNotifier(BaseNotifier):
    """Posts the alerts of each notification to `/api/v2/alerts`.

    Parameters
    ----------
    name : str
        The receiver's name.
    url : str, Secret or Endpoint
        Of the Alertmanager, such as `http://alertmanager:9093`, with its path prefix if it has one.
    generator_url : str
        A link that it shows beside an alert, such as to a dashboard.
    expires : float
        Seconds after which a firing alert that is not sent again counts as resolved. Longer than the route's
        `repeat_interval`, or alerts come and go.
    headers : mapping, optional
        Further headers; values may be secrets.
    clock : callable
        Seconds after 1970.
    """

    def __init__(
        self,
        name: str = "alertmanager",
        *,
        url: str | Secret | Endpoint,
        generator_url: str = "",
        expires: float = EXPIRES,
        headers: Mapping[str, str | Secret] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name)
        endpoint = url if isinstance(url, Endpoint) else Endpoint(Secret.of(url))
        self._endpoint = endpoint.at(PATH)
        self._generator_url, self._expires, self._clock = generator_url, expires, clock
        self._headers = {header: Secret.of(value) for header, value in (headers or {}).items()}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the notifier of a table with `url`, `generator_url`, `expires` and `headers`."""
        return cls(
            settings.name,
            url=settings.endpoint(),
            generator_url=settings.text("generator_url", ""),
            expires=settings.seconds("expires", EXPIRES, least=1.0),
            headers=settings.headers(),
        )

    def send(self, notification: Notification) -> None:
        """Post the alerts; see `BaseNotifier.send`."""
        expires = TEST_EXPIRES if notification.kind == "test" else self._expires
        until = int((self._clock() + expires) * 1e6)
        body = json.dumps([self._alert(alert, until) for alert in notification.alerts]).encode()
        further = {name: value.reveal() for name, value in self._headers.items()}
        self._endpoint.post(body, {"Content-Type": "application/json", **further})

    def _alert(self, alert: Alert, until: int) -> dict[str, Any]:
        return {
            "labels": {_label_name(name): _label_value(value) for name, value in alert.labels.items()},
            "annotations": {
                _label_name(name): one_line(text, MAX_ANNOTATION) for name, text in alert.annotations.items()
            },
            "startsAt": iso_time(alert.starts_at),
            "endsAt": iso_time(until if alert.ends_at is None else alert.ends_at),
            **({"generatorURL": self._generator_url} if self._generator_url else {}),
        }


def _label_name(name: str) -> str:
    cleaned = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"_{cleaned}" if cleaned[:1].isdigit() or not cleaned else cleaned


def _label_value(value: str) -> str:
    """Return the value on one line; where that loses something, with a hash, so that two of them stay two."""
    line = one_line(value, MAX_LABEL)
    if line == value:
        return value
    return f"{line} #{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
