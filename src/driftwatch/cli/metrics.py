"""`driftwatch metrics` (layer 5): a store in, Prometheus' text out, once or as a page."""

from __future__ import annotations

import re
import signal
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from driftwatch.cli.exitcodes import ExitCode
from driftwatch.cli.signals import stopped_by_signals
from driftwatch.cli.stores import existing_store
from driftwatch.cli.streams import STDIO, check_destination, note, write_data, write_file
from driftwatch.errors import ConfigError, DriftwatchError, StoreError

if TYPE_CHECKING:
    from driftwatch.metrics import PrometheusText

__all__ = ["run_metrics"]

PAGE = "/metrics"
DEFAULT_HOST = "127.0.0.1"
REQUEST_WITHIN = 10.0  # seconds that a client may take to say what it wants
_ADDRESS = re.compile(r"(?:(?P<host>[^\[\]:]+|\[[0-9a-fA-F:.]+\]):)?(?P<port>[0-9]{1,5})")


def run_metrics(store: str, *, output: str | None, serve: str | None, top: str) -> int:
    """Write the metrics of a store, or serve them until a signal comes, and return the exit code.

    Parameters
    ----------
    store : str
        Path, or address of a server.
    output : str, optional
        A file to replace, in place of standard output.
    serve : str, optional
        `HOST:PORT` or `PORT` of a page, in place of both.
    top : str
        Features with series of their own: a number, or `all`.
    """
    if serve is not None and output is not None:
        raise ConfigError("give either `--serve` or `--output`: a page is no file.")
    if top != "all" and not top.isdecimal():
        raise ConfigError(f"`--top` must be a number of features or `all`, got {top!r}.")
    address = None if serve is None else _address(serve)
    check_destination(output, (store,))

    from driftwatch.metrics import PrometheusText

    with existing_store(store) as opened:
        text = PrometheusText(opened, top=None if top == "all" else int(top))
        if address is not None:
            return _serve(text, *address)
        page = text.render()
    if output is None or output == STDIO:
        write_data(page.decode())
    else:
        write_file(output, page)
    return ExitCode.OK


def _address(text: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65_535:
        raise ConfigError(f"`--serve` must be HOST:PORT or PORT, got {text!r}.")
    return (found["host"] or DEFAULT_HOST).strip("[]"), int(found["port"])


def _serve(text: PrometheusText, host: str, port: int) -> int:
    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    shown = f"[{host}]" if ":" in host else host
    try:
        server = Server((host, port), _handler(text))
    except OSError as error:
        raise DriftwatchError(f"cannot listen on {shown}:{port}: {error.strerror}. Name another one.") from error
    # `shutdown` waits until the loop has ended, so it must not be called by the thread that runs the loop
    with server, stopped_by_signals(threading.Thread(target=server.shutdown).start) as came:
        note(f"serving http://{shown}:{server.server_address[1]}{PAGE}; end with Ctrl-C or SIGTERM")
        server.serve_forever(poll_interval=0.2)
    return ExitCode.INTERRUPTED if signal.SIGINT in came else ExitCode.OK


def _handler(text: PrometheusText) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        timeout = REQUEST_WITHIN

        def do_GET(self) -> None:
            status, kind, body = HTTPStatus.OK, text.content_type, b""
            if self.path.partition("?")[0] != PAGE:
                status, kind, body = HTTPStatus.NOT_FOUND, "text/plain", f"the metrics are at {PAGE}\n".encode()
            else:
                try:
                    body = text.render()
                except StoreError as error:  # an empty page would look like models without drift
                    note(f"error: {error}")
                    status, kind, body = HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"the store cannot be read\n"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def version_string(self) -> str:
            return "driftwatch"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Say nothing: a scrape every few seconds is no news."""

    return Page
