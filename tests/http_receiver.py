"""An HTTP receiver on loopback that answers as it is told, and keeps what it got."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

__all__ = ["Received", "Receiver", "running_receiver"]

STALL_LIMIT = 20.0  # seconds, should nobody hang up


@dataclass(frozen=True)
class Received:
    """One request: the names of its headers are lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers are used up one by one; the last one stays.

    An answer is (status, headers, body), or a function that gets the handler and writes what it likes.
    """

    answers: list[Any] = field(default_factory=lambda: [(200, {}, b"ok")])
    received: list[Received] = field(default_factory=list)
    url: str = ""
    port: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def next_answer(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def stall(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer nothing."""
        del handler
        self.stopping.wait(STALL_LIMIT)

    def trickle(self, handler: BaseHTTPRequestHandler) -> None:
        """Begin an answer and go on with a byte now and then, so that no single read waits for long."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        until = time.monotonic() + STALL_LIMIT
        with contextlib.suppress(OSError):
            while time.monotonic() < until and not self.stopping.wait(0.05):
                handler.wfile.write(b"x")
                handler.wfile.flush()

    def hang_up(self, handler: BaseHTTPRequestHandler) -> None:
        """Close before any answer."""
        handler.connection.shutdown(socket.SHUT_RDWR)

    def close_within(self, status: int) -> Callable[[BaseHTTPRequestHandler], None]:
        """Promise a hundred bytes and close after ten."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Content-Length", "100")
            handler.end_headers()
            handler.wfile.write(b"x" * 10)
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)

        return answer


@contextlib.contextmanager
def running_receiver(*answers: Any, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver on a free port of loopback."""
    receiver = Receiver(list(answers) or [(200, {}, b"ok")])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            answer = receiver.next_answer()
            self.close_connection = True
            if callable(answer):
                answer(self)
                return
            status, further, content = answer
            self.send_response(status)
            for name, value in further.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_CONNECT(self) -> None:
            """Answer as a proxy that connects if it is told to answer 200."""
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(f"CONNECT {self.path}", headers, b""))
            status, _, _ = receiver.next_answer()
            self.close_connection = True
            self.send_response(status)
            self.end_headers()
            if status == 200:
                self.relay(int(self.path.rpartition(":")[2]))

        def relay(self, port: int) -> None:
            """Pass bytes on to that port of loopback and back, whatever host was named."""
            with socket.create_connection(("127.0.0.1", port)) as other:
                ends = {self.connection: other, other: self.connection}
                while not receiver.stopping.is_set():
                    for end in select.select(list(ends), [], [], 0.05)[0]:
                        data = end.recv(65_536)
                        if not data:
                            return
                        ends[end].sendall(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.port = server.server_port
    receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{receiver.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
