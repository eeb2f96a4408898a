"""Signed messages to any service: the oracle of a signature is its definition, written out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import pytest

from driftwatch.alerting.secrets import Secret
from driftwatch.alerting.webhook import WebhookNotifier
from driftwatch.alerts.model import Notification
from driftwatch.errors import ConfigError, DeliveryError
from http_receiver import Received, running_receiver
from notification_samples import EVIL, evil_notification, feature_alert, notification

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = ("whsec_" + base64.b64encode(bytes([i]) * 32).decode() for i in (1, 2))
NOW = 1_763_900_000


def signature(secret: str, got: Received) -> str:
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def test_a_message_is_signed_and_says_what_it_is() -> None:
    message = notification()
    with running_receiver() as receiver:
        notifier = WebhookNotifier(url=receiver.url + "/in", secrets=[OLD], headers={"X-Team": "ml"}, clock=lambda: NOW)
        notifier.send(message)
        (got,) = receiver.received
    assert got.headers["webhook-id"] == message.id
    assert got.headers["webhook-timestamp"] == str(NOW)
    assert got.headers["webhook-signature"] == signature(OLD, got)
    assert (got.headers["content-type"], got.headers["x-team"]) == ("application/json", "ml")
    content = json.loads(got.body)
    assert (content["type"], content["timestamp"]) == ("drift.firing", "2025-11-23T11:00:01.000000Z")
    assert Notification.from_json(json.dumps(content["data"])) == message


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (notification(feature_alert("age", status="resolved")), "drift.resolved"),
        (notification(kind="test"), "drift.test"),
    ],
)
def test_the_type_says_why_it_was_sent(message: Notification, kind: str) -> None:
    with running_receiver() as receiver:
        WebhookNotifier(url=receiver.url).send(message)
        assert json.loads(receiver.received[0].body)["type"] == kind
        assert "webhook-signature" not in receiver.received[0].headers


def test_each_try_is_signed_anew_with_the_same_id_and_body() -> None:
    times = iter([NOW, NOW + 3600.7])
    with running_receiver((503, {}, b""), (204, {}, b"")) as receiver:
        notifier = WebhookNotifier(url=receiver.url, secrets=[OLD], clock=lambda: next(times))
        with pytest.raises(DeliveryError):
            notifier.send(notification())
        notifier.send(notification())
        first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert [int(got.headers["webhook-timestamp"]) for got in (first, second)] == [NOW, NOW + 3600]
    assert second.headers["webhook-signature"] == signature(OLD, second)


def test_keys_rotate_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text(OLD)
    with running_receiver() as receiver:
        notifier = WebhookNotifier(url=receiver.url, secrets=[Secret.from_file(file)])
        for held in (OLD, f"{OLD}\n{NEW}\n", NEW):
            file.write_text(held)
            notifier.send(notification())
        for got, keys in zip(receiver.received, ([OLD], [OLD, NEW], [NEW]), strict=True):
            assert got.headers["webhook-signature"] == " ".join(signature(key, got) for key in keys)


def test_a_url_that_is_gone_is_not_asked_again_before_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "url"
    with running_receiver((410, {}, b""), (200, {}, b"")) as receiver:
        file.write_text(receiver.url + "/old")
        notifier = WebhookNotifier(url=Secret.from_file(file))
        for _ in range(3):
            with pytest.raises(DeliveryError, match="410: it is gone for good") as error:
                notifier.send(notification())
            assert error.value.permanent
        file.write_text(receiver.url + "/new")
        notifier.send(notification())
        assert [got.path for got in receiver.received] == ["/old", "/new"]


@pytest.mark.parametrize("kind", EVIL)
def test_names_survive_as_they_are(kind: str) -> None:
    message = evil_notification(kind)
    with running_receiver() as receiver:
        WebhookNotifier(url=receiver.url, secrets=[OLD]).send(message)
        (got,) = receiver.received
    got.body.decode("ascii")
    assert Notification.from_json(json.dumps(json.loads(got.body)["data"])) == message
    assert set(got.headers) <= {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "content-type",
        "content-length",
    } | {
        "host",
        "user-agent",
        "connection",
        "accept-encoding",
    }


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_!!!", "hunter2", "whsec_" + base64.b64encode(b"short").decode(), OLD[6:]]
)
def test_a_weak_secret_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ConfigError, match="24 to 64 bytes in base64") as error:
        WebhookNotifier(url="http://host/", secrets=[secret])
    assert secret.removeprefix("whsec_") not in str(error.value) or secret == "whsec_"
