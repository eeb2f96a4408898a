"""E-mail: what is in it, what a name cannot do to it, and what the server's answers mean."""

from __future__ import annotations

import email.policy
import logging
import socket
import time
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.alerting.email import EmailNotifier
from driftwatch.errors import ConfigError, DeliveryError
from notification_samples import EVIL, evil_notification, feature_alert, notification
from smtp_receiver import Mailbox, running_mailbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch.alerts.model import Notification

HEADERS = {
    "Subject",
    "From",
    "To",
    "Date",
    "Message-ID",
    "References",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
}


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with running_mailbox() as running:
        yield running


def sender(box: Mailbox, **options: Any) -> EmailNotifier:
    settings: dict[str, Any] = {
        "sender": "DriftWatch <dw@example.com>",
        "to": ["ops@example.com", "ml@example.com"],
        "security": "none",
    }
    return EmailNotifier("ops", host="127.0.0.1", port=box.port, **(settings | options))


def sent(box: Mailbox, message: Notification) -> EmailMessage:
    sender(box).send(message)
    parsed = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(box.mails[-1])
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Tags(HTMLParser):
    """The names of all tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        assert {name for name, _ in attrs} <= {"charset", "align", "cellpadding"}


def test_an_e_mail_says_it_in_text_and_in_html(box: Mailbox) -> None:
    mail = sent(box, notification())
    assert mail["Subject"] == "[FIRING:1] churn: FeatureDrift"
    assert (mail["From"], mail["To"]) == ("DriftWatch <dw@example.com>", "ops@example.com, ml@example.com")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"] == "Sun, 23 Nov 2025 11:00:01 -0000"
    assert "- warning: age drifted" in part(mail, "plain")
    assert "<li><b>warning</b> age drifted<br>" in part(mail, "html")
    assert box.recipients == [["ops@example.com", "ml@example.com"]]


def test_each_try_is_the_same_e_mail_and_a_group_is_a_thread(box: Mailbox) -> None:
    first, again = sent(box, notification()), sent(box, notification())
    later = sent(box, notification(feature_alert("age", status="resolved"), number=2))
    assert first["Message-ID"] == again["Message-ID"] == f"<{notification().id}@example.com>"
    assert later["Message-ID"] != first["Message-ID"]
    assert later["References"] == first["References"]


@pytest.mark.parametrize("kind", EVIL)
def test_no_name_adds_a_header_or_a_tag(box: Mailbox, kind: str) -> None:
    mail = sent(box, evil_notification(kind))
    assert set(mail.keys()) == HEADERS
    assert mail["Subject"].isprintable()
    assert box.recipients == [["ops@example.com", "ml@example.com"]]
    tags = Tags()
    tags.feed(part(mail, "html"))
    assert tags.found == {
        "html",
        "head",
        "meta",
        "title",
        "body",
        "h2",
        "ul",
        "li",
        "b",
        "br",
        "p",
        "table",
        "tr",
        "th",
        "td",
    }
    assert all(len(line) <= 998 for line in box.mails[-1].split(b"\r\n"))  # RFC 5322


@pytest.mark.parametrize(
    ("answers", "permanent", "said"),
    [
        ({"DATA": "451 try later"}, False, "451 try later"),
        ({"DATA": "554 no"}, True, "554 no"),
        ({"MAIL": "421 busy"}, False, "421 busy"),
        ({"hello": "554 go away"}, True, "554 go away"),
        ({"RCPT": "550 unknown"}, True, "550 unknown"),
        ({"RCPT": "450 greylisted"}, False, "450 greylisted"),
    ],
)
def test_the_answer_says_whether_to_try_again(
    box: Mailbox, answers: dict[str, str], permanent: bool, said: str
) -> None:
    box.answers = answers
    with pytest.raises(DeliveryError, match=said) as error:
        sender(box).send(notification())
    assert error.value.permanent is permanent
    assert box.mails == []


def test_one_recipient_that_is_refused_does_not_cost_the_others(box: Mailbox, caplog: pytest.LogCaptureFixture) -> None:
    box.answers = {"RCPT ml@example.com": "550 unknown"}
    with caplog.at_level(logging.WARNING, logger="driftwatch.alerting"):
        sent(box, notification())
    assert box.recipients == [["ops@example.com"]]
    assert "no mail to ml@example.com (550 unknown)" in caplog.text


def test_a_server_without_starttls_gets_no_mail(box: Mailbox) -> None:
    with pytest.raises(DeliveryError, match="STARTTLS") as error:
        sender(box, security="starttls").send(notification())
    assert error.value.permanent
    assert box.mails == []


def test_nobody_who_listens_is_tried_again() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(DeliveryError, match="refused") as error:
        sender(Mailbox(port=port)).send(notification())
    assert not error.value.permanent


def test_a_server_that_trickles_does_not_hold_the_thread(box: Mailbox) -> None:
    box.trickles = True
    began = time.monotonic()
    with pytest.raises(DeliveryError) as error:
        sender(box, timeout=0.5).send(notification())
    assert time.monotonic() - began < 10  # far below the twenty seconds of the server, on a busy machine
    assert not error.value.permanent


@pytest.mark.parametrize("answer", ["421 busy", "500 what", "nothing"])
def test_a_server_that_has_the_mail_gets_it_once_however_it_says_goodbye(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr("driftwatch.alerting.email.GOODBYE", 0.2)
    box.answers = {"QUIT": answer}
    sender(box).send(notification())
    assert len(box.mails) == 1


def test_a_handshake_that_never_comes_does_not_hold_the_thread() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        silent = Mailbox(port=listening.getsockname()[1])
        with pytest.raises(DeliveryError) as error:
            sender(silent, security="tls", timeout=0.3).send(notification())
    assert not error.value.permanent


def test_a_server_that_never_speaks_does_not_hold_the_thread(box: Mailbox) -> None:
    box.answers = {"EHLO": "nothing"}
    with pytest.raises(DeliveryError) as error:
        sender(box, timeout=0.3).send(notification())
    assert not error.value.permanent


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"security": "ssl"}, "`security` must be one of"),
        ({"user": "dw"}, "one of `user` and `password`"),
        ({"user": "dw", "password": "hunter2"}, "unencrypted"),
        ({"to": []}, "`to` of an e-mail"),
        ({"to": ["nobody"]}, "`to` of an e-mail"),
        ({"to": ["a@example.com\r\nBcc: b@example.com"]}, "`to` of an e-mail"),
        ({"sender": "dw@example.com, x@example.com\n"}, "`from` of an e-mail"),
        ({"sender": ""}, "`from` of an e-mail"),
    ],
)
def test_a_wrong_setting_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        sender(Mailbox(port=1), **options)
    assert "hunter2" not in str(error.value)
