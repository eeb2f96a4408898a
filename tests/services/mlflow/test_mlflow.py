"""Reports in a real MLflow server and in an SQLite store: what its own client reads back is the oracle."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from driftwatch import Monitor, Profile
from driftwatch.integrations.mlflow import ReportLogger, log_report
from driftwatch.integrations.mlflow_names import metric_key, original_name
from driftwatch.report.model import DriftReport
from driftwatch.scoring import Judge, ProfileScorer
from driftwatch.store import OpenWindow, SQLiteStore, WindowKey
from metrics_samples import hostile_report, report_with_everything
from mlflow_server import MlflowServer
from report_samples import drifted, feature, report

if TYPE_CHECKING:
    from collections.abc import Iterator

# of MLflow's own code, about the libraries that it uses
pytestmark = [pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("DeprecationWarning", "FutureWarning")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    started = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    started.start()
    yield started
    started.stop()


@pytest.fixture(params=["server", "sqlite"])
def client(server: MlflowServer, request: pytest.FixtureRequest) -> MlflowClient:
    """Return a client of the server, and one of its database: the server has made the tables."""
    return MlflowClient(server.uri if request.param == "server" else server.database)


@pytest.fixture
def run_id(client: MlflowClient, tmp_path: Path) -> str:
    """Return a run of an experiment whose artifacts are in a folder where there is no server."""
    place = None if str(client.tracking_uri).startswith("http") else str(tmp_path / "artifacts")
    experiment = client.create_experiment(str(tmp_path), place)
    run: str = client.create_run(experiment).info.run_id
    return run


def artifact(client: MlflowClient, run_id: str, path: str) -> str:
    return Path(client.download_artifacts(run_id, path)).read_text("utf-8")


def test_a_report_is_there_whole(client: MlflowClient, run_id: str) -> None:
    whole = report_with_everything()
    logged = log_report(whole, run_id=run_id, client=client, strict=True)
    run = client.get_run(run_id)
    assert logged.n_metrics == len(run.data.metrics) > 15
    assert run.data.metrics["driftwatch/feature_drift_score/price/psi"] == 0.83
    assert run.data.metrics["driftwatch/performance/accuracy/current"] == 0.7
    assert run.data.tags["driftwatch.verdict"] == "drift"
    assert DriftReport.from_json(artifact(client, run_id, "driftwatch/report.json")) == whole
    assert artifact(client, run_id, "driftwatch/report.md") == whole.to_markdown()
    listed = {item.path for item in client.list_artifacts(run_id, "driftwatch")}
    assert listed == set(logged.artifacts)


def test_the_run_stays_as_its_owner_has_it(client: MlflowClient, run_id: str) -> None:
    log_report(report([feature("x")]), run_id=run_id, client=client, strict=True)
    assert client.get_run(run_id).info.status == "RUNNING"
    client.set_terminated(run_id, "FAILED")
    log_report(report([feature("x")]), run_id=run_id, client=client, strict=True, step=1)
    assert client.get_run(run_id).info.status == "FAILED"


def test_hostile_names_arrive_and_come_back(client: MlflowClient, run_id: str) -> None:
    whole = hostile_report()
    log_report(whole, run_id=run_id, client=client, strict=True)
    keys = [key for key in client.get_run(run_id).data.metrics if key.startswith("driftwatch/feature_effect/")]
    assert len(keys) == len(whole.features)
    back = {original_name(key.rpartition("/")[2]) for key in keys if "--" not in key}
    # half a surrogate pair, which no text on a wire can hold, is its escape in all metrics
    assert back == {name.replace("\ud800", r"\ud800") for name in whole.features if len(name) < 1_000}


def test_more_metrics_than_a_request_takes(client: MlflowClient, run_id: str) -> None:
    whole = report([drifted(f"feature {i}") for i in range(400)])
    logged = log_report(whole, run_id=run_id, client=client, strict=True, timeout=120)
    assert logged.n_metrics == len(client.get_run(run_id).data.metrics) > 1_000
    assert "driftwatch/features_omitted" in client.get_run(run_id).data.metrics


def test_the_profile_is_an_artifact_that_loads(client: MlflowClient, run_id: str) -> None:
    profile = Profile.fit({"x": np.random.default_rng(0).normal(size=500)})
    logged = log_report(report(), run_id=run_id, client=client, profile=profile, strict=True)
    assert logged.artifacts[-1] == "driftwatch/profile.dwp"
    back = Profile.load(client.download_artifacts(run_id, logged.artifacts[-1]))
    assert back.summary.frame == profile.summary.frame


def test_steps_are_the_history_of_a_metric(client: MlflowClient, run_id: str) -> None:
    for step, effect in enumerate([0.1, 0.2, 0.3]):
        log_report(report([feature("x", effect=effect)]), run_id=run_id, client=client, step=step, strict=True)
    history = client.get_metric_history(run_id, metric_key("driftwatch", "feature_effect", "x"))
    assert [(point.step, point.value) for point in history] == [(0, 0.1), (1, 0.2), (2, 0.3)]
    assert {item.path for item in client.list_artifacts(run_id, "driftwatch")} == {f"driftwatch/{i}" for i in range(3)}


def test_a_run_that_is_not_there_is_told_and_not_raised(client: MlflowClient) -> None:
    logged = log_report(report([feature("x")]), run_id="0" * 32, client=client)
    assert logged.n_metrics == 0
    assert "0" * 32 in str(logged.error)


def test_the_active_run_is_taken_and_stays_active(server: MlflowServer) -> None:
    mlflow.set_tracking_uri(server.uri)
    try:
        rng = np.random.default_rng(0)
        found = Monitor({"x": rng.normal(size=500)}).check({"x": rng.normal(2.0, size=500)})
        with mlflow.start_run() as run:
            logged = log_report(found, strict=True)
            active: Any = mlflow.active_run()
            assert active.info.run_id == run.info.run_id == logged.run_id
        assert mlflow.get_run(run.info.run_id).data.metrics["driftwatch/dataset_drifted"] == 1.0
    finally:
        mlflow.set_tracking_uri(None)


def test_judged_windows_are_steps_of_a_run(client: MlflowClient, run_id: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scorer = ProfileScorer(Profile.fit({"x": rng.normal(size=1_000)}))
    logger = ReportLogger(run_id, client=client)
    with SQLiteStore(tmp_path / "driftwatch.db") as store:
        judge = Judge("s", store, scorer, on_window=logger)
        for i, mean in enumerate((0.0, 3.0)):
            key, state = WindowKey(i, i + 1), scorer.count([{"x": value} for value in rng.normal(mean, size=300)])
            with store.transaction() as transaction:
                transaction.put_window_part("s", key, "p", state.to_bytes(), n_rows=300)
            assert judge(OpenWindow(key, 300))
    assert (logger.n_logged, logger.n_failed) == (2, 0)
    history = client.get_metric_history(run_id, "driftwatch/dataset_drifted")
    assert [point.value for point in history] == [0.0, 1.0]


def test_a_server_that_went_away_costs_the_given_time_and_no_more(tmp_path: Path) -> None:
    own = MlflowServer(tmp_path)
    own.start()
    try:
        client = MlflowClient(own.uri)
        run_id = client.create_run(client.create_experiment("gone")).info.run_id
    finally:
        own.stop()
    began = time.monotonic()
    logged = log_report(report([feature("x")]), run_id=run_id, client=client, timeout=1.0)
    assert time.monotonic() - began < 60.0
    assert logged.error is not None
    assert logged.artifacts == ()
