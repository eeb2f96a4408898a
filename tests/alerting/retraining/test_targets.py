"""Who is asked for a training: an HTTP service, GitHub, a program, a function."""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from driftwatch.alerting._receivers import receiver_from_settings
from driftwatch.alerting.retraining import (
    CloudEventsTarget,
    CommandTarget,
    GitHubTarget,
    Guards,
    RetrainRequest,
    RetrainTarget,
    RetrainTrigger,
)
from driftwatch.errors import ConfigError, DeliveryError, UnknownNameError
from http_receiver import running_receiver
from notification_samples import EVIL, evil_notification, notification

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
REQUEST = RetrainRequest.of(replace(notification(), performance_dropped=True))


def test_a_cloud_event_is_complete_and_signed() -> None:
    with running_receiver() as receiver:
        target = CloudEventsTarget(
            receiver.url + "/events", secrets=[SECRET], headers={"X-Team": "ml"}, clock=lambda: 9.9
        )
        target.start(REQUEST)
        (got,) = receiver.received
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert (got.headers["webhook-id"], got.headers["webhook-timestamp"]) == (REQUEST.id, "9")
    assert got.headers["webhook-signature"].startswith("v1,")
    assert got.headers["x-team"] == "ml"
    event = json.loads(got.body)
    assert event.pop("data") == REQUEST.to_dict()
    assert event == {
        "specversion": "1.0",
        "id": REQUEST.id,
        "source": "/driftwatch/churn",
        "type": "driftwatch.retrain.requested.v1",
        "time": "2025-11-23T11:00:01.000000Z",
        "subject": "churn",
        "datacontenttype": "application/json",
    }


def test_a_service_that_knows_the_id_already_is_content() -> None:
    with running_receiver((409, {}, b"exists")) as receiver:
        CloudEventsTarget(receiver.url).start(REQUEST)  # no DeliveryError, as for other refusals
        (got,) = receiver.received
    assert json.loads(got.body)["id"] == REQUEST.id


@pytest.mark.parametrize(("status", "permanent"), [(503, False), (404, True)])
def test_what_a_service_refuses_is_an_error(status: int, permanent: bool) -> None:
    with running_receiver((status, {}, b"")) as receiver, pytest.raises(DeliveryError) as error:
        CloudEventsTarget(receiver.url).start(REQUEST)
    assert error.value.permanent is permanent


def test_github_gets_one_key_with_all_of_it() -> None:
    with running_receiver((204, {}, b"")) as receiver:
        GitHubTarget("ml-team/churn", token="github_pat_secret", api=receiver.url + "/api/v3").start(REQUEST)
        (got,) = receiver.received
    assert got.path == "/api/v3/repos/ml-team/churn/dispatches"
    assert got.headers["authorization"] == "Bearer github_pat_secret"
    assert got.headers["accept"] == "application/vnd.github+json"
    assert got.headers["x-github-api-version"] == "2022-11-28"
    assert json.loads(got.body) == {
        "event_type": "driftwatch-retrain",
        "client_payload": {"driftwatch": REQUEST.to_dict()},
    }


@pytest.mark.parametrize(
    ("answer", "permanent", "wait"),
    [
        ((403, {"Retry-After": "60"}, b"secondary rate limit"), False, 60.0),
        ((403, {}, b"Resource not accessible by personal access token"), True, None),
        ((404, {}, b"Not Found"), True, None),
        ((422, {}, b"Invalid request"), True, None),
    ],
)
def test_what_github_refuses_is_told_and_not_the_token(answer: Any, permanent: bool, wait: float | None) -> None:
    with running_receiver(answer) as receiver, pytest.raises(DeliveryError) as error:
        GitHubTarget("ml-team/churn", token="github_pat_secret", api=receiver.url).start(REQUEST)
    assert (error.value.permanent, error.value.retry_after) == (permanent, wait)
    assert "github_pat_secret" not in str(error.value)


@pytest.mark.parametrize(
    ("repository", "event_type"),
    [("churn", "x"), ("a/b/c", "x"), ("a/../b", "x"), ("a/b?c", "x"), ("a/b", ""), ("a/b", "x" * 101)],
)
def test_a_wrong_repository_or_type_is_refused(repository: str, event_type: str) -> None:
    with pytest.raises(ConfigError, match=r"`repository`|`event_type`"):
        GitHubTarget(repository, token="t", event_type=event_type)


def program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_program_gets_the_request_on_its_input_and_in_variables(tmp_path: Path) -> None:
    code = (
        "import json, os, sys\n"
        "own = {name: os.environ[name] for name in os.environ if name.startswith('DRIFTWATCH_')}\n"
        "json.dump([json.load(sys.stdin), own, sys.argv[1:]], open('got.json', 'w'))"
    )
    CommandTarget([*program(code), "$HOME; rm -rf *"], cwd=tmp_path).start(REQUEST)
    content, variables, arguments = json.loads((tmp_path / "got.json").read_text())
    assert content == REQUEST.to_dict()
    assert arguments == ["$HOME; rm -rf *"]  # no shell has read it
    assert variables == {
        "DRIFTWATCH_RETRAIN_ID": REQUEST.id,
        "DRIFTWATCH_RETRAIN_MODEL": "churn",
        "DRIFTWATCH_RETRAIN_STREAM": "churn",
        "DRIFTWATCH_RETRAIN_RUN": "7",
    }


