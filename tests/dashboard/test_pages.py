"""Pages and files: links that are right wherever the app is mounted, names that are text, headers for browsers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from dashboard_samples import EVIL, TOKEN
from driftwatch.dashboard import dashboard
from driftwatch.dashboard.documents import OWN_FILES
from driftwatch.dashboard.pages import PAGES, message_page

if TYPE_CHECKING:
    from driftwatch.store import SQLiteStore

ADDRESSES = re.compile(r'(?:href|src|action)="([^"#][^"]*)"')


@pytest.mark.parametrize("path", PAGES)
def test_a_page_holds_no_script_or_style_and_asks_nobody_else(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert not re.search(r"<script(?! defer src=)|<style|style=|\son\w+=", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert all(words in policy for words in ("default-src 'none'", "frame-ancestors 'none'", "script-src 'self'"))
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("prefix", ["", "/drift", "/a/b"])
@pytest.mark.parametrize("path", [*PAGES, "/login", "/nothing"])
def test_every_link_is_right_wherever_it_is_mounted(store: SQLiteStore, prefix: str, path: str) -> None:
    app = dashboard(store, fresh=0)
    outer = Starlette(routes=[Mount(prefix, app)]) if prefix else app
    with TestClient(outer) as client:
        found = set(ADDRESSES.findall(client.get(prefix + path).text))
        assert found
        for address in found:
            assert address.startswith(prefix + "/")
            if not address.endswith("/logout"):
                assert client.get(address).status_code == 200


def test_the_path_that_a_proxy_takes_off_is_in_every_link(store: SQLiteStore) -> None:
    with TestClient(dashboard(store, token=TOKEN, fresh=0), root_path="/proxy", follow_redirects=False) as client:
        assert 'data-root="/proxy"' in client.get("/login").text
        assert client.get("/", headers={"Accept": "text/html"}).headers["location"].startswith("/proxy/login?next=%2F")
        entered = client.post("/login", data={"token": TOKEN, "next": "/alerts"})
        assert entered.headers["location"] == "/proxy/alerts"
        assert "Path=/proxy;" in entered.headers["set-cookie"]


def test_a_stored_report_is_the_page_of_a_report_with_its_own_policy(client: TestClient, store: SQLiteStore) -> None:
    from driftwatch.report.model import DriftReport
    from driftwatch.store import history

    answer = client.get("/runs/4")
    expected = DriftReport.from_json(store.report(4)).to_html(history=history(store, "trips"))
    assert answer.text == expected
    assert "sha256-" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert EVIL not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "text"), [("/runs/6", 409, "the model is away"), ("/runs/99", 404, "no check 99")]
)
def test_a_check_without_a_report_says_why(client: TestClient, path: str, status: int, text: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert text in answer.text


def test_a_message_is_text() -> None:
    assert EVIL.encode() not in message_page("", EVIL, EVIL)


@pytest.mark.parametrize("name", [*OWN_FILES, "core.js", "charts.js", "style.css"])
def test_files_come_with_their_type_and_a_tag(client: TestClient, name: str) -> None:
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] in {"text/javascript", "text/css", "image/svg+xml"}
    again = client.get(f"/static/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["app.py", "..%2Fapp.py", "page.html", "icon.svg%00"])
def test_other_files_are_not_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404


def test_a_name_that_is_not_ours_is_refused(store: SQLiteStore) -> None:
    app = dashboard(store, hosts={"localhost", "[::1]"})
    with TestClient(app, base_url="http://localhost:8050") as client:
        assert client.get("/").status_code == 200
        assert client.get("/", headers={"Host": "[::1]:8050"}).status_code == 200
        answer = client.get("/api/streams", headers={"Host": "evil.example"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_host")
