"""What stands around the app (layer 5): headers for browsers, the names by which it is known, and who may look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from driftwatch.dashboard.access import Access

__all__ = ["CONTENT_SECURITY_POLICY", "Door", "Guard", "path_below", "root_of"]

# No inline script or style, nothing from elsewhere, no frame around it: names of features are what strangers wrote.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
OPEN_PATHS = ("/login", "/healthz")  # and what all pages look like
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def root_of(scope: Scope) -> str:
    """Return where the app is mounted, without a slash at the end."""
    return str(scope.get("root_path", "")).rstrip("/")


def path_below(scope: Scope) -> str:
    """Return the path of a request within the app."""
    path, root = str(scope["path"]), root_of(scope)
    return path.removeprefix(root) if path == root or path.startswith(root + "/") else path


class Guard:
    """Stands around the app.

    Parameters
    ----------
    app : ASGI app
    cache_control : str
        Of answers that do not say it themselves.
    hosts : collection of str, optional
        The names by which browsers may have come, without the port. Any by default.
    refuse : callable
        Answers a request with a status, a code and a text.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        cache_control: str,
        hosts: Collection[str] | None,
        refuse: Callable[[Scope, int, str, str], Any],
    ) -> None:
        self._app, self._cache_control, self._refuse = app, cache_control, refuse
        self._hosts = None if hosts is None else {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - as ASGI says
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._app
        if self._hosts is not None and _name_of(Headers(scope=scope).get("host", "")) not in self._hosts:
            # a page elsewhere may have given its own name the address of this machine (DNS rebinding)
            answer = self._refuse(scope, 400, "unknown_host", "this dashboard is not known by that name")
        await answer(scope, receive, self._sending(scope, send))

    def _sending(self, scope: Scope, send: Send) -> Callable[[Message], Awaitable[None]]:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", self._cache_control)
            elif message["type"] == "http.response.body" and scope["method"] == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        return sending


class Door:
    """Lets in who may look."""

    def __init__(self, app: ASGIApp, *, access: Access, refuse: Callable[[Scope, int, str, str], ASGIApp]) -> None:
        self._app, self._access, self._refuse = app, access, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - as ASGI says
        answer = self._app
        if scope["type"] == "http":
            path = path_below(scope)
            is_open = path in OPEN_PATHS or path.startswith("/static/")
            if not is_open and not self._access.allows(scope["headers"]):
                answer = self._refuse(scope, 401, "no_token", "a bearer token is needed")
        await answer(scope, receive, send)


def _name_of(host: str) -> str:
    name, _, port = host.rpartition(":")
    return (name if name and port.isdigit() else host).lower()
