"""A request for a training, read by CloudEvents' own library and verified by that of Standard Webhooks."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook

from driftwatch.alerting.retraining import CloudEventsTarget, RetrainRequest
from http_receiver import running_receiver
from notification_samples import EVIL, evil_notification, notification

if TYPE_CHECKING:
    from driftwatch.alerts.model import Notification

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize("message", [notification(), *map(evil_notification, EVIL)])
def test_other_libraries_read_and_verify_a_request(message: Notification) -> None:
    request = RetrainRequest.of(message)
    with running_receiver() as receiver:
        CloudEventsTarget(receiver.url, secrets=[SECRET]).start(request)
        (got,) = receiver.received
    Webhook(SECRET).verify(got.body, got.headers)
    event: Any = from_structured(HTTPMessage(headers=got.headers, body=got.body), JSONFormat())
    assert (event.get_specversion(), event.get_id(), event.get_type()) == (
        "1.0",
        request.id,
        "driftwatch.retrain.requested.v1",
    )
    assert event.get_data() == request.to_dict()
