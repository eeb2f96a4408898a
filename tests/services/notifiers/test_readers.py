"""Messages read by libraries that are not ours: signatures, Slack's blocks, Apprise, and HTTPS by name."""

from __future__ import annotations

import base64
import json
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from slack_sdk.models.blocks import Block
from standardwebhooks import Webhook, WebhookVerificationError

from driftwatch.alerting._http import Endpoint
from driftwatch.alerting._receivers import receiver_from_settings
from driftwatch.alerting.apprise import AppriseNotifier
from driftwatch.alerting.secrets import Secret
from driftwatch.alerting.slack import payload_of
from driftwatch.alerting.webhook import WebhookNotifier
from driftwatch.alerts.model import Notification
from driftwatch.errors import ConfigError, DeliveryError
from http_receiver import running_receiver
from notification_samples import EVIL, evil_notification, feature_alert, notification

if TYPE_CHECKING:
    from pathlib import Path

# Apprise asks for a module that Python is about to lose
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

AUTHORITY = trustme.CA()
OLD, NEW = ("whsec_" + base64.b64encode(bytes([i]) * 32).decode() for i in (1, 2))
MESSAGES = [
    notification(),
    notification(kind="test"),
    notification(*(feature_alert(f"f{i}") for i in range(400))),
    *map(evil_notification, EVIL),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_slack_s_own_models_take_every_block(message: Notification) -> None:
    for block in payload_of(message)["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
        assert parsed.to_dict() == block


@pytest.mark.parametrize("message", MESSAGES)
def test_another_library_verifies_the_signature(message: Notification) -> None:
    with running_receiver() as receiver:
        WebhookNotifier(url=receiver.url, secrets=[OLD, NEW]).send(message)
        (got,) = receiver.received
    for secret in (OLD, NEW):  # either may be the one that the receiver knows
        content: Any = Webhook(secret).verify(got.body, got.headers)
        assert Notification.from_json(json.dumps(content["data"])) == message
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(got.body.replace(b"churn", b"other") + b" ", got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"x" * 32).decode()).verify(got.body, got.headers)


@pytest.mark.parametrize("message", MESSAGES)
def test_apprise_passes_a_message_on(message: Notification, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_receiver() as receiver:
        monkeypatch.setenv("DW_URL", f"json://user:hunter2@127.0.0.1:{receiver.port}/in/")
        notifier = receiver_from_settings("ops", {"kind": "apprise", "urls": "${DW_URL}"})
        notifier.send(message)
        (got,) = receiver.received
    content = json.loads(got.body)
    assert content["title"].startswith(("[FIRING", "[TEST]"))
    assert content["type"] == ("info" if message.kind == "test" else "warning")
    assert all(line.isprintable() for line in content["message"].split("\n"))
    assert "hunter2" not in f"{notifier!r}{vars(notifier)}"


def test_apprise_says_when_it_is_over() -> None:
    with running_receiver() as receiver:
        notifier = AppriseNotifier(urls=[f"json://127.0.0.1:{receiver.port}"])
        notifier.send(notification(feature_alert("age", status="resolved")))
        notifier.send(notification(feature_alert("age", severity="critical")))
        assert [json.loads(got.body)["type"] for got in receiver.received] == ["success", "failure"]


def test_what_apprise_could_not_deliver_is_tried_again() -> None:
    with running_receiver((500, {}, b"")) as receiver:
        notifier = AppriseNotifier(urls=[f"json://127.0.0.1:{receiver.port}"])
        with pytest.raises(DeliveryError, match="It logs the reason") as error:
            notifier.send(notification())
    assert not error.value.permanent


def test_a_url_that_apprise_does_not_know_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="none that Apprise knows") as error:
        AppriseNotifier(urls=["nowhere://hunter2"])
    assert "hunter2" not in str(error.value)
    with pytest.raises(ConfigError, match="at least one URL"):
        AppriseNotifier(urls=[])


def server_context(host: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert(host).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    file: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return str(file)


def loopback(_: str, port: int, **__: object) -> list[Any]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def test_tls_is_checked_by_name_though_the_address_is_pinned(ca_file: str) -> None:
    named = []
    context = server_context("hooks.example")
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with running_receiver(tls=context) as receiver:
        url = Secret(f"https://hooks.example:{receiver.port}/in")
        Endpoint(url, ca_file=ca_file, resolve=loopback).post(b"{}", {})
        assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"
    assert named == ["hooks.example"]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_of_another_name_or_authority_is_refused(ca_file: str, trusted: bool) -> None:
    with running_receiver(tls=server_context("other.example" if trusted else "hooks.example")) as receiver:
        url = Secret(f"https://hooks.example:{receiver.port}/in")
        endpoint = Endpoint(url, ca_file=ca_file if trusted else None, resolve=loopback)
        with pytest.raises(DeliveryError, match="certificate is not trusted") as error:
            endpoint.post(b"{}", {})
        assert not error.value.permanent
        assert receiver.received == []


def test_tls_is_checked_by_name_through_a_proxy(ca_file: str) -> None:
    with (
        running_receiver((200, {}, b"")) as proxy,
        running_receiver(tls=server_context("hooks.example")) as receiver,
        running_receiver(tls=server_context("other.example")) as other,
    ):
        through = Secret(proxy.url)
        url = Secret(f"https://hooks.example:{receiver.port}/in")
        Endpoint(url, ca_file=ca_file, proxy=through).post(b"{}", {})
        assert receiver.received[0].body == b"{}"
        assert proxy.received[0].path == f"CONNECT hooks.example:{receiver.port}"
        wrong = Secret(f"https://hooks.example:{other.port}/in")
        with pytest.raises(DeliveryError, match="certificate is not trusted"):
            Endpoint(wrong, ca_file=ca_file, proxy=through).post(b"{}", {})
        assert other.received == []


@pytest.mark.parametrize("how", ["stall", "trickle"])
def test_tls_is_no_way_to_hold_the_thread(ca_file: str, how: str) -> None:
    with running_receiver(tls=server_context("hooks.example")) as receiver:
        receiver.answers = [getattr(receiver, how)]
        url = Secret(f"https://hooks.example:{receiver.port}/in")
        with pytest.raises(DeliveryError, match="too long"):
            Endpoint(url, ca_file=ca_file, resolve=loopback, timeout=0.5).post(b"{}", {})


def test_a_handshake_that_never_comes_does_not_hold_the_thread() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = Secret(f"https://hooks.example:{listening.getsockname()[1]}/in")
        with pytest.raises(DeliveryError, match="too long"):
            Endpoint(url, resolve=loopback, timeout=0.5).post(b"{}", {})
