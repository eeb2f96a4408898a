"""Connections of which every wait ends at one time (layer 5), also through a proxy."""

from __future__ import annotations

import base64
import http.client
import io
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote

from driftwatch.errors import DeliveryError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

__all__ = ["TimedSocket", "basic_credentials", "open_tunnel", "seconds_left"]

CHUNK = 65_536  # bytes that are sent before the time is looked at again


class TimedSocket:
    """A socket for `http.client` of which every wait ends at one time, so that a trickle of bytes cannot hold it."""

    def __init__(self, raw: socket.socket, until: float, clock: Callable[[], float]) -> None:
        self._raw, self._until, self._clock = raw, until, clock

    def sendall(self, data: bytes) -> None:
        """Send all of it in time."""
        for start in range(0, len(data), CHUNK):
            self._raw.settimeout(seconds_left(self._until, self._clock))
            self._raw.sendall(data[start : start + CHUNK])

    def receive(self, buffer: Any) -> int:
        """Read what there is into a buffer, and return how many bytes that is."""
        self._raw.settimeout(seconds_left(self._until, self._clock))
        return self._raw.recv_into(buffer)

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        """Return a file to read from."""
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Leave the socket open: the client calls this before the body is read; `Endpoint` closes it."""


class _Reader(io.RawIOBase):
    def __init__(self, source: TimedSocket) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._source.receive(buffer)


def seconds_left(until: float, clock: Callable[[], float]) -> float:
    """Return the time that is left, or raise `TimeoutError`."""
    left = until - clock()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left


def open_tunnel(connection: TimedSocket, proxy: SplitResult, host: str, port: int) -> None:
    """Ask a proxy to connect to `host`; what is sent from then on is the host's.

    Raises
    ------
    DeliveryError
        If the proxy does not.
    """
    name = f"[{host}]" if ":" in host else host.encode("idna").decode()
    lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
    if credentials := basic_credentials(proxy):
        lines.append(f"Proxy-Authorization: {credentials}")
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    response = http.client.HTTPResponse(connection, method="CONNECT")  # type: ignore[arg-type]  # it asks for a file alone
    response.begin()
    if response.status != 200:
        raise DeliveryError(
            f"the proxy {proxy.hostname} answered {response.status} and does not connect to {name}.",
            permanent=response.status in {403, 407},
        )


def basic_credentials(parts: SplitResult) -> str | None:
    """Return the value of the header for the user and the password of a URL, if it has them."""
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
