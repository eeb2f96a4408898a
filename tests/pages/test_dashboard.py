"""The dashboard in a real Chromium, served by the command: nothing on the console, no request elsewhere, usable by keyboard."""

from __future__ import annotations

import json
import signal
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from dashboard_samples import EVIL, TOKEN, add_run, fill
from dashboard_server import DashboardServer
from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Browser

EVERY_PAGE = {
    "/": "Models",
    "/model?stream=trips": "trips",
    f"/model?stream={quote(EVIL)}": EVIL,
    f"/compare?left=1&right=4&feature={quote(EVIL)}": "Compare",
    "/compare?left=1&right=4": "Compare",
    "/alerts": "Alerts",
    "/baselines": "Baselines",
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dashboard") / "driftwatch.db"
    with SQLiteStore(path) as store:
        fill(store)
    return path


@pytest.fixture(scope="module")
def server(filled: Path) -> Iterator[DashboardServer]:
    with DashboardServer(filled) as running:
        yield running


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
@pytest.mark.parametrize(
    "path", EVERY_PAGE, ids=["models", "model", "hostile model", "hostile feature", "compare", "alerts", "baselines"]
)
def test_nothing_is_inaccessible_or_wider_than_the_screen(
    browser: Browser, server: DashboardServer, path: str, scheme: str, width: int
) -> None:
    found = browser.call("dashboard", "looked", base=server.url, path=path, scheme=scheme, width=width)
    assert found["title"] == EVERY_PAGE[path]
    assert found["violations"] == []
    assert found["overflow"] <= 0
    assert found["background"] == {"light": "rgb(247, 247, 245)", "dark": "rgb(20, 22, 26)"}[scheme]
    assert "cannot be shown" not in found["text"]


def test_names_that_attack_are_text(browser: Browser, server: DashboardServer) -> None:
    for path in ("/", "/alerts", "/compare?left=1&right=4"):
        assert EVIL in browser.call("dashboard", "looked", base=server.url, path=path)["text"]


def test_the_heatmap_is_walked_by_keyboard_and_read_as_a_table(browser: Browser, server: DashboardServer) -> None:
    found = browser.call(
        "dashboard", "walked", base=server.url, path="/model?stream=trips", keys=["ArrowDown", "Home", "End"]
    )
    assert [said[0].startswith("price, ") for said in found["said"]] == [True, True, True]
    assert [": no drift" in said[0] for said in found["said"]] == [False, True, False]
    assert [said[1].split()[1] for said in found["said"]] == ["4", "1", "4"]
    assert found["rows"][0][0] == "price"
    assert [cell.split()[0] for cell in found["rows"][0][1:]] == ["no", "no", "drift", "drift"]
    assert found["url"] == "/runs/4"
    assert found["headline"].startswith("Drift detected: 1 of 3")


def test_a_filter_stands_in_the_address(browser: Browser, server: DashboardServer) -> None:
    found = browser.call("dashboard", "filtered", base=server.url, path="/model?stream=trips", text="CIT")
    assert found == {"names": ["city"], "query": "?stream=trips&matching=CIT"}


def test_a_new_check_appears_by_itself(browser: Browser, tmp_path: Path) -> None:
    signal_file, path = tmp_path / "ready", tmp_path / "driftwatch.db"

    def store_one() -> None:
        end = time.monotonic() + 60
        while not signal_file.exists() and time.monotonic() < end:
            time.sleep(0.02)
        add_run(store, "newcomer", 7, drifted=True)

    with SQLiteStore(path) as store, DashboardServer(path) as server:
        writer = threading.Thread(target=store_one)
        writer.start()
        asked = {"base": server.url, "path": "/", "signal": str(signal_file), "text": "newcomer"}
        assert browser.call("dashboard", "waited", **asked)
        writer.join(60)


def test_a_browser_signs_in_once_and_out_again(browser: Browser, filled: Path) -> None:
    with DashboardServer(filled, token=TOKEN) as server:
        found = browser.call("dashboard", "signed", base=server.url, path="/alerts", token=TOKEN)
    assert found["first"].endswith("/login?next=%2Falerts")
    assert found["inside"].endswith("/alerts")
    assert found["script"] == ""
    assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in found["cookies"]] == [(True, "Lax")]
    assert TOKEN not in found["cookies"][0]["value"]
    assert found["left"] == 0


def get(url: str, **headers: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_ends_with_a_signal_while_somebody_listens(filled: Path, number: signal.Signals, code: int) -> None:
    with DashboardServer(filled) as server, urllib.request.urlopen(f"{server.url}/api/events", timeout=60) as events:
        assert events.readline() == b"retry: 2000\n"
        began = time.monotonic()
        assert server.end(number) == code
        assert time.monotonic() - began < 30
        assert server.process.stderr is not None
        assert "Traceback" not in server.process.stderr.read()


def test_a_proxy_takes_off_a_path_and_a_token_is_asked_for(filled: Path) -> None:
    with DashboardServer(filled, ["--root-path", "/drift"], token=TOKEN) as server:
        base = server.url.removesuffix("/drift")
        assert get(f"{base}/api/streams")[0] == 401
        status, found = get(f"{base}/api/streams", Authorization=f"Bearer {TOKEN}")
        assert (status, found["n_streams"]) == (200, 3)
        with urllib.request.urlopen(f"{base}/login", timeout=60) as page:
            assert b'action="/drift/login"' in page.read()


def test_another_host_name_is_refused_where_there_is_no_token(server: DashboardServer) -> None:
    assert get(f"{server.url}/api/streams", Host="evil.example")[0] == 400
    assert get(f"{server.url}/api/streams")[0] == 200
