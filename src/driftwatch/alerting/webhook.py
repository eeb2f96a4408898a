"""Alerts to any HTTP service (layer 5), as JSON that is signed after Standard Webhooks."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Self

from driftwatch.alerting._http import Endpoint
from driftwatch.alerting._signing import signing_headers, signing_keys
from driftwatch.alerting.notifier import BaseNotifier
from driftwatch.alerting.secrets import Secret
from driftwatch.alerts.model import iso_time
from driftwatch.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch.alerting._answers import Answer
    from driftwatch.alerting._settings import Settings
    from driftwatch.alerts.model import Notification

__all__ = ["WebhookNotifier"]

GONE = 410  # which Standard Webhooks wants to be the end of it


class WebhookNotifier(BaseNotifier):
    """Posts each notification as JSON: `type`, `timestamp`, and `data` as `Notification.to_dict` gives it.

    Parameters
    ----------
    name : str
        The receiver's name.
    url : str, Secret or Endpoint
        Where to.
    secrets : sequence of str or Secret
        `whsec_...` of Standard Webhooks. Each signs every message, so that a receiver may change from one to the next at any
        time. Empty for no signature.
    headers : mapping, optional
        Further headers; values may be secrets.
    clock : callable
        Seconds after 1970.

    Notes
    -----
    Each try is signed anew, with the time of that try and the same `webhook-id`: receivers refuse old times, and know by the
    id what they have had. The body of all tries is the same.
    """

    def __init__(
        self,
        name: str = "webhook",
        *,
        url: str | Secret | Endpoint,
        secrets: Sequence[str | Secret] = (),
        headers: Mapping[str, str | Secret] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(name)
        self._endpoint = url if isinstance(url, Endpoint) else Endpoint(Secret.of(url))
        self._secrets = [Secret.of(secret) for secret in secrets]
        self._headers = {header: Secret.of(value) for header, value in (headers or {}).items()}
        self._clock = clock
        self._gone = ""
        signing_keys(self._secrets)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Return the notifier of a table with `url`, `secret` by reference or `unsigned = true`, and `headers`."""
        secrets = settings.signing_secrets()
        return cls(settings.name, url=settings.endpoint(), secrets=secrets, headers=settings.headers())

    def send(self, notification: Notification) -> None:
        """Post the message; see `BaseNotifier.send`. After an answer of 410 (Gone) that URL is not asked again."""
        label = self._endpoint.label()
        if label != self._gone:
            answer = self._post(notification)
            if answer.status != GONE:
                return
            self._gone = label
        raise DeliveryError(
            f"{label} answered {GONE}: it is gone for good, and is not asked again before its URL changes or a restart.",
            permanent=True,
        )

    def _post(self, notification: Notification) -> Answer:
        body = json.dumps(_content(notification), separators=(",", ":"), allow_nan=False).encode()
        signed = signing_headers(signing_keys(self._secrets), notification.id, int(self._clock()), body)
        further = {name: value.reveal() for name, value in self._headers.items()}
        headers = {"Content-Type": "application/json", **further, **signed}
        return self._endpoint.post(body, headers, accept=(GONE,))


def _content(notification: Notification) -> dict[str, Any]:
    kind = "test" if notification.kind == "test" else notification.status
    return {"type": f"drift.{kind}", "timestamp": iso_time(notification.created), "data": notification.to_dict()}
