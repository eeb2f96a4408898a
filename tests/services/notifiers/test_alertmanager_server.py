"""Alerts in a real Alertmanager: Debian's binary, seen through its API."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.alerting.alertmanager import AlertmanagerNotifier
from driftwatch.alerts.model import Alert
from notification_samples import EVIL, evil_notification, feature_alert, notification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BINARY = "prometheus-alertmanager"
STARTS_WITHIN = 30.0  # seconds, on a busy machine
# everything of a model is one message
CONFIG = """
route: {receiver: none, group_by: [model], group_wait: 100ms, group_interval: 1s}
receivers: [{name: none}]
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = shutil.which(BINARY)
    if binary is None:
        reason = f"{BINARY} is not installed (Debian: apt-get install {BINARY})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder: Path = tmp_path_factory.mktemp("alertmanager")
    (folder / "config.yml").write_text(CONFIG)
    url = f"http://127.0.0.1:{free_port()}"
    options = {
        "config.file": folder / "config.yml",
        "storage.path": folder / "data",
        "web.listen-address": url.removeprefix("http://"),
        "cluster.listen-address": "",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [binary, *(f"--{name}={value}" for name, value in options.items())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:

        def ready() -> bool:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                return bool(urllib.request.urlopen(f"{url}/-/ready", timeout=5).status == 200)
            except OSError:
                return False

        eventually(ready)
        yield url
    finally:
        process.kill()
        process.wait()


def active(url: str, model: str) -> list[dict[str, Any]]:
    return [alert for alert in get(f"{url}/api/v2/alerts?active=true") if alert["labels"].get("model") == model]


def alert(model: str, feature: str, *, status: str = "firing", began: float = 100.0) -> Alert:
    at = int((time.time() - began) * 1e6)
    labels = {"alertname": "FeatureDrift", "model": model, "feature": feature, "severity": "warning"}
    ends = int(time.time() * 1e6) - 1 if status == "resolved" else None
    return Alert(labels, {"summary": f"{feature} drifted"}, status=status, starts_at=at, ends_at=ends)


def test_alerts_are_there_grouped_and_go_when_they_are_resolved(server: str) -> None:
    notifier = AlertmanagerNotifier(url=server, generator_url="https://dash.example/churn")
    notifier.send(notification(alert("grouped", "age"), alert("grouped", "income")))
    first, _ = sorted(active(server, "grouped"), key=lambda found: str(found["labels"]))
    assert first["annotations"] == {"summary": "age drifted"}
    assert first["generatorURL"] == "https://dash.example/churn"

    def groups() -> list[Any]:
        return [group for group in get(f"{server}/api/v2/alerts/groups") if group["labels"] == {"model": "grouped"}]

    eventually(lambda: [len(group["alerts"]) for group in groups()] == [2])

    notifier.send(notification(alert("grouped", "age", status="resolved"), alert("grouped", "income")))
    eventually(lambda: [found["labels"]["feature"] for found in active(server, "grouped")] == ["income"])


def test_an_alert_that_is_sent_twice_is_one(server: str) -> None:
    notifier = AlertmanagerNotifier(url=server)
    twice = notification(alert("twice", "age"))
    notifier.send(twice)
    notifier.send(twice)
    assert len(active(server, "twice")) == 1


def test_an_alert_that_is_not_sent_again_expires(server: str) -> None:
    AlertmanagerNotifier(url=server, expires=2.0).send(notification(alert("brief", "age")))
    assert len(active(server, "brief")) == 1
    eventually(lambda: active(server, "brief") == [])


@pytest.mark.parametrize("kind", EVIL)
def test_every_name_is_taken_and_stays_apart(server: str, kind: str) -> None:
    message = evil_notification(kind)
    AlertmanagerNotifier(url=server).send(message)
    features = {found["labels"]["feature"] for found in get(f"{server}/api/v2/alerts") if "FeatureDrift" in str(found)}
    begin = {feature for feature in features if feature[:3] == EVIL[kind][:3].encode("unicode_escape").decode()[:3]}
    assert len(begin) >= 40


def test_an_id_of_ours_is_no_label(server: str) -> None:
    AlertmanagerNotifier(url=server).send(notification(feature_alert("plain")))
    (found,) = [found for found in get(f"{server}/api/v2/alerts") if found["labels"].get("feature") == "plain"]
    assert set(found["labels"]) == {"alertname", "model", "feature", "severity"}
