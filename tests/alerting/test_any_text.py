"""Whatever text comes as the name of a feature or a model: what holds of every message."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from email.headerregistry import Address
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.alerting._mail import html_of, message_of
from driftwatch.alerting.alertmanager import _label_value
from driftwatch.alerting.retraining import RetrainRequest
from driftwatch.alerting.slack import escaped, payload_of
from driftwatch.alerting.wording import one_line, words_of
from notification_samples import feature_alert, notification

if TYPE_CHECKING:
    from driftwatch.alerts.model import Alert, Notification

# all of Unicode, lone surrogates included, and more of what breaks things
TEXT = st.text(st.one_of(st.characters(codec=None), st.sampled_from("<>&\r\n\x00\u202e\ud800=?\"'\\*_`")), max_size=400)
SENDER = Address("DriftWatch", "dw", "example.com")


@st.composite
def messages(draw: st.DrawFn) -> Notification:
    names = draw(st.lists(TEXT, min_size=1, max_size=12))
    alerts: list[Alert] = [
        feature_alert(name, status=draw(st.sampled_from(["firing", "resolved"])), severity=draw(TEXT), told=draw(TEXT))
        for name in names
    ]
    return notification(*alerts, model=draw(TEXT))


@settings(max_examples=150, deadline=None)
@given(messages())
def test_slack_gets_what_it_takes(message: Notification) -> None:
    payload = payload_of(message)
    parts = [part["text"] for block in payload["blocks"] for part in block.get("elements", [block.get("text")])]
    assert len(payload["blocks"]) <= 45
    assert all(0 < len(part) < 3000 for part in parts)
    assert 0 < len(parts[0]) <= 150
    assert sum(map(len, parts)) + len(payload["text"]) < 12_000
    assert not any(mark in part for part in parts[1:] for mark in "<>")
    json.dumps(payload).encode("ascii")


@settings(max_examples=100, deadline=None)
@given(messages())
def test_an_e_mail_has_the_headers_that_it_has(message: Notification) -> None:
    raw = message_of(message, sender=SENDER, to=[SENDER]).as_bytes()
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert sorted(names) == sorted(
        [
            b"Subject",
            b"From",
            b"To",
            b"Date",
            b"Message-ID",
            b"References",
            b"Auto-Submitted",
            b"MIME-Version",
            b"Content-Type",
        ]
    )
    subject = message_from_bytes(raw, policy=policy.default)["Subject"]
    assert str(subject).split() == words_of(message).title.split()  # folding may change how much space there is
    assert html_of(words_of(message)).count("<script") == 0


@given(TEXT, TEXT)
def test_two_names_are_two_labels(first: str, second: str) -> None:
    values = _label_value(first), _label_value(second)
    assert (values[0] == values[1]) == (first == second)
    assert all(value.isprintable() for value in values)


@given(TEXT, st.integers(2, 300))
def test_one_line_is_one_printable_line_of_that_length(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert line.isprintable()
    assert len(line) <= limit
    assert len(escaped(line, limit)) <= limit


@settings(max_examples=100, deadline=None)
@given(messages())
def test_a_request_for_a_training_is_plain_and_survives_json(message: Notification) -> None:
    request = RetrainRequest.of(message)
    text = request.to_json()
    assert text.isascii()
    assert json.loads(text) == request.to_dict()
    assert text.encode("ascii").decode().isprintable()
