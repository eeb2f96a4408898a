"""Stands for the service that gets the alerts: checks the signature of each message after Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

MAX_BODY = 1_000_000
MAX_AGE = 300.0  # seconds, so that nobody sends an old message again


class WebhookReceiver:
    """Receives alerts on a free port of this machine; `alerts` holds those whose signature was right."""

    def __init__(self, secret: str) -> None:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        alerts: queue.Queue[dict[str, Any]] = queue.Queue()
        self.alerts = alerts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(min(int(self.headers["Content-Length"]), MAX_BODY))
                known = is_signed(key, dict(self.headers), body)
                if known:
                    alerts.put(json.loads(body))
                self.send_response(204 if known else 401)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing: what arrives is printed elsewhere."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def is_signed(key: bytes, headers: dict[str, str], body: bytes) -> bool:
    """Return whether a message comes from who has the key, is whole, and is new."""
    found = {name.lower(): value for name, value in headers.items()}
    try:
        sent = f"{found['webhook-id']}.{found['webhook-timestamp']}.".encode()
        is_new = abs(time.time() - int(found["webhook-timestamp"])) < MAX_AGE
        signatures = found["webhook-signature"].split()
    except (KeyError, ValueError):
        return False
    right = "v1," + base64.b64encode(hmac.new(key, sent + body, hashlib.sha256).digest()).decode()
    return is_new and any(hmac.compare_digest(given, right) for given in signatures)
