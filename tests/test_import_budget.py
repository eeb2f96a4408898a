"""`import driftwatch` loads nothing heavy: checked in a fresh process, on `sys.modules`."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = frozenset(
    {"numpy", "scipy", "numba", "pandas", "jax", "torch", "typer", "rich", "pyarrow", "narwhals", "polars"}
    | {"array_api_compat", "array_api_extra", "cupy", "starlette", "redis", "confluent_kafka"}
)
PROBE = "import json, sys\nbefore = set(sys.modules)\n{}\nprint(json.dumps(sorted(set(sys.modules) - before)))"


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a fresh process has loaded after the statement and not before."""
    # the path of this process, so that the same driftwatch is found wherever it is installed
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))}
    code = PROBE.format(statement)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize("statement", ["import driftwatch", "import driftwatch; dir(driftwatch); driftwatch.errors"])
def test_import_loads_nothing_heavy(statement: str) -> None:
    assert loaded_by(statement) & HEAVY == set()


def test_streams_load_no_client_of_a_broker_before_it_is_used() -> None:
    loaded = loaded_by("from driftwatch.streaming import KafkaSource, RedisSource, Worker, open_source")
    assert loaded & {"redis", "confluent_kafka", "typer", "pandas"} == set()


def test_alerts_load_no_library_before_it_is_used() -> None:
    loaded = loaded_by("from driftwatch.alerting import AppriseNotifier, EmailNotifier, SlackNotifier, WebhookNotifier")
    assert loaded & {"apprise", "numpy", "typer"} == set()


def test_metrics_and_reports_for_mlflow_load_no_client_before_it_is_used() -> None:
    loaded = loaded_by(
        "from driftwatch.metrics import DriftCollector, check_spans, observe_store, render_metrics\n"
        "from driftwatch.integrations.mlflow import log_report"
    )
    assert loaded & {"prometheus_client", "opentelemetry", "mlflow", "typer", "pandas"} == set()


def test_the_page_for_prometheus_needs_the_standard_library_only() -> None:
    statement = (
        "import tempfile, pathlib\n"
        "from driftwatch.metrics import render_metrics\n"
        "from driftwatch.store import SQLiteStore\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    with SQLiteStore(pathlib.Path(folder) / 'a.db') as store:\n"
        "        render_metrics(store)"
    )
    assert loaded_by(statement) & HEAVY == set()


def test_alerts_load_nothing_heavy_before_a_window_is_judged() -> None:
    loaded = loaded_by("from driftwatch.alerting import AlertManager, LogNotifier; AlertManager([LogNotifier('log')])")
    assert loaded & HEAVY == set()


def test_the_middleware_loads_no_framework_and_no_reader_of_json_before_it_is_used() -> None:
    loaded = loaded_by("from driftwatch.middleware import DriftMiddleware, status_app")
    assert loaded & {"starlette", "fastapi", "orjson", "msgspec", "pydantic", "sqlite3", "typer", "pandas"} == set()


def test_the_dashboard_loads_no_framework_before_it_is_built() -> None:
    loaded = loaded_by("from driftwatch.dashboard import dashboard")
    assert loaded & {"starlette", "anyio", "uvicorn", "streamlit", "typer", "pandas"} == set()


def test_the_probe_sees_a_heavy_import() -> None:
    assert loaded_by("import numpy") & HEAVY == {"numpy"}


def test_errors_can_be_caught_without_loading_anything_heavy() -> None:
    assert loaded_by("from driftwatch.errors import DriftDetectedError") & HEAVY == set()


def test_every_public_name_resolves() -> None:
    import driftwatch

    assert [name for name in driftwatch.__all__ if getattr(driftwatch, name, None) is None] == []
    assert set(driftwatch.__all__) <= set(dir(driftwatch))
