"""Trainings asked for by a CloudEvent over HTTP (layer 5), signed after Standard Webhooks."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from driftwatch.alerting._http import Endpoint
from driftwatch.alerting._signing import signing_headers, signing_keys
from driftwatch.alerting.secrets import Secret
from driftwatch.alerting.wording import one_line
from driftwatch.alerts.model import iso_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch.alerting.retraining.request import RetrainRequest

__all__ = ["CloudEventsTarget"]

TYPE = "driftwatch.retrain.requested.v1"
ALREADY_KNOWN = 409  # the answer of a service that has had this id


class CloudEventsTarget:
    """Posts a CloudEvent (specification 1.0, JSON in structured mode) whose id and `webhook-id` are the request's.

    Parameters
    ----------
    url : str, Secret or Endpoint
        Where to.
    secrets : sequence of str or Secret
        `whsec_...` of Standard Webhooks; empty for no signature.
    source : str, optional
        The event's `source`, a URI reference; by default `/driftwatch/` and the stream.
    headers : mapping, optional
        Further headers; values may be secrets.
    clock : callable
        Seconds after 1970.
    """

    def __init__(
        self,
        url: str | Secret | Endpoint,
        *,
        secrets: Sequence[str | Secret] = (),
        source: str | None = None,
        headers: Mapping[str, str | Secret] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoint = url if isinstance(url, Endpoint) else Endpoint(Secret.of(url))
        self._secrets = [Secret.of(secret) for secret in secrets]
        self._headers = {name: Secret.of(value) for name, value in (headers or {}).items()}
        self._source, self._clock = source, clock
        signing_keys(self._secrets)

    def start(self, request: RetrainRequest) -> None:
        """Post the event; an answer of 409 says that it was had before, and is a success."""
        body = json.dumps(self._event(request), separators=(",", ":"), allow_nan=False).encode()
        signed = signing_headers(signing_keys(self._secrets), request.id, int(self._clock()), body)
        further = {name: value.reveal() for name, value in self._headers.items()}
        kind = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
        self._endpoint.post(body, {**kind, **further, **signed}, accept=(ALREADY_KNOWN,))

    def _event(self, request: RetrainRequest) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": request.id,
            "source": self._source or "/driftwatch/" + quote(one_line(request.stream, 200), safe=""),
            "type": TYPE,
            "time": iso_time(request.created),
            "subject": one_line(request.model, 200) or "model",
            "datacontenttype": "application/json",
            "data": request.to_dict(),
        }
