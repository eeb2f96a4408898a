"""The app of the dashboard (layer 5): routes, what a refusal looks like, and the events."""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from driftwatch.dashboard import pages
from driftwatch.dashboard.access import Access
from driftwatch.dashboard.answers import Answer, Answers
from driftwatch.dashboard.api import api_routes, error_response, is_api, json_bytes, respond
from driftwatch.dashboard.asking import Asked, RefusedError
from driftwatch.dashboard.documents import REPORT_POLICY, report_document, static_file
from driftwatch.dashboard.events import KEPT, Events, EventStream
from driftwatch.dashboard.guards import Door, Guard, path_below, root_of
from driftwatch.dashboard.views import SCHEMA_VERSION, Views
from driftwatch.errors import ConfigError, StoreError

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Collection

    from starlette.types import ASGIApp, Scope

    from driftwatch.store.model import Run
    from driftwatch.store.protocol import Store

__all__ = ["Dashboard"]

MAX_FORM = 4_096  # bytes of the form of the login
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\s\x00-\x1f]*|/")
_TYPES = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_HTTP = {404: ("not_found", "there is no such page"), 405: ("only_reads", "this only reads: GET and HEAD")}


class Dashboard(Starlette):  # type: ignore[misc,unused-ignore]  # the types session does not follow it
    """See `driftwatch.dashboard.dashboard`."""

    def __init__(
        self,
        store: Store | str | os.PathLike[str],
        *,
        token: str | None = None,
        hosts: Collection[str] | None = None,
        fresh: float = 1.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not fresh >= 0:
            raise ConfigError(f"`fresh` must be a number of seconds, 0 or more, got {fresh!r}.")
        self.views = Views(store, clock=clock)
        self.access = Access(token, clock=clock)
        self.answers = Answers(self.views.mark, fresh=fresh)
        self.events = Events(self._newest, every=max(fresh, 0.05))
        self._seen: tuple[str, list[Run]] = "", []
        super().__init__(
            routes=self._routes(clock),
            middleware=[
                Middleware(
                    Guard,
                    cache_control="no-cache" if token is None else "private, no-store",
                    hosts=hosts,
                    refuse=self._refusal,
                ),
                Middleware(Door, access=self.access, refuse=self._refusal),
            ],
            exception_handlers={
                RefusedError: self._on_refused,
                StoreError: self._on_store_error,
                HTTPException: self._on_http,
                Exception: self._on_bug,
            },
            lifespan=_closed_at_the_end,
        )

    def close(self) -> None:
        """End streams of events, let the threads go, and close the store if it was opened here."""
        self.events.close()
        self.answers.close()
        self.views.source.close()

    def _routes(self, clock: Callable[[], float]) -> list[BaseRoute]:
        get = {"methods": ["GET"]}
        return [
            *api_routes(self.views, self.answers, now=clock),
            Route("/api/events", self._listen, **get),
            Route("/api/status", self._status, **get),
            Route("/healthz", self._health, **get),
            Route("/static/{name}", _static, **get),
            Route("/login", self._login, methods=["GET", "POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/runs/{id:int}", self._report, **get),
            *(Route(path, partial(self._page, path), **get) for path in pages.PAGES),
        ]

    async def _page(self, path: str, request: Request) -> Response:
        body = pages.page(path, root_of(request.scope), signed_in=not self.access.is_open)
        return respond(_of(body), request.headers.get("if-none-match"), "text/html")

    async def _report(self, request: Request) -> Response:
        run_id, known = request.path_params["id"], request.headers.get("if-none-match")
        make = partial(report_document, self.views, run_id)
        answer = await self.answers.about_checks(("report", run_id), make, known=known)
        return respond(answer, known, "text/html", Content_Security_Policy=REPORT_POLICY)

    async def _status(self, request: Request) -> Response:
        Asked(request.query_params.multi_items(), (), now=time.time)
        failures, (n_answers, n_bytes) = self.views.source.failures, self.answers.size
        return _json(
            {
                "schema_version": SCHEMA_VERSION,
                "status": "degraded" if failures.is_failing else "ok",
                "store_failures": failures.n,
                "last_failure": failures.kind or None,
                "last_failure_at": failures.at,
                "listeners": self.events.n_listeners,
                "answers_kept": n_answers,
                "answers_bytes": n_bytes,
            }
        )

    async def _health(self, _: Request) -> Response:
        return _json({"status": "degraded" if self.views.source.failures.is_failing else "ok"})

    async def _listen(self, request: Request) -> Response:
        Asked(request.query_params.multi_items(), (), now=time.time)
        if self.events.is_full:
            text = "as many as this dashboard serves are listening; ask /api/runs from time to time"
            return error_response(503, "too_many_listeners", text, Retry_After="30")
        last = request.headers.get("last-event-id", "")
        known = int(last) if last.isascii() and last.isdigit() and len(last) < 20 else None
        return EventStream(self.events, known)

    async def _login(self, request: Request) -> Response:
        root = root_of(request.scope)
        if request.method != "POST":
            target = request.query_params.get("next", "/")
            return HTMLResponse(pages.login_page(root, target, failed=False))
        form = await _form(request)
        token, target = form.get("token", ""), form.get("next", "/")
        if not self.access.is_open and not self.access.is_token(token.encode()):
            return HTMLResponse(pages.login_page(root, target, failed=True), 403)
        answer = RedirectResponse(root + _own_path(target), 303)
        if not self.access.is_open:
            cookie = self.access.cookie(root or "/", secure=request.url.scheme == "https")
            answer.headers.append("set-cookie", cookie)
        return answer

    async def _logout(self, request: Request) -> Response:
        root = root_of(request.scope)
        answer = RedirectResponse(f"{root}/login", 303)
        answer.headers.append("set-cookie", self.access.no_cookie(root or "/", secure=request.url.scheme == "https"))
        return answer

    async def _newest(self) -> list[Run]:
        mark = await self.answers.current_mark()
        if mark != self._seen[0]:
            self._seen = mark, await self.answers.in_thread(lambda: self.views.newest(KEPT))
        return self._seen[1]

    def _refusal(self, scope: Scope, status: int, code: str, text: str) -> ASGIApp:
        """Return the answer to a request that gets no other: JSON for programs, a page for people."""
        if code == "no_token":
            if _is_browser(scope):
                return RedirectResponse(f"{root_of(scope)}/login?{_next(scope)}", 303)
            return error_response(status, code, text, WWW_Authenticate="Bearer")
        if is_api(scope):
            return error_response(status, code, text)
        title = {404: "Not found", 503: "The store cannot be read"}.get(status, "This cannot be shown")
        return HTMLResponse(pages.message_page(root_of(scope), title, text), status)

    async def _on_refused(self, request: Request, error: Exception) -> Any:
        assert isinstance(error, RefusedError)
        return self._refusal(request.scope, error.status, error.code, str(error))

    async def _on_store_error(self, request: Request, error: Exception) -> Any:
        # its text may name folders and hosts of the server
        text = f"the store cannot be read ({type(error).__name__}); the log of the server has more"
        return self._refusal(request.scope, 503, "store_unavailable", text)

    async def _on_http(self, request: Request, error: Exception) -> Any:
        assert isinstance(error, HTTPException)
        code, text = _HTTP.get(error.status_code, ("error", error.detail))
        answer: Any = self._refusal(request.scope, error.status_code, code, text)
        for name, value in (error.headers or {}).items():
            answer.headers[name] = value
        return answer

    async def _on_bug(self, request: Request, _: Exception) -> Any:  # the server logs what it was
        return self._refusal(request.scope, 500, "internal_error", "something went wrong here; the log has more")


@asynccontextmanager
async def _closed_at_the_end(app: Dashboard) -> AsyncIterator[None]:
    yield
    app.close()


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    body = static_file(name)
    if body is None:
        raise HTTPException(404)
    media_type = _TYPES[name.rpartition(".")[2]]
    # the same for everybody, with or without a token
    return respond(_of(body), request.headers.get("if-none-match"), media_type, Cache_Control="no-cache")


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_FORM:
                raise RefusedError(413, "too_long", "that is no form of this page")
        fields = parse_qs(body.decode("latin-1"), keep_blank_values=True, max_num_fields=8)
    except (ClientDisconnect, ValueError) as error:
        raise RefusedError(400, "bad_request", "that is no form of this page") from error
    return {name: values[-1] for name, values in fields.items()}


def _own_path(target: str) -> str:
    """Return a path within the app to go to: never another site, which `//host` would be."""
    return target if _OWN_PATH.fullmatch(target) else "/"


def _is_browser(scope: Scope) -> bool:
    accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    return b"text/html" in accepted and not is_api(scope)


def _next(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return urlencode({"next": path_below(scope) + (f"?{query}" if query else "")})


def _of(body: bytes) -> Answer:
    return Answer(f'"{hashlib.sha256(body).hexdigest()[:24]}"', body)


def _json(data: Any) -> Response:
    return Response(json_bytes(data), media_type="application/json")
