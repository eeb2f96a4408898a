"""A model behind HTTP, watched for drift. `run.py` starts it; README.md says how to start it alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import joblib
from fastapi import FastAPI
from pydantic import BaseModel

from driftwatch.alerting import AlertManager, DatasetDrift, Receiver, Secret, WebhookNotifier
from driftwatch.middleware import DriftMiddleware, status_app

FOLDER = Path(os.environ["FLIGHTS_FOLDER"])

model = joblib.load(FOLDER / "model.joblib")
app = FastAPI()


class Flight(BaseModel):
    """What is known about a flight when it leaves."""

    dep_delay: float
    air_time: float
    distance: float
    hour: int
    carrier: str
    origin: Literal["EWR", "JFK", "LGA"]


class Question(BaseModel):
    """One flight or many."""

    instances: list[Flight]


@app.post("/predict")
def predict(question: Question) -> dict[str, list[float]]:
    """Say how likely each flight is to arrive late."""
    rows = [flight.model_dump() for flight in question.instances]
    return {"predictions": model.predict_proba(rows)[:, 1].tolist() if rows else []}


alerts = AlertManager(
    [
        Receiver(
            WebhookNotifier(
                "ops",
                url=Secret.from_text("${ALERT_URL}"),
                secrets=[Secret.from_text("${ALERT_SECRET}")],
            )
        )
    ],
    rules=[DatasetDrift(for_=2)],  # one bad window may be chance, two in a row are not
)

# The one line: everything below is where things stand, and how often to look.
app.add_middleware(
    DriftMiddleware,
    monitor=FOLDER / "reference.npz",
    roles={"p_late": "prediction"},
    features="$.instances",
    predictions="$.predictions",
    paths=["/predict"],
    window=1000,
    store=FOLDER / "driftwatch.db",
    stream="flights",
    alerts=alerts,
    flush_every=0.5,  # the default of 5 seconds is better for a service that runs longer than this demonstration
)
app.mount("/driftwatch", status_app(token=os.environ["STATUS_TOKEN"]))
