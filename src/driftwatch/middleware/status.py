"""How the monitoring stands, over HTTP (layer 5): reads only, and is there only where it is mounted."""

from __future__ import annotations

import hmac
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

from driftwatch.errors import ConfigError, DriftwatchError, InputTypeError
from driftwatch.middleware.shared import space_of
from driftwatch.middleware.tap import MIDDLEWARE, DriftMiddleware
from driftwatch.middleware.threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch.middleware.tap import App, Receive, Scope, Send
    from driftwatch.store.model import Run
    from driftwatch.store.protocol import Store

__all__ = ["status_app"]

MAX_LISTED = 1_000
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def status_app(
    source: DriftMiddleware | Store | str | os.PathLike[str] | None = None,
    *,
    token: str | None = None,
    stream: str | None = None,
) -> App:
    """Return an ASGI app that says how the monitoring stands, to be mounted in yours or run by itself.

    `GET /status` (rows, what was dropped and why, workers, problems), `/report` (the last one, or `?run=3`), `/history`
    (`?limit=50`), `/metrics` (for Prometheus) and `/healthz`.

    Parameters
    ----------
    source : DriftMiddleware, Store, path or URL of a store, optional
        By default the middleware that a request came through.
    token : str, optional
        What a client has to send as `Authorization: Bearer ...`, except for `/healthz`, which says nothing of interest.
        Without it everybody who reaches the app may read it.
    stream : str, optional
        The only stream to show, by default that of the middleware, or all of the store.

    Raises
    ------
    ConfigError, InputTypeError
        If an argument is of no use.

    Examples
    --------
    >>> app = status_app("driftwatch.db", token="secret")
    """
    if token is not None and not token:
        raise ConfigError("`token` must be a text that is not empty. Leave it out to let everybody read.")
    usable = source is None or isinstance(source, DriftMiddleware | str | os.PathLike) or hasattr(source, "transaction")
    if not usable:
        raise InputTypeError(
            f"`source` must be a DriftMiddleware, a store or its path, got {type(source).__name__}. Leave it out for the "
            "middleware that a request comes through."
        )
    return _StatusApp(source, None if token is None else token.encode(), stream)


class _Reply(NamedTuple):
    status: int
    body: bytes
    content_type: bytes = b"application/json"
    more: tuple[tuple[bytes, bytes], ...] = ()


