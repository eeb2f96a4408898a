"""A sender of alerts in a process of its own, to be killed: `python -m kill_sender STORE URL`."""

from __future__ import annotations

import sys
import threading

from driftwatch.alerting import AlertManager, Delivery, WebhookNotifier
from driftwatch.store import SQLiteStore

LEASE = 0.5  # seconds: what a killed sender holds is sent again soon

if __name__ == "__main__":
    path, url = sys.argv[1:]
    manager = AlertManager([WebhookNotifier("ops", url=url)])
    with SQLiteStore(path) as store:
        Delivery(manager, store, poll=0.02, lease=LEASE, backoff=0.05, backoff_max=0.2).start()
        threading.Event().wait()
