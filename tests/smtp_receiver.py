"""A small SMTP server on loopback, of the standard library, that answers as it is told."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Mailbox", "running_mailbox"]

STALL_LIMIT = 20.0  # seconds, should nobody hang up


@dataclass
class Mailbox:
    """`answers` maps the first word of a command to what is said in the place of the usual answer."""

    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    trickles: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def running_mailbox() -> Iterator[Mailbox]:
    """Run a server without TLS on a free port."""
    box = Mailbox()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")
            self.wfile.flush()

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.talk()

        def talk(self) -> None:
            if box.trickles:
                until = time.monotonic() + STALL_LIMIT
                while time.monotonic() < until and not box.stopping.wait(0.05):
                    self.wfile.write(b"2")
                    self.wfile.flush()
                return
            self.say(box.answers.get("hello", "220 box"))
            to: list[str] = []
            while line := self.rfile.readline().decode("utf-8", "replace").strip():
                word = line.split(" ")[0].split(":")[0].upper()
                if word == "RCPT":
                    address = line.partition("<")[2].partition(">")[0]
                    answer = box.answers.get(f"RCPT {address}", box.answers.get(word, "250 ok"))
                    if answer.startswith("2"):
                        to.append(address)
                    self.say(answer)
                elif word == "DATA" and word not in box.answers:
                    self.say("354 go on")
                    lines = []
                    while (got := self.rfile.readline()) != b".\r\n":
                        lines.append(got)
                    box.mails.append(b"".join(lines))
                    box.recipients.append(to)
                    self.say("250 kept")
                elif word == "QUIT" and word not in box.answers:
                    self.say("221 bye")
                    return
                elif box.answers.get(word) == "nothing":
                    box.stopping.wait(STALL_LIMIT)
                else:
                    self.say(box.answers.get(word, "250 ok"))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield box
        finally:
            box.stopping.set()
            server.shutdown()
            thread.join(5)
