"""`DriftMiddleware`: forwards first and looks afterwards (layer 5); all that costs time happens in a thread."""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from driftwatch._checks import check_count, is_amount
from driftwatch.config import load_settings
from driftwatch.config.origin import DEFAULT
from driftwatch.errors import ConfigError
from driftwatch.middleware.bodies import headers_of, is_allowed
from driftwatch.middleware.intake import Exchange
from driftwatch.middleware.setup import make_worker
from driftwatch.middleware.threads import in_thread
from driftwatch.scoring.windows import fixed_period
from driftwatch.store.retention import Retention

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping, Sequence

    from driftwatch.arrays.schema import Role
    from driftwatch.middleware.extract import Where
    from driftwatch.middleware.recorder import Alerts
    from driftwatch.monitor.monitor import Monitor
    from driftwatch.profile.profile import Profile
    from driftwatch.report.model import DriftReport
    from driftwatch.scoring.judging import ClosedWindow
    from driftwatch.scoring.windows import Windows
    from driftwatch.store.protocol import Store

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Scope, Receive, Send], Awaitable[None]]

__all__ = ["DriftMiddleware"]

TAPPED = "driftwatch.tapped"
MIDDLEWARE = "driftwatch.middleware"
KIB = 1024


class DriftMiddleware:
    """ASGI middleware that watches features and predictions of a model for drift, and changes nothing that passes.

    Parameters
    ----------
    app : ASGI application
    monitor : Monitor, Profile or path
        The reference. With more than one worker process, a profile that was saved once: references that every process
        fits for itself do not add.
    features : str, callable or pydantic model, optional
        Where the features stand in the body of a request: a path such as `$.features` or `$.instances[*].x`, a callable
        that takes the JSON document, or a model that validates the body.
    predictions : str, callable or pydantic model, optional
        Where the predictions stand in the body of the response. They are counted as the columns that have the role
        "prediction" in the monitor.
    roles : mapping of str to str, optional
        For a profile, what its columns are: `{"score": "prediction"}`.
    columns : sequence of str, optional
        The order of values in rows without names; by default that of the features in the reference.
    window : int, str, timedelta or Windows
        What is judged at once: a number of rows, or a time such as "5m".
    store : str, path or Store, optional
        Where all worker processes keep their counts, and the reports. By default a temporary file of each process.
    stream : str
        Name in the store, of the model for example.
    alerts : AlertManager, optional
        Anything that is called with a transaction and a `ClosedWindow` for each report, and has `start(store)`.
    on_window : callable, optional
        Called with each `ClosedWindow` that this process judged, in the worker thread.
    sample : float
        Share of the requests that are looked at.
    paths : sequence of str, optional
        Only requests of these paths, in which `*` stands for anything. All by default.
    methods : sequence of str
    statuses : collection of int
        Responses that are looked at.
    content_types : sequence of str
        Bodies that are looked at. `application/json` includes types that end with `+json`.
    max_body : int
        Bytes of a body that are kept; a longer one is dropped, also when it is longer decompressed.
    queue_size : int
        Exchanges that wait for the worker at most.
    queue_bytes : int
        Bytes of bodies that wait for the worker at most.
    max_pending : int
        Rows that wait for a store that is away at most.
    flush_every : float
        Seconds between writes to the store: what a killed process loses at most.
    lease_for : float
        Seconds after which another process takes over the judging from one that has died.
    keep : int, optional
        Checks that the store keeps of this stream, the newest ones. None for all.
    retain : str or timedelta, optional
        How long they are kept, such as "90d". For ever by default.
    clock : callable
        Seconds after 1970.
    rng : random.Random, optional
        Chooses the sample.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Notes
    -----
    Messages are passed on before they are looked at, in both directions; nothing is buffered, replayed or delayed. Bodies
    are kept by reference. What cannot be kept, read or paired is dropped and counted by reason; nothing that is raised here
    reaches the app. Put it inside of middleware that compresses responses.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch import Monitor
    >>> from driftwatch.middleware import DriftMiddleware
    >>> async def app(scope, receive, send): ...
    >>> monitor = Monitor({"age": np.random.default_rng(0).normal(40, 9, 2000)})
    >>> app = DriftMiddleware(app, monitor=monitor, features="$.features", window=500)
    >>> app.status()["rows"]
    0
    """

    def __init__(
        self,
        app: App,
        *,
        monitor: Monitor | Profile | str | os.PathLike[str],
        features: Where | None = None,
        predictions: Where | None = None,
        roles: Mapping[str, Role | str] | None = None,
        columns: Sequence[str] | None = None,
        window: int | str | dt.timedelta | Windows = 1000,
        store: str | os.PathLike[str] | Store | None = None,
        stream: str = "http",
        alerts: Alerts | None = None,
        on_window: Callable[[ClosedWindow], object] | None = None,
        sample: float = 1.0,
        paths: Sequence[str] | None = None,
        methods: Sequence[str] = ("POST",),
        statuses: Collection[int] = range(200, 300),
        content_types: Sequence[str] = ("application/json",),
        max_body: int = 256 * KIB,
        queue_size: int = 10_000,
        queue_bytes: int = 64 * KIB * KIB,
        max_pending: int = 100_000,
        flush_every: float = 5.0,
        lease_for: float = 15.0,
        keep: int | None = 10_000,
        retain: str | dt.timedelta | None = None,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        if not is_amount(sample) or sample > 1:
            raise ConfigError(f"`sample` must be a share from 0 to 1, got {sample!r}.")
        check_count("max_body", max_body, "a positive number of bytes")
        if isinstance(paths, str) or isinstance(methods, str):
            raise ConfigError("`paths` and `methods` must be sequences of str. Pass ['/predict'] for one path.")
        self.app = app
        self.stream = stream
        self._sample = float(sample)
        self._random = random.random if rng is None else rng.random
        self._methods = frozenset(method.upper() for method in methods)
        self._paths = None if paths is None else _matcher(paths)
        self._clock = clock
        allowed = frozenset(kind.lower().encode() for kind in content_types)
        self._rules = _Rules(frozenset(statuses), allowed, max_body, reads_request=features is not None)
        self._worker = make_worker(
            monitor=monitor,
            features=features,
            predictions=predictions,
            roles=roles,
            columns=columns,
            window=window,
            store=store,
            stream=stream,
            alerts=alerts,
            on_window=on_window,
            content_types=self._rules.content_types,
            max_body=max_body,
            queue_size=queue_size,
            queue_bytes=queue_bytes,
            max_pending=max_pending,
            flush_every=flush_every,
            lease_for=lease_for,
            retention=Retention(keep=keep, max_age=_length("retain", retain), clock=clock),
            clock=clock,
        )
        self._intake = self._worker.recorder.intake
        weakref.finalize(self, self._worker.close)  # also when the interpreter ends

    @classmethod
    def from_config(
        cls,
        app: App,
        *,
        monitor: Monitor | Profile | str | os.PathLike[str],
        config: str | os.PathLike[str] | None = None,
        **options: Any,
    ) -> Self:
        """Return the middleware that `[middleware]` of a settings file describes; its `store` is the setting `store`.

        Parameters
        ----------
        app, monitor
            As for `DriftMiddleware`.
        config : path, optional
            A file in the form of `driftwatch.toml`, stronger than that of the working folder and its `pyproject.toml`.
        **options
            Of `DriftMiddleware`, stronger than the files.

        Raises
        ------
        ConfigError
            If a setting is wrong or unknown.

        Examples
        --------
        In Starlette and FastAPI: `app.add_middleware(DriftMiddleware.from_config, monitor=monitor)`.
        """
        resolved = load_settings({}, os.environ, Path.cwd(), None if config is None else Path(config))
        given = dict(resolved.settings.middleware)
        if resolved.source_of("store") is not DEFAULT:
            given["store"] = resolved.settings.store
        return cls(app, monitor=monitor, **{**given, **options})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a connection on to the app."""
        if scope["type"] != "http":
            await (
                self._lifespan(scope, receive, send) if scope["type"] == "lifespan" else self.app(scope, receive, send)
            )
            return
        scope[MIDDLEWARE] = self
        if (
            scope["method"] not in self._methods
            or (self._paths is not None and self._paths(scope["path"]) is None)
            or (self._sample < 1.0 and self._random() >= self._sample)
            or self.stream in (tapped := scope.get(TAPPED, ()))
        ):
            await self.app(scope, receive, send)
            return
        scope[TAPPED] = (*tapped, self.stream)
        if not self._worker.is_running:
            self._worker.start()
        tap = _Tap(self, scope, receive, send)
        try:
            await self.app(scope, tap.receive, tap.send)
        except BaseException as error:
            if not tap.is_done:
                tap.drop("app_error" if isinstance(error, Exception) else "cancelled")
            raise
        if not tap.is_done:
            tap.drop("disconnected" if tap.is_disconnected else "incomplete")

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            kind = message["type"]
            if kind in {"lifespan.shutdown.complete", "lifespan.shutdown.failed"}:
                # the server ends the process after this message, so the last counts are written before it
                await in_thread(self.close)
            await send(message)
            if kind == "lifespan.startup.complete":
                self._worker.start()

        await self.app(scope, receive, watched)

    @property
    def last_report(self) -> DriftReport | None:
        """The report of the last window that this process judged; None before."""
        return self._worker.recorder.last_report

    def status(self) -> dict[str, Any]:
        """Return how this process stands, as plain data: rows, what was dropped and why, the worker, the last window.

        Reads nothing but memory, so that it may be called anywhere.
        """
        return {**self._worker.status(), "sample": self._sample}

    def flush(self) -> None:
        """Count everything that has come, write it to the store and judge what that closes. Waits for it."""
        self._worker.flush()

    def close(self) -> None:
        """Write everything to the store and end the thread; the next request starts another one."""
        self._worker.close()

    @property
    def store(self) -> Store | None:
        """The store, once the worker has opened it."""
        return self._worker.recorder.store

    @property
    def address(self) -> Any:
        """The store as it was given: a path, a URL or a store; None where each process has its own."""
        return self._worker.recorder.address


class _Rules:
    """What the event loop looks at."""

    __slots__ = ("content_types", "max_body", "reads_request", "statuses")

    def __init__(
        self, statuses: frozenset[int], content_types: frozenset[bytes], max_body: int, *, reads_request: bool
    ) -> None:
        self.statuses, self.content_types, self.max_body = statuses, content_types, max_body
        self.reads_request = reads_request


class _Tap:
    """One request on its way: what has been seen of it.

    The bodies are lists of parts. Where there is a reason not to keep one, the reason stands in its place.
    """

    __slots__ = (
        *("_clock", "_intake", "_receive", "_rules", "_scope", "_send", "is_disconnected", "is_done"),
        *("more", "request", "response", "response_headers", "size_in", "size_out"),
    )

    def __init__(self, middleware: DriftMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._intake = middleware._intake  # noqa: SLF001 - one class in two parts
        self._rules = middleware._rules  # noqa: SLF001
        self._clock = middleware._clock  # noqa: SLF001
        self.request: list[bytes] | str = []
        self.response: list[bytes] | str = []
        self.response_headers: Sequence[tuple[bytes, bytes]] = ()
        self.size_in = self.size_out = 0
        self.more = True
        self.is_done = self.is_disconnected = False
        self._intake.n_seen += 1

    async def receive(self) -> Message:
        message = await self._receive()
        try:
            if message["type"] == "http.request":
                self.more = more = message.get("more_body", False)
                body = message.get("body")
                if body and type(self.request) is list and self._rules.reads_request:
                    self.size_in += len(body)
                    if self.size_in > self._rules.max_body:
                        self.request = "too_large"
                    elif more and len(self.request) == 0 and not self._is_wanted(self._scope["headers"]):
                        self.request = "content_type"
                    else:
                        self.request.append(body if type(body) is bytes else bytes(body))
            elif message["type"] == "http.disconnect":
                self.is_disconnected = True
        except Exception:  # noqa: BLE001 - the app gets what the server sends, whatever it is
            self.request = "internal"
        return message

    async def send(self, message: Message) -> None:
        await self._send(message)
        if self.is_done:
            return
        try:
            kind = message["type"]
            if kind == "http.response.body":
                body, more = message.get("body"), message.get("more_body", False)
                if body and type(self.response) is list:
                    self.size_out += len(body)
                    if self.size_out > self._rules.max_body:
                        self.response = "too_large"
                    elif more and not self.response and not self._is_wanted(self.response_headers):
                        self.response = "content_type"  # a stream of something else: nothing of it is kept
                    else:
                        self.response.append(body if type(body) is bytes else bytes(body))
                if not more:
                    self._complete()
            elif kind == "http.response.start":
                if message["status"] not in self._rules.statuses:
                    self.drop("status")
                    return
                self.response_headers = message.get("headers", ())
            elif kind in {"http.response.pathsend", "http.response.zerocopysend"}:
                self.response = "content_type"  # a file, of which we see no byte
                self._complete()
        except Exception:  # noqa: BLE001 - the server has got the message, whatever it is
            self.drop("internal")

    def drop(self, reason: str) -> None:
        """Count the request as one that was not looked at, and let go of what was kept."""
        self.is_done = True
        self.request = self.response = reason
        self._intake.dropped[reason] += 1

    def _is_wanted(self, headers: Sequence[tuple[bytes, bytes]]) -> bool:
        return is_allowed(headers_of(headers)[0], self._rules.content_types)

    def _complete(self) -> None:
        if isinstance(self.request, str):
            self.drop(self.request)
        elif self.more and self._rules.reads_request:
            self.drop("unread")
        else:
            self.is_done = True
            self._intake.offer(
                Exchange(
                    self._clock(),
                    self._scope["headers"],
                    self.request,
                    self.response_headers,
                    self.response,
                    self.size_in + self.size_out,
                )
            )


def _length(name: str, given: str | dt.timedelta | None) -> dt.timedelta | None:
    return None if given is None else dt.timedelta(microseconds=fixed_period(name, given).size)


def _matcher(paths: Sequence[str]) -> Callable[[str], object]:
    exact = frozenset(path for path in paths if "*" not in path)
    pattern = re.compile(
        "|".join(".*".join(map(re.escape, path.split("*"))) for path in paths if "*" in path) or r"(?!)"
    )

    def match(path: str) -> object:
        return True if path in exact else pattern.fullmatch(path)

    return match
