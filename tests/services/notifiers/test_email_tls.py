"""E-mail over TLS with AUTH, to aiosmtpd."""

from __future__ import annotations

import contextlib
import socket
import ssl
import traceback
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from driftwatch.alerting._receivers import receiver_from_settings
from driftwatch.errors import DeliveryError
from notification_samples import EVIL, evil_notification, notification

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from driftwatch.alerting.notifier import BaseNotifier

# aiosmtpd does not know that a connection which began with TLS has it
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

AUTHORITY = trustme.CA()
USER, PASSWORD = "dw", "hunter2-hunter2"


class Inbox:
    """Gives the answers that it is told first, and keeps what comes then."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.mails: list[Any] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(envelope)
        return "250 kept"


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    file: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return str(file)


def authenticated(_server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@contextlib.contextmanager
def running(inbox: Inbox, security: str, *, host: str = "localhost") -> Iterator[int]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert(host).configure_cert(context)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    options: dict[str, Any] = {"tls_context": context, "require_starttls": True}
    if security == "tls":
        # a connection that is TLS from its first byte is none that has said STARTTLS
        options = {"ssl_context": context, "auth_require_tls": False}
    controller = Controller(
        inbox, hostname="127.0.0.1", port=port, authenticator=authenticated, auth_required=True, **options
    )
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.fixture
def notifier_for(ca_file: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DW_PASSWORD", PASSWORD)

    def make(port: int, security: str, **options: Any) -> BaseNotifier:
        given = {
            "kind": "email",
            "host": "localhost",
            "port": port,
            "security": security,
            "from": "DriftWatch <dw@example.com>",
            "to": ["ops@example.com", "ml@example.com"],
            "user": USER,
            "password": "${DW_PASSWORD}",
            "ca_file": ca_file,
        }
        return receiver_from_settings("ops", given | options)

    return make


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_message_arrives_over_tls_after_a_login(security: str, notifier_for: Any) -> None:
    inbox = Inbox()
    with running(inbox, security) as port:
        notifier_for(port, security).send(notification())
    (envelope,) = inbox.mails
    assert envelope.rcpt_tos == ["ops@example.com", "ml@example.com"]
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert mail["Subject"] == "[FIRING:1] churn: FeatureDrift"
    assert mail["Message-ID"] == f"<{notification().id}@example.com>"
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("kind", EVIL)
def test_names_cannot_add_headers_or_recipients(kind: str, notifier_for: Any) -> None:
    inbox = Inbox()
    with running(inbox, "starttls") as port:
        notifier_for(port, "starttls").send(evil_notification(kind))
    (envelope,) = inbox.mails
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert envelope.rcpt_tos == ["ops@example.com", "ml@example.com"]
    assert {"bcc", "cc"}.isdisjoint(name.lower() for name in mail)
    assert mail["Subject"].isprintable()


def test_what_is_refused_for_now_arrives_with_the_next_try(notifier_for: Any) -> None:
    inbox = Inbox("451 try later")
    with running(inbox, "starttls") as port:
        notifier = notifier_for(port, "starttls")
        with pytest.raises(DeliveryError, match="451 try later") as error:
            notifier.send(notification())
        assert not error.value.permanent
        notifier.send(notification())
    assert len(inbox.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_wrong_password_is_an_error_that_does_not_show_it(
    security: str, notifier_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = Inbox()
    with running(inbox, security) as port:
        notifier = notifier_for(port, security)
        monkeypatch.setenv("DW_PASSWORD", "rotated-too-early")
        with pytest.raises(DeliveryError, match="535") as error:
            notifier.send(notification())
        assert "rotated-too-early" not in "".join(traceback.format_exception_only(error.value))
        monkeypatch.setenv("DW_PASSWORD", PASSWORD)
        notifier.send(notification())
    assert error.value.permanent
    assert len(inbox.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("ca", [None, "other host"])
def test_a_certificate_that_is_not_trusted_gets_neither_mail_nor_password(
    security: str, ca: str | None, notifier_for: Any
) -> None:
    inbox = Inbox()
    options = {} if ca else {"ca_file": ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"}
    host = "other.example" if ca else "localhost"
    with running(inbox, security, host=host) as port, pytest.raises(DeliveryError, match="certificate") as error:
        notifier_for(port, security, **options).send(notification())
    assert not error.value.permanent  # certificates are renewed
    assert inbox.mails == []


def test_tls_to_a_server_that_speaks_plainly_is_an_error(notifier_for: Any) -> None:
    with running(Inbox(), "starttls") as port, pytest.raises(DeliveryError) as error:
        notifier_for(port, "tls", timeout=5).send(notification())
    assert not error.value.permanent


def test_a_password_beyond_ascii_is_said_to_be_one(notifier_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(Inbox(), "starttls") as port:
        notifier = notifier_for(port, "starttls")
        monkeypatch.setenv("DW_PASSWORD", "geheim\u00e4")
        with pytest.raises(DeliveryError, match="beyond ASCII") as error:
            notifier.send(notification())
    assert "geheim" not in "".join(traceback.format_exception(error.value))
