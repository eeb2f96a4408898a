"""A watched service from the first request to the alert, on this machine and in about half a minute.

Trains a model, starts its service in two processes, sends flights of January and then of July, and prints what follows.

Run: python examples/fastapi_app/run.py
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model import FEATURES, N_REFERENCE, N_TRAINING, flights, train
from receiver import WebhookReceiver

from driftwatch import DriftReport
from driftwatch.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

N_WORKERS = 2
WINDOW = 1000
N_CALM = N_DRIFTED = 3 * WINDOW
MAX_BATCH = 20  # flights in one request
N_CLIENTS = 8
PATIENCE = 60.0  # seconds for anything, on a busy machine


class Service:
    """The service of `service.py`, behind uvicorn."""

    def __init__(self, folder: Path, alert_url: str, alert_secret: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.token = secrets.token_urlsafe()
        settings = {
            "FLIGHTS_FOLDER": str(folder),
            "ALERT_URL": alert_url,
            "ALERT_SECRET": alert_secret,
            "STATUS_TOKEN": self.token,
        }
        command = [sys.executable, "-m", "uvicorn", "service:app", "--app-dir", str(Path(__file__).parent)]
        command += ["--port", str(self.port), "--workers", str(N_WORKERS), "--log-level", "warning", "--no-access-log"]
        self._process = subprocess.Popen(command, env={**os.environ, **settings})  # noqa: S603 - no word of it is foreign
        wait_for(self._is_up, "the service to start")

    def _is_up(self) -> bool:
        if self._process.poll() is not None:
            raise SystemExit("the service ended while it was starting")
        try:
            return self.ask("GET", "/driftwatch/healthz")[0] == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, document: object = None) -> tuple[int, str]:
        """Send a request, and return status and text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        try:
            connection.request(method, path, None if document is None else json.dumps(document), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def page(self, name: str) -> Any:
        """Return a page of `status_app`."""
        return json.loads(self.ask("GET", f"/driftwatch/{name}")[1])

    def stop(self) -> None:
        """End it as an operator does; every process writes what it has counted."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Return once a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited {PATIENCE:.0f} seconds for {what}")
        time.sleep(0.1)


def send(service: Service, rows: list[dict[str, Any]]) -> None:
    """Send flights as clients do: some at a time, several clients at once."""
    rng, questions = random.Random(0), []  # noqa: S311 - sizes of requests are no secret
    while rows:
        n = rng.randint(1, MAX_BATCH)
        questions.append({"instances": rows[:n]})
        rows = rows[n:]
    with ThreadPoolExecutor(N_CLIENTS) as clients:
        statuses = list(clients.map(lambda question: service.ask("POST", "/predict", question)[0], questions))
    print(f"  {len(statuses)} requests, {sum(status != 200 for status in statuses)} without an answer")


def show_windows(service: Service, start: int, stop: int) -> None:
    """Print how the windows of some rows were judged, once they are."""
    wanted = range(start, stop, WINDOW)
    wait_for(lambda: len(service.page("history")) >= stop // WINDOW, "the windows to be judged")
    for run in sorted(service.page("history"), key=lambda run: run["start"]):
        if run["start"] in wanted:
            status, text = service.ask("GET", f"/driftwatch/report?run={run['run']}")
            if status != 200:
                raise SystemExit(f"the report of a window did not come: {status} {text}")
            report = DriftReport.from_json(text)
            drifted = ", ".join(report.drifted_features)
            print(f"  rows {run['start']} to {run['stop']}: {run['verdict']} {drifted}".rstrip())


def main(folder: Path) -> None:
    """Do all of it."""
    accuracy, january = train(folder)
    print(f"A model of {N_TRAINING} flights in January: accuracy {accuracy:.3f}, reference of {N_REFERENCE} flights")
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    with WebhookReceiver(secret) as receiver:
        service = Service(folder, receiver.url, secret)
        try:
            print(f"The service runs in {N_WORKERS} processes, watched: {', '.join(FEATURES)}, p_late")

            print(f"{N_CALM} more flights of January")
            send(service, january[:N_CALM])
            show_windows(service, 0, N_CALM)
            print(f"  alerts: {receiver.alerts.qsize()}")

            print(f"{N_DRIFTED} flights of July, of which nobody told the model")
            send(service, flights("July", seed=0)[0][:N_DRIFTED])
            show_windows(service, N_CALM, N_CALM + N_DRIFTED)

            wait_for(receiver.alerts.qsize, "the alert")
            message = receiver.alerts.get()
            print(f"Alert arrived, its signature is right: {message['type']}")
            for alert in message["data"]["alerts"]:
                print(f"  {alert['labels']['alertname']} ({alert['labels']['severity']})")
                print(f"  {alert['annotations']['summary']}")

            counters = service.page("status")["streams"]["flights"]["counters"]
            print(
                "Status page: " + ", ".join(f"{name} {counters[name]}" for name in ("rows", "predictions", "windows"))
            )
            dropped = {name: n for name, n in counters.items() if name.startswith(("dropped", "unpaired")) and n}
            print(f"  dropped: {dropped or 'nothing'}")
        finally:
            service.stop()
    with open_store(folder / "driftwatch.db") as store:
        left = {letter.state for letter in store.letters()}
        print(f"Ended. The store keeps {len(store.runs('flights'))} reports; messages: {', '.join(sorted(left))}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        main(Path(made))
