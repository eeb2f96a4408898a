"""One POST, carefully (layer 5): bounded in time and size, no redirects, and nothing secret in what is said about it.

The standard library's client: it takes a socket that is connected already, so that the address which was checked is the one
that is used, with the name kept for TLS and `Host`. Proxies of the environment are not asked, for the same reason; one can be named.
"""

from __future__ import annotations

import functools
import hashlib
import http.client
import re
import socket
import ssl
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from driftwatch._version import version
from driftwatch.alerting._addresses import connected, resolved
from driftwatch.alerting._answers import Answer, answer_of, refusal_of
from driftwatch.alerting._sockets import TimedSocket, basic_credentials, open_tunnel, seconds_left
from driftwatch.errors import ConfigError, DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch.alerting.secrets import Secret

__all__ = ["Endpoint", "split_url"]

CONNECT_TIMEOUT = 5.0
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL that messages are posted to.

    Parameters
    ----------
    url : Secret
        `http://` or `https://`; a user and a password in it are sent as Basic authentication.
    timeout : float
        Seconds for the whole exchange, however slowly the receiver answers. Looking up the name is bounded by the system.
    block_private : bool
        Connect to addresses of the public internet only.
    ca_file : str, optional
        Certificates to trust in the place of the system's.
    resolve : callable
        As `socket.getaddrinfo`.
    clock : callable
        Seconds of a clock that only goes forward.
    path : str
        What follows the path of `url`.
    proxy : Secret, optional
        URL of an HTTP proxy to go through, `http://[user:password@]host:port`.
    """

    url: Secret
    timeout: float = 15.0
    block_private: bool = False
    ca_file: str | None = None
    resolve: Callable[..., list[Any]] = socket.getaddrinfo
    clock: Callable[[], float] = time.monotonic
    path: str = ""
    proxy: Secret | None = None

    def __post_init__(self) -> None:
        if self.proxy is not None and self.block_private:
            raise ConfigError("`block_private` and `proxy` exclude each other: a proxy looks up the names itself.")

    def at(self, path: str) -> Endpoint:
        """Return the endpoint of a path below this one."""
        return replace(self, path=path)

    def label(self) -> str:
        """Return the host and a short hash of the URL: enough to tell receivers apart, and nothing secret."""
        return _label(self.url.reveal())

    def post(self, body: bytes, headers: Mapping[str, str], *, accept: tuple[int, ...] = ()) -> Answer:
        """Post, and return the answer if it is a success or has a status of `accept`.

        Raises
        ------
        DeliveryError
            If it could not be delivered; `permanent` for an answer that the same message will get again.
        ConfigError
            If the secret URL cannot be read, or is none.
        """
        url = self.url.reveal()
        parts = split_url(url)
        label = _label(url)
        try:
            answer = self._exchange(parts, body, headers)
        except (ConfigError, DeliveryError):
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            # `from None`: what a client raises may hold the path or a header
            raise DeliveryError(f"{label} could not be reached: {_reason(error)}.") from None
        if answer.status < 300 or answer.status in accept:
            return answer
        hidden = [*_secret_parts(parts), *(value.split()[-1] for value in headers.values() if value.strip())]
        raise refusal_of(label, answer, hidden)

    def _exchange(self, parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> Answer:
        until = self.clock() + self.timeout
        host, port = _host_and_port(parts)
        path = (parts.path.rstrip("/") + self.path) if self.path else parts.path or "/"
        target = path + (f"?{parts.query}" if parts.query else "")
        proxy = None if self.proxy is None else split_url(self.proxy.reveal())
        if proxy is not None and proxy.scheme != "http":
            raise ConfigError(
                "a proxy is named by an http:// URL; what goes through it to https:// is encrypted anyway."
            )
        raw = self._connected(*_host_and_port(proxy or parts), label=_label(parts.geturl()), until=until)
        try:
            if proxy is not None and parts.scheme == "https":
                open_tunnel(TimedSocket(raw, until, self.clock), proxy, host, port)
            elif proxy is not None:
                target = f"http://{parts.netloc.rpartition('@')[2]}{target}"
                headers = {**headers, **_authorization("Proxy-Authorization", proxy)}
            if parts.scheme == "https":
                raw.settimeout(seconds_left(until, self.clock))
                raw = _context(self.ca_file).wrap_socket(raw, server_hostname=host)
            connection = http.client.HTTPConnection(host, port)
            connection.default_port = PORTS[parts.scheme]  # which is left out of `Host`
            connection.sock = TimedSocket(raw, until, self.clock)
            connection.request("POST", target, body, {**_standard_headers(parts), **headers})
            return answer_of(connection.getresponse())
        finally:
            raw.close()

    def _connected(self, host: str, port: int, *, label: str, until: float) -> socket.socket:
        entries = resolved(host, port, self.resolve, public_only=self.block_private)
        if not entries:
            raise DeliveryError(
                f"{label} has no public address, and `block_private` allows no other. "
                "Without it, receivers within your own network can be reached.",
                permanent=True,
            )
        return connected(entries, lambda: min(CONNECT_TIMEOUT, seconds_left(until, self.clock)))


def _host_and_port(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "", parts.port or PORTS[parts.scheme]


def split_url(url: str) -> SplitResult:
    """Return the parts of a URL that can be posted to.

    Raises
    ------
    ConfigError
        If it is none; the message never repeats it.
    """
    wanted = "a receiver's URL must begin with http:// or https:// and name a host"
    if re.search(r"[\x00-\x20\x7f]", url):
        raise ConfigError(f"{wanted}; this one holds spaces or control characters. Was a line's end copied with it?")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
        (parts.hostname or "").encode("idna")
        (parts.path + parts.query).encode("ascii")
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(f"{wanted}, in ASCII; this one does not. It is not shown, as it may hold a secret.")
    return parts


@functools.lru_cache(maxsize=8)
def _context(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _standard_headers(parts: SplitResult) -> dict[str, str]:
    return {"User-Agent": f"driftwatch/{version()}", "Connection": "close", **_authorization("Authorization", parts)}


def _authorization(name: str, parts: SplitResult) -> dict[str, str]:
    credentials = basic_credentials(parts)
    return {} if credentials is None else {name: credentials}


def _secret_parts(parts: SplitResult) -> list[str]:
    found = [*parts.path.split("/"), *re.split("[&=]", parts.query), parts.username or "", parts.password or ""]
    return [*found, *map(unquote, found)]


def _label(url: str) -> str:
    return f"{urlsplit(url).hostname} (url {hashlib.sha256(url.encode()).hexdigest()[:8]})"


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "it took too long to answer"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
