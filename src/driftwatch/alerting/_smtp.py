"""SMTP connections that end in time (layer 5), over the standard library's."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
from typing import Any

__all__ = ["SMTP", "SMTPWithTLS"]

LOOKS_EVERY = 0.5  # seconds


class _CutOff:
    """Cuts a connection when its time is over: a server that sends a byte now and then would hold it for ever."""

    sock: Any

    def __init__(self, limit: float, *args: Any, **kwargs: Any) -> None:
        self._over = threading.Event()
        threading.Thread(target=self._watch, args=(limit,), daemon=True).start()
        try:
            super().__init__(*args, timeout=limit, **kwargs)  # type: ignore[call-arg]  # of what this is mixed into
        except BaseException:
            self._over.set()
            raise

    def _watch(self, limit: float) -> None:
        self._over.wait(limit)
        while not self._over.is_set():  # more than once: there is no socket before the handshake is over
            sock = getattr(self, "sock", None)
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            self._over.wait(LOOKS_EVERY)

    def close(self) -> None:
        self._over.set()
        super().close()  # type: ignore[misc]  # likewise


class SMTP(_CutOff, smtplib.SMTP):
    """A connection that begins in the clear; `limit` is in seconds."""


class SMTPWithTLS(_CutOff, smtplib.SMTP_SSL):
    """A connection that is TLS from its first byte; `limit` is in seconds."""