@pytest.mark.parametrize("kind", EVIL)
def test_names_cannot_break_a_variable(kind: str, tmp_path: Path) -> None:
    code = "import os; open('model', 'w').write(os.environ['DRIFTWATCH_RETRAIN_MODEL'])"
    CommandTarget(program(code), cwd=tmp_path).start(RetrainRequest.of(evil_notification(kind)))
    assert (tmp_path / "model").read_text("utf-8").isprintable()


@pytest.mark.parametrize(("status", "permanent"), [(1, True), (75, False), (2, True)])
def test_the_status_says_whether_to_try_again(status: int, permanent: bool) -> None:
    code = f"import sys; print('x' * 9000); print('no disk\\x1b[31m', file=sys.stderr); sys.exit({status})"
    with pytest.raises(DeliveryError, match=f"ended with status {status}: .*no disk") as error:
        CommandTarget(program(code)).start(REQUEST)
    assert error.value.permanent is permanent
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 500


def test_a_program_that_does_not_read_its_input_is_fine(tmp_path: Path) -> None:
    many = replace(REQUEST, features=("x" * 200,) * 2000)  # more than a pipe holds
    CommandTarget(program(f"open({str(tmp_path / 'ran')!r}, 'w').close()")).start(many)  # no DeliveryError
    assert (tmp_path / "ran").exists()


def test_a_program_that_does_not_return_is_killed_with_its_children(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('child', 'w').write(str(child.pid))\n"
        "time.sleep(60)"
    )
    with pytest.raises(DeliveryError, match="took more than 2 seconds and was killed") as error:
        CommandTarget(program(code), cwd=tmp_path, timeout=2).start(REQUEST)
    assert not error.value.permanent
    written = tmp_path / "child"
    if not written.exists():
        pytest.skip("the machine was too busy to start the child in two seconds")
    until = time.monotonic() + 20
    while is_running(int(written.read_text())):
        assert time.monotonic() < until
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("command", [["/nowhere/at/all"], [os.devnull]])
def test_a_program_that_cannot_be_run_is_an_error_for_good(command: list[str]) -> None:
    with pytest.raises(DeliveryError, match="cannot be run") as error:
        CommandTarget(command).start(REQUEST)
    assert error.value.permanent


@pytest.mark.parametrize("command", ["train.sh --now", [], [" "], ["a", 3], ["a\0b"]])
def test_a_command_is_a_list_of_words(command: Any) -> None:
    with pytest.raises(ConfigError, match="`command` must"):
        CommandTarget(command)
    with pytest.raises(ConfigError, match="`timeout`"):
        CommandTarget(["true"], timeout=0)


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DW_KEY", SECRET)
    monkeypatch.setenv("DW_TOKEN", "github_pat_secret")


@pytest.mark.parametrize(
    "given",
    [
        {"target": "cloudevents", "url": "https://host/", "secret": "${DW_KEY}", "source": "/me"},
        {"target": "cloudevents", "url": "https://host/", "unsigned": True},
        {"target": "github", "repository": "a/b", "token": "${DW_TOKEN}"},
        {"target": "github", "repository": "a/b", "token": "${DW_TOKEN}", "url": "https://ghe.example/api/v3"},
        {"target": "command", "command": ["train", "--now"], "timeout": 5, "cwd": "/"},
        {"target": "python", "function": "json:dumps"},
    ],
    ids=lambda given: given["target"],
)
def test_a_trigger_is_made_of_a_table(given: dict[str, Any]) -> None:
    guards = {
        "cooldown": "7d",
        "max_per_day": 2,
        "consecutive": 1,
        "min_rows": 0,
        "on_drift_alone": True,
        "dry_run": False,
    }
    notifier = receiver_from_settings("train", {"kind": "retrain", **given, **guards})
    assert isinstance(notifier, RetrainTrigger)
    assert repr(notifier) == "RetrainTrigger('train')"
    assert notifier.guards == Guards(604_800.0, 2, 1, 0, on_drift_alone=True)
    with pytest.raises(UnknownNameError, match="did you mean 'dry_run'"):
        receiver_from_settings("train", {"kind": "retrain", **given, "dryrun": True})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs `target`"),
        ({"target": "githb"}, "did you mean 'github'"),
        ({"target": "github", "repository": "a/b"}, "`token` of receiver 'train' needs one secret"),
        ({"target": "github", "repository": "a/b", "token": "github_pat_secret"}, "is no place for it"),
        ({"target": "cloudevents", "url": "https://host/"}, "needs a `secret` to sign with"),
        ({"target": "command", "command": ["a"], "consecutive": 0}, "`consecutive` of receiver 'train'"),
        ({"target": "python", "function": "nowhere.at_all:f"}, "`function` of receiver 'train'"),
        ({"target": "python", "function": "json"}, "must be 'package.module:function'"),
        ({"target": "python", "function": "json:__name__"}, "is no function"),
    ],
)
def test_a_wrong_setting_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        receiver_from_settings("train", {"kind": "retrain", **given})
    assert "github_pat_secret" not in str(error.value)


@pytest.mark.parametrize(
    "target", [CommandTarget(["true"]), GitHubTarget("a/b", token="t"), CloudEventsTarget("http://h/")]
)
def test_each_is_a_target(target: object) -> None:
    assert isinstance(target, RetrainTarget)
