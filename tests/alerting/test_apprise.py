"""The bridge to Apprise, on a stand-in for the library; tests/services has the library itself."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from driftwatch.alerting.apprise import AppriseNotifier
from driftwatch.errors import ConfigError, DeliveryError, MissingExtraError
from notification_samples import feature_alert, notification


class Services:
    """Knows `json://`, and takes a message or does not."""

    takes = True
    told: list[dict[str, Any]]

    def __init__(self) -> None:
        self.urls: list[str] = []

    def add(self, url: str) -> bool:
        self.urls.append(url)
        return url.startswith("json://")

    def notify(self, **told: Any) -> bool:
        Services.told.append(told | {"urls": self.urls})
        return self.takes


@pytest.fixture(autouse=True)
def _library(monkeypatch: pytest.MonkeyPatch) -> None:
    library = ModuleType("apprise")
    kinds = SimpleNamespace(INFO="info", WARNING="warning", FAILURE="failure", SUCCESS="success")
    vars(library).update(Apprise=Services, NotifyType=kinds, NotifyFormat=SimpleNamespace(TEXT="text"))
    monkeypatch.setitem(sys.modules, "apprise", library)
    monkeypatch.setattr(Services, "told", [], raising=False)


@pytest.mark.parametrize(
    ("status", "severity", "kind", "wanted"),
    [
        ("firing", "warning", "alert", "warning"),
        ("firing", "critical", "alert", "failure"),
        ("resolved", "critical", "alert", "success"),
        ("firing", "critical", "test", "info"),
    ],
)
def test_the_kind_says_how_bad_it_is(status: str, severity: str, kind: str, wanted: str) -> None:
    message = notification(feature_alert("age", status=status, severity=severity), kind=kind)
    AppriseNotifier(urls=["json://a\njson://b"]).send(message)
    (told,) = Services.told
    assert (told["notify_type"], told["body_format"]) == (wanted, "text")
    assert told["urls"] == ["json://a", "json://b"]
    assert told["title"] == message.title
    assert "age drifted" in told["body"]
    assert message.title not in told["body"]


def test_what_was_not_delivered_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Services, "takes", False)
    with pytest.raises(DeliveryError, match="It logs the reason") as error:
        AppriseNotifier(urls=["json://a"]).send(notification())
    assert not error.value.permanent


@pytest.mark.parametrize("urls", [[], ["nowhere://hunter2"]])
def test_urls_are_checked_at_once(urls: list[str]) -> None:
    with pytest.raises(ConfigError, match="receiver 'apprise'") as error:
        AppriseNotifier(urls=urls)
    assert "hunter2" not in str(error.value)


def test_a_missing_library_is_named_with_the_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'driftwatch\[apprise\]'"):
        AppriseNotifier(urls=["json://a"])
