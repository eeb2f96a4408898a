"""Messages to Slack: within its limits, escaped, and in threads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.alerting._http import Endpoint
from driftwatch.alerting.secrets import Secret
from driftwatch.alerting.slack import SlackNotifier, escaped, payload_of
from driftwatch.errors import ConfigError, DeliveryError
from driftwatch.store import SQLiteStore
from http_receiver import running_receiver
from notification_samples import EVIL, evil_notification, feature_alert, notification

if TYPE_CHECKING:
    from pathlib import Path

    from driftwatch.alerts.model import Notification


def texts(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the type and the text of each block."""
    return [
        (block["type"], part["text"])
        for block in payload["blocks"]
        for part in block.get("elements", [block.get("text")])
    ]


@pytest.mark.parametrize("message", [notification(), notification(kind="test"), *map(evil_notification, EVIL)])
def test_a_message_is_within_the_limits_of_slack(message: Notification) -> None:
    payload = payload_of(message)
    found = texts(payload)
    assert len(payload["blocks"]) <= 45
    assert all(0 < len(text) < (150 if kind == "header" else 3000) for kind, text in found)
    assert len(payload["text"]) + sum(len(text) for _, text in found) < 12_000
    assert payload["text"]


@pytest.mark.parametrize("kind", EVIL)
def test_no_name_mentions_links_or_breaks_out(kind: str) -> None:
    payload = payload_of(evil_notification(kind))
    marked = [payload["text"], *(text for type_, text in texts(payload) if type_ != "header")]
    for text in marked:
        assert "<" not in text
        assert ">" not in text
        assert "&" not in text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
        assert all(line.isprintable() for line in text.split("\n"))
    json.dumps(payload).encode("ascii")


def test_an_escape_is_never_cut() -> None:
    for limit in range(2, 30):
        text = escaped("<&>" * 9, limit)
        assert len(text) <= limit
        assert text.removesuffix("…").replace("&lt;", "").replace("&amp;", "").replace("&gt;", "") == ""


def test_ten_features_are_listed_and_the_rest_counted() -> None:
    payload = payload_of(notification(*(feature_alert(f"f{i}") for i in range(400))))
    assert sum("drifted" in text for _, text in texts(payload)) == 10
    assert ("section", "and 390 more") in texts(payload)


def test_a_webhook_gets_blocks_and_text() -> None:
    with running_receiver() as receiver:
        SlackNotifier("ops", url=receiver.url + "/services/T0/B0/secretsecret").send(notification())
        (got,) = receiver.received
    assert got.path == "/services/T0/B0/secretsecret"
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(got.body)["text"] == "[FIRING:1] churn: FeatureDrift"
    assert "authorization" not in got.headers


def test_what_slack_says_of_a_bad_message_is_told_and_not_the_url() -> None:
    with running_receiver((400, {}, b"invalid_blocks")) as receiver:
        notifier = SlackNotifier("ops", url=receiver.url + "/services/T0/B0/secretsecret")
        with pytest.raises(DeliveryError, match="invalid_blocks") as error:
            notifier.send(notification())
    assert error.value.permanent
    assert "secretsecret" not in f"{error.value}{notifier!r}"


def bot(url: str, store: SQLiteStore | None = None) -> SlackNotifier:
    notifier = SlackNotifier("ops", token="xoxb-secret", channel="C0123", endpoint=Endpoint(Secret(url)))
    if store is not None:
        notifier.bind(store)
    return notifier


def answered(**said: object) -> tuple[int, dict[str, str], bytes]:
    return (200, {}, json.dumps(said).encode())


def test_a_bot_keeps_a_story_in_one_thread(tmp_path: Path) -> None:
    over = notification(feature_alert("age", status="resolved"))
    with running_receiver(*(answered(ok=True, ts=f"17000.{i}") for i in range(6))) as receiver:
        with SQLiteStore(tmp_path / "store.db") as store:
            for message in (notification(kind="test"), notification(), notification()):
                bot(receiver.url, store).send(message)
        with SQLiteStore(tmp_path / "store.db") as store:  # after a restart
            for message in (over, notification(), notification(kind="test")):
                bot(receiver.url, store).send(message)
        sent = [json.loads(got.body) for got in receiver.received]
    assert [body.get("thread_ts") for body in sent] == [None, None, "17000.1", "17000.1", None, "17000.4"]
    assert {body["channel"] for body in sent} == {"C0123"}
    assert receiver.received[0].headers["authorization"] == "Bearer xoxb-secret"


def test_a_bot_without_a_store_starts_no_threads() -> None:
    with running_receiver(answered(ok=True, ts="1.0")) as receiver:
        notifier = bot(receiver.url)
        notifier.send(notification())
        notifier.send(notification())
        assert all("thread_ts" not in json.loads(got.body) for got in receiver.received)


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        (answered(ok=False, error="channel_not_found"), True),
        (answered(ok=False, error="ratelimited"), False),
        ((200, {}, b"<html>a captive portal</html>"), False),
        (answered(ok=True), False),
    ],
)
def test_a_bot_reads_what_slack_answered(answer: Any, permanent: bool) -> None:
    with running_receiver(answer) as receiver, pytest.raises(DeliveryError) as error:
        bot(receiver.url).send(notification())
    assert error.value.permanent is permanent


@pytest.mark.parametrize(
    "arguments", [{}, {"token": "xoxb-1"}, {"channel": "C1"}, {"url": "http://a/b", "channel": "C1"}]
)
def test_half_a_receiver_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="receiver 'ops'"):
        SlackNotifier("ops", **arguments)  # type: ignore[arg-type]