class _RefusedError(Exception):
    """A request that gets no answer but this status and text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _View(NamedTuple):
    """What one request is answered from."""

    middleware: DriftMiddleware | None
    store: Store | None
    stream: str | None
    query: Mapping[str, list[str]]

    def streams(self) -> list[str]:
        return [known for known in self.opened().streams() if self.stream in {None, known}]

    def opened(self) -> Store:
        if self.store is None:
            raise _RefusedError(404, "nothing has been stored yet")
        return self.store

    def number(self, name: str, default: int) -> int:
        text = self.query.get(name, [str(default)])[-1]
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise _RefusedError(400, f"`{name}` must be a number")
        return int(text)


class _StatusApp:
    def __init__(self, source: Any, token: bytes | None, stream: str | None) -> None:
        self._source, self._token, self._stream = source, token, stream
        self._store: Store | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            reply = await self._answer(scope)
            headers = [
                (b"content-type", reply.content_type),
                (b"content-length", str(len(reply.body)).encode()),
                *HEADERS,
                *reply.more,
            ]
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

    async def _answer(self, scope: Scope) -> _Reply:
        name = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        page = _PAGES.get(name)
        if page is None:
            return _error(404, f"there is no such page: {', '.join(sorted(_PAGES))} are")
        if scope["method"] not in {"GET", "HEAD"}:
            return _error(405, "this only reads", (b"allow", b"GET, HEAD"))
        if name != "healthz" and not self._is_allowed(scope):
            return _error(401, "a bearer token is needed", (b"www-authenticate", b"Bearer"))
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=20)
        try:
            return await in_thread(lambda: page(self._view(scope, query)))
        except _RefusedError as error:
            return _error(error.status, str(error))
        except DriftwatchError as error:  # its text may name folders of this machine
            return _error(503, f"the store cannot be read: {type(error).__name__}")

    def _is_allowed(self, scope: Scope) -> bool:
        if self._token is None:
            return True
        given = next((value for key, value in scope["headers"] if key.lower() == b"authorization"), b"")
        scheme, _, sent = given.partition(b" ")
        return scheme.lower() == b"bearer" and hmac.compare_digest(sent.strip(), self._token)

    def _view(self, scope: Scope, query: Mapping[str, list[str]]) -> _View:
        source = scope.get(MIDDLEWARE) if self._source is None else self._source
        if isinstance(source, DriftMiddleware):
            store = self._of_others(source) if source.store is None else source.store
            return _View(source, store, self._stream or source.stream, query)
        if source is None:
            raise _RefusedError(503, "no DriftMiddleware is around this app: pass it, or a store")
        return _View(None, self._opened(source), self._stream, query)

    def _of_others(self, middleware: DriftMiddleware) -> Store | None:
        """Return the store of a process that has not opened it yet; None where it cannot be read, of which the status tells."""
        try:
            store: Store | None = self._opened(middleware.address)
            if store is not None:
                store.streams()
        except DriftwatchError:
            return None
        return store

    def _opened(self, source: Any) -> Any:
        """Return a store, opened once where its address is given."""
        if not isinstance(source, str | os.PathLike):
            return source
        if self._store is None:
            from driftwatch.store.opening import open_store

            self._store = open_store(os.fspath(source))
        return self._store


def _status(view: _View) -> _Reply:
    found: dict[str, Any] = {"process": None if view.middleware is None else view.middleware.status(), "streams": {}}
    if view.store is not None:
        for stream in view.streams():
            last = view.store.runs(stream, limit=1)
            found["streams"][stream] = {
                "counters": view.store.counters(stream),
                "workers": {name: json.loads(text) for name, text in view.store.notes(space_of(stream)).items()},
                "last_run": _run(last[0]) if last else None,
            }
        waiting, dead = (len(view.store.letters(state, limit=MAX_LISTED)) for state in ("waiting", "dead"))
        found["letters"] = {"waiting": waiting, "dead": dead}
        found["leases"] = [
            {"name": lease.name, "holder": lease.holder, "until": lease.until} for lease in view.store.leases()
        ]
    return _json(found)


def _report(view: _View) -> _Reply:
    store, run = view.opened(), view.number("run", 0)
    if not run:
        newest = store.runs(view.stream, limit=1)
        if not newest:
            raise _RefusedError(404, "no window has been judged yet")
        run = newest[0].id
    elif view.stream is not None and all(run != other.id for other in store.runs(view.stream)):
        raise _RefusedError(404, "there is no such report")
    return _Reply(200, store.report(run).encode())


def _history(view: _View) -> _Reply:
    limit = min(view.number("limit", 100), MAX_LISTED)
    return _json([_run(run) for run in view.opened().runs(view.stream, limit=limit)])


def _metrics(view: _View) -> _Reply:
    from driftwatch.metrics.prometheus import CONTENT_TYPE, render_metrics

    return _Reply(200, render_metrics(view.opened()), CONTENT_TYPE.encode())


def _healthz(view: _View) -> _Reply:
    problem = view.middleware is not None and view.middleware.status()["problem"] is not None
    return _json({"status": "degraded" if problem else "ok"})


def _run(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "stream": run.stream,
        "start": run.key.start,
        "stop": run.key.stop,
        "created": run.created,
        "rows": run.n_rows,
        "verdict": run.verdict,
    }


_PAGES: Mapping[str, Callable[[_View], _Reply]] = {
    "status": _status,
    "report": _report,
    "history": _history,
    "metrics": _metrics,
    "healthz": _healthz,
}


def _json(value: Any, status: int = 200, *more: tuple[bytes, bytes]) -> _Reply:
    return _Reply(status, json.dumps(value, allow_nan=False).encode(), more=more)


def _error(status: int, text: str, *more: tuple[bytes, bytes]) -> _Reply:
    return _json({"error": text}, status, *more)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
