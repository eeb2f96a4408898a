"""Who may look: a token for programs, a cookie for browsers, and nothing for anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboard_samples import TOKEN
from driftwatch.dashboard.access import COOKIE, LASTS, Access
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from starlette.testclient import TestClient

HTML = {"Accept": "text/html,*/*"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", ["/", "/model", "/runs/1", "/api/streams", "/api/events", "/api/status", "/nothing"])
def test_nothing_is_shown_without_the_token(locked: TestClient, path: str) -> None:
    for headers in ({}, bearer("wrong"), {"Authorization": f"Basic {TOKEN}"}, {"Cookie": f"{COOKIE}={TOKEN}"}):
        answer = locked.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "no_token"


@pytest.mark.parametrize("path", ["/", "/model", "/runs/1", "/api/streams", "/api/status"])
def test_programs_send_the_token(locked: TestClient, path: str) -> None:
    answer = locked.get(path, headers=bearer(TOKEN))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"


def test_a_browser_is_led_to_the_login_and_back(locked: TestClient) -> None:
    answer = locked.get("/model?stream=a%26b", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fmodel%3Fstream%3Da%2526b")
    page = locked.get(answer.headers["location"], headers=HTML)
    assert 'value="/model?stream=a%26b"' in page.text

    entered = locked.post("/login", data={"token": TOKEN, "next": "/model?stream=a%26b"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/model?stream=a%26b")
    cookie = entered.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/;"))
    assert TOKEN not in cookie
    assert locked.get("/", headers=HTML).status_code == 200  # the client keeps the cookie

    locked.post("/logout")
    assert locked.get("/", headers=HTML).status_code == 303


def test_a_wrong_token_gets_the_form_again(locked: TestClient) -> None:
    answer = locked.post("/login", data={"token": "wrong", "next": "/"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "That is not the token" in answer.text


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a b", "/a\r\nx: y"],
)
def test_the_login_leads_to_no_other_site(locked: TestClient, target: str) -> None:
    answer = locked.post("/login", data={"token": TOKEN, "next": target})
    assert answer.headers["location"] == "/"


def test_a_form_of_any_size_is_not_read(locked: TestClient) -> None:
    assert locked.post("/login", content=b"token=" + b"x" * 10_000).status_code == 413
    assert locked.post("/login", content=b"&".join(b"a=1" for _ in range(100))).status_code == 400


def test_the_target_of_the_login_is_text_and_no_html(locked: TestClient) -> None:
    page = locked.get("/login", params={"next": '/"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("path", ["/login", "/healthz", "/static/style.css"])
def test_what_says_nothing_is_open(locked: TestClient, path: str) -> None:
    assert locked.get(path).status_code == 200


def test_a_session_ends_and_cannot_be_made_without_the_token() -> None:
    now = 1_000.0
    access = Access(TOKEN, clock=lambda: now)
    value = access.cookie("/", secure=True).partition(";")[0]
    assert access.cookie("/", secure=True).endswith("; Secure")

    def allows(text: str) -> bool:
        return access.allows([(b"cookie", text.encode("latin-1"))])

    assert allows(value)
    assert allows(f"other=1; {value}")
    end, _, signature = value.partition("=")[2].partition(".")
    for forged in (f"{int(end) + 1}.{signature}", f"{end}.{'0' * 64}", end, "", f"{end}.é", "x" * 5_000):
        assert not allows(f"{COOKIE}={forged}")
    assert not Access(TOKEN + "!", clock=lambda: now).allows([(b"cookie", value.encode())])
    now += LASTS
    assert not allows(value)


@pytest.mark.parametrize("token", ["", "short", "x" * 15])
def test_a_token_that_can_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(ConfigError, match="16 characters"):
        Access(token)
