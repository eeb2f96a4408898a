"""Asks for something of each extra where none is installed, and prints what is said, as JSON: `missing_extras.py DIR`.

Runs in an environment that holds the core alone, in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from driftwatch import Monitor, Profile
from driftwatch.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(sys.argv[1])
RNG = np.random.default_rng(0)
TABLE = {"x": RNG.normal(size=200)}
MONITOR = Monitor(TABLE)


def cli() -> None:
    """Run the program as it was installed."""
    program = Path(sys.executable).parent / "driftwatch"
    done = subprocess.run([program, "check", "a.csv", "b.csv"], capture_output=True, text=True, check=False)
    if (done.returncode, done.stdout) != (2, ""):
        raise AssertionError(f"wanted exit code 2 and no output, got {done!r}")
    raise MissingExtraError(done.stderr)


def plot() -> None:
    MONITOR.over_time({"x": RNG.normal(size=400)}, window=200).plot()


def sklearn() -> None:
    from driftwatch.detectors import ClassifierDetector

    vectors = {"v": RNG.normal(size=(200, 4))}
    report = Monitor(vectors, detectors=[ClassifierDetector()]).check(vectors)
    # a detector that fails costs its feature the verdict and nothing else: the reason is in the report
    raise MissingExtraError(report.features["v"].reason)


def safetensors() -> None:
    Profile.fit(TABLE).save(FOLDER / "reference.safetensors")


def redis() -> None:
    from driftwatch.streaming import open_source

    open_source("redis://localhost:1/0?stream=rows")


def kafka() -> None:
    from driftwatch.streaming import open_source

    open_source("kafka://localhost:1/topic")


def postgres() -> None:
    from driftwatch.store import open_store

    open_store("postgresql://localhost:1/driftwatch")


def prometheus() -> None:
    from driftwatch.metrics import DriftCollector
    from driftwatch.store import SQLiteStore

    with SQLiteStore(FOLDER / "driftwatch.db") as store:
        DriftCollector(store)


def apprise() -> None:
    from driftwatch.alerting import AppriseNotifier

    AppriseNotifier("ops", urls=["json://localhost"])


def otel() -> None:
    from driftwatch.metrics import check_spans

    check_spans()


def mlflow() -> None:
    from driftwatch.integrations.mlflow import log_report

    log_report(MONITOR.check(TABLE))


def shap() -> None:
    from driftwatch.explain._shap import tree_adapter

    tree_adapter(object(), None)


def dashboard() -> None:
    from driftwatch.dashboard import dashboard as page

    page(FOLDER / "driftwatch.db")


def streamlit() -> None:
    from driftwatch.dashboard.streamlit_app import main

    main([])


def dask() -> None:
    import driftwatch.distributed.dask as clusters

    clusters.check(object(), MONITOR)


ASKED: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        cli,
        plot,
        sklearn,
        shap,
        safetensors,
        redis,
        kafka,
        postgres,
        prometheus,
        apprise,
        otel,
        mlflow,
        dashboard,
        streamlit,
        dask,
    )
}


def said(ask: Callable[[], None]) -> str:
    """Return what came instead of the thing that was asked for."""
    try:
        ask()
    except MissingExtraError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the test shows what it was
        return f"{type(error).__name__}: {error}"
    return "nothing"


if __name__ == "__main__":
    json.dump({extra: said(ask) for extra, ask in ASKED.items()}, sys.stdout)
