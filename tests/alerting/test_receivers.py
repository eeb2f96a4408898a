"""Receivers from tables of settings: what is wrong is said by name, and secrets stand there by reference alone."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.alerting._receivers import KINDS, receiver_from_settings
from driftwatch.errors import ConfigError, UnknownNameError
from http_receiver import running_receiver
from notification_samples import notification

if TYPE_CHECKING:
    from pathlib import Path

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DW_URL", "https://hooks.slack.example/services/abc")
    monkeypatch.setenv("DW_KEY", KEY)
    monkeypatch.setenv("DW_PASSWORD", "hunter2")


GOOD: list[dict[str, Any]] = [
    {"kind": "log"},
    {"kind": "log", "logger": "mine"},
    {"kind": "slack", "url": "${DW_URL}", "timeout": 3, "block_private": True},
    {"kind": "slack", "token": "${DW_PASSWORD}", "channel": "C1"},
    {"kind": "webhook", "url": "https://host.example/in", "secret": "${DW_KEY}"},
    {"kind": "webhook", "url": "https://host/", "unsigned": True, "proxy": "http://proxy:3128"},
    {"kind": "webhook", "url": "${DW_URL}", "secret": ["${DW_KEY}", "${DW_KEY}"]},
    {
        "kind": "webhook",
        "url": "https://host/",
        "unsigned": True,
        "headers": {"Authorization": "Bearer ${DW_PASSWORD}"},
    },
    {"kind": "alertmanager", "url": "http://alertmanager:9093", "expires": "2d", "generator_url": "https://dash/"},
    {"kind": "email", "host": "mail", "from": "dw@example.com", "to": "ops@example.com"},
    {
        "kind": "email",
        "host": "mail",
        "from": "dw@example.com",
        "to": ["ops@example.com", "b@example.com"],
        "port": 2525,
        "security": "tls",
        "user": "dw",
        "password": "${DW_PASSWORD}",
    },
]


@pytest.mark.parametrize("given", GOOD, ids=lambda given: given["kind"])
def test_a_receiver_is_made_of_a_table(given: dict[str, Any]) -> None:
    notifier = receiver_from_settings("ops", given)
    assert notifier.name == "ops"
    assert type(notifier).__name__ == KINDS[given["kind"]].partition(":")[2]
    assert "hunter2" not in repr(vars(notifier))
    assert KEY not in repr(vars(notifier))


@pytest.mark.parametrize("given", GOOD, ids=lambda given: given["kind"])
def test_an_unknown_setting_is_refused_with_the_nearest(given: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError, match=r"setting of receiver 'ops': 'kinds' \(did you mean 'kind'\?\)"):
        receiver_from_settings("ops", given | {"kinds": 1})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "log", "send_resolve": False}, r"'send_resolve' \(did you mean 'send_resolved'\?\)"),
        ({}, "needs `kind`, one of 'alertmanager'"),
        ({"kind": "slak"}, r"kind of receiver 'ops': 'slak' \(did you mean 'slack'\?\)"),
        ({"kind": 3}, "unknown kind of receiver 'ops'"),
        ({"kind": "slack"}, "`url` of receiver 'ops' needs one secret"),
        ({"kind": "slack", "url": "https://hooks.slack.com/services/hunter2"}, r'url = "\$\{OPS_URL\}"'),
        ({"kind": "slack", "url": ["https://hooks.slack.com/hunter2", ""]}, "`url` of receiver 'ops'"),
        ({"kind": "slack", "url": "${DW_MISSING}"}, "'DW_MISSING', which is not set"),
        ({"kind": "slack", "url_file": "/nowhere/at/all"}, "cannot be read"),
        ({"kind": "slack", "url": "${DW_PASSWORD}"}, "`url` of receiver 'ops': a receiver's URL must begin"),
        (
            {"kind": "slack", "url": "${DW_URL}", "timeout": 0},
            "`timeout` of receiver 'ops' must be a number of seconds or a time",
        ),
        ({"kind": "slack", "url": "${DW_URL}", "timeout": "5 parsecs"}, "got '5 parsecs'"),
        ({"kind": "slack", "url": "${DW_URL}", "block_private": "yes"}, "must be true or false, got 'yes'"),
        ({"kind": "webhook", "url": "https://host/"}, "needs a `secret` to sign with"),
        ({"kind": "webhook", "url": "https://host/", "secret": "whsec_hunter2"}, "is no place for it"),
        ({"kind": "webhook", "url": "https://host/", "secret": "${DW_PASSWORD}"}, "24 to 64 bytes"),
        ({"kind": "webhook", "url": "https://dw:hunter2@host/", "unsigned": True}, "is no place for it"),
        (
            {"kind": "slack", "url": "${DW_URL}", "proxy": "http://dw:hunter2@proxy"},
            "`proxy` of receiver 'ops' holds a sec",
        ),
        ({"kind": "slack", "url": "${DW_URL}", "proxy": "proxy:3128"}, "`proxy` of receiver 'ops': a receiver's URL"),
        ({"kind": "webhook", "url": "http://[::1/", "unsigned": True}, "`url` of receiver 'ops': a receiver's URL"),
        ({"kind": "webhook", "url": "host", "unsigned": True}, "must begin with http"),
        (
            {"kind": "webhook", "url": "https://host/", "unsigned": True, "headers": {"X-Api-Key": "hunter2"}},
            "no place",
        ),
        ({"kind": "webhook", "url": "https://host/", "unsigned": True, "headers": {"X": 1}}, "a table of texts"),
        ({"kind": "email", "from": "dw@example.com", "to": "b@example.com"}, "of kind 'email' needs `host`"),
        ({"kind": "email", "host": " ", "from": "d@e.com", "to": "b@e.com"}, "text that is not empty"),
        ({"kind": "email", "host": "m", "from": "d@e.com", "to": 3}, "a text or a list of texts"),
        ({"kind": "email", "host": "m", "from": "d@e.com", "to": []}, "a text or a list of texts"),
        ({"kind": "email", "host": "m", "from": "d@e.com", "to": "b@e.com", "port": True}, "a whole number"),
        ({"kind": "email", "host": "m", "from": "d@e.com", "to": "b@e.com", "security": "ssl"}, "one of 'starttls'"),
        ({"kind": "email", "host": "m", "from": "d@e.com", "to": "b@e.com", "password": "hunter2"}, "no place"),
    ],
)
def test_a_wrong_setting_is_named_and_a_secret_is_not(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        receiver_from_settings("ops", given)
    assert "hunter2" not in str(error.value)


def test_a_secret_of_a_file_is_read_when_it_is_used(tmp_path: Path) -> None:
    file = tmp_path / "url"
    with running_receiver() as receiver:
        file.write_text(receiver.url + "/old")
        notifier = receiver_from_settings("ops", {"kind": "slack", "url_file": str(file)})
        file.write_text(receiver.url + "/new")
        notifier.send(notification())
        assert [got.path for got in receiver.received] == ["/new"]
