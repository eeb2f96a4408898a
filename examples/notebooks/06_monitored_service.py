# %% [markdown]
# # A monitored service with alerts
#
# A model behind HTTP, watched by one line of middleware. Flights of January come in, then flights of July, of which nobody told the model. The
# windows drift, and one signed alert arrives. Everything runs on this machine and ends by itself.

# %%
import base64
import http.client
import json
import math
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from driftwatch import DriftReport, Profile, datasets
from driftwatch.alerting import AlertManager, DatasetDrift, Receiver, WebhookNotifier
from driftwatch.middleware import DriftMiddleware, status_app
from driftwatch.store import SQLiteStore

HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()
sys.path.insert(0, str(HERE.parent / "fastapi_app"))
from receiver import WebhookReceiver  # noqa: E402 - stands for the service that gets the alerts, and checks signatures

# %% [markdown]
# ## Model and reference
#
# What the model is does not matter here: a probability that a flight arrives late, from its delay at departure. The reference is what
# the service will see while all is well, predictions included.

# %%
FEATURES = ["dep_delay", "air_time", "distance", "hour", "carrier", "origin"]


def predict_one(flight: dict) -> float:
    """Return how likely a flight is to arrive late."""
    return 1.0 / (1.0 + math.exp(-(flight["dep_delay"] - 15.0) / 10.0))


def flights(side: str) -> list[dict]:
    """Return the flights of January or July in random order."""
    loaded = datasets.load("flights")
    table = {"January": loaded.reference, "July": loaded.current}[side].select(FEATURES).drop_null()
    return table.take(np.random.default_rng(0).permutation(table.num_rows)).to_pylist()


january, july = flights("January"), flights("July")
seen, january = january[:6_000], january[6_000:]
reference = {name: [flight[name] for flight in seen] for name in FEATURES}
reference["p_late"] = [predict_one(flight) for flight in seen]

folder = Path(tempfile.mkdtemp())
Profile.fit(reference).save(folder / "reference.npz")
print(
    f"reference of {len(seen):,} flights, {(folder / 'reference.npz').stat().st_size / 1000:.0f} kB, without their rows"
)

# %% [markdown]
# ## The service
#
# The middleware forwards first and looks afterwards. `window=1000` judges each thousand flights; an alert needs two drifted windows in a row,
# as one may be chance.

# %%
WINDOW = 1_000
signing_key = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
token = secrets.token_urlsafe()
receiver = WebhookReceiver(signing_key)
receiver.__enter__()


async def predict(request: Request) -> JSONResponse:
    """Answer a question about many flights."""
    instances = (await request.json())["instances"]
    return JSONResponse({"predictions": [predict_one(flight) for flight in instances]})


pager = WebhookNotifier("pager", url=receiver.url, secrets=[signing_key])
app = Starlette(routes=[Route("/predict", predict, methods=["POST"]), Mount("/driftwatch", status_app(token=token))])
app.add_middleware(
    DriftMiddleware,
    monitor=folder / "reference.npz",
    roles={"p_late": "prediction"},
    features="$.instances",
    predictions="$.predictions",
    paths=["/predict"],
    window=WINDOW,
    store=folder / "driftwatch.db",
    stream="flights",
    alerts=AlertManager([Receiver(pager)], rules=[DatasetDrift(for_=2)]),
    flush_every=0.2,
)

# %%
PATIENCE = 60.0


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Return once a condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.05)


server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False))
thread = threading.Thread(target=server.run)
thread.start()
wait_for(lambda: server.started, "the service to start")
port = server.servers[0].sockets[0].getsockname()[1]


def ask(method: str, path: str, document: object = None) -> dict | list:
    """Send a request to the service, and return its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection.request(method, path, None if document is None else json.dumps(document), headers)
    answer = connection.getresponse()
    assert answer.status == 200
    text = answer.read()
    connection.close()
    return json.loads(text)


def send(rows: list[dict]) -> None:
    """Ask about flights, 50 at a time, and wait until all windows of them are judged."""
    before = len(ask("GET", "/driftwatch/history"))
    for start in range(0, len(rows), 50):
        ask("POST", "/predict", {"instances": rows[start : start + 50]})
    wanted = before + len(rows) // WINDOW
    wait_for(lambda: len(ask("GET", "/driftwatch/history")) >= wanted, "the windows to be judged")


# %% [markdown]
# ## January, then July

# %%
send(january[: 3 * WINDOW])
n_alerts_in_january = receiver.alerts.qsize()
send(july[: 3 * WINDOW])
alert = receiver.alerts.get(timeout=PATIENCE)

print(f"alerts while January went on: {n_alerts_in_january}")
print(f"then one came, its signature is right: {alert['type']}")
for one in alert["data"]["alerts"]:
    print(f"  {one['labels']['alertname']} ({one['labels']['severity']}): {one['annotations']['summary']}")

# %%
status = ask("GET", "/driftwatch/status")
counters = status["streams"]["flights"]["counters"]
dropped = sum(n for name, n in counters.items() if name.startswith(("dropped", "unpaired")))
print(f"{counters['rows']:,} flights and {counters['predictions']:,} predictions counted, {dropped} dropped")

server.should_exit = True
thread.join(PATIENCE)
receiver.__exit__()

# %% [markdown]
# ## Afterwards
#
# The service is gone, and its store has the windows, the verdicts and the reports.

# %%
with SQLiteStore(folder / "driftwatch.db") as store:
    runs = sorted(store.runs("flights"), key=lambda run: run.key.start)
    reports = [DriftReport.from_json(store.report(run.id)) for run in runs]
for run, report in zip(runs, reports, strict=True):
    print(f"rows {run.key.start} to {run.key.stop}: {report.verdict.value:8}  {', '.join(report.drifted_features)}")

# %% tags=["claims"]
assert n_alerts_in_january == 0
assert receiver.alerts.empty()
assert counters["rows"] == counters["predictions"] == 6 * WINDOW
assert dropped == 0
assert [report.drift_detected for report in reports] == [False] * 3 + [True] * 3
assert all("p_late" in report.drifted_features for report in reports[3:])
assert all({"dep_delay", "air_time"} <= set(report.drifted_features) for report in reports[3:])
assert not any({"hour", "distance", "origin"} & set(report.drifted_features) for report in reports)

# %% [markdown]
# Three calm windows, three drifted ones, one message. Inputs drifted (`dep_delay`, `air_time`), and with them the predictions; `hour`, `distance` and
# `origin` did not. The reports were made of counts, no flight was kept, and they can be drawn all the same.

# %%
# Picture: What the model predicts, in the reference and in the last window: more flights are likely to be late
reports[-1].plot("p_late")

# %% [markdown]
# The same with FastAPI, several worker processes and a trained model: `python examples/fastapi_app/run.py`. What else the middleware can do
# is on [its page](../../docs/middleware.md), and alerts are on [theirs](../../docs/alerts.md).
