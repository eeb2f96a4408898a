"""`log_report` on a client that is none: what goes wrong. A real server is in tests/services/mlflow."""

from __future__ import annotations

import logging
import sys
import threading
import time
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.errors import ConfigError, MissingExtraError
from driftwatch.integrations.mlflow import Logged, ReportLogger, log_report
from driftwatch.report.model import TestResult
from driftwatch.scoring import ClosedWindow, Scored
from driftwatch.store import WindowKey
from report_samples import drifted, feature, report

if TYPE_CHECKING:
    from pathlib import Path

RUN = "a1"


class Client:
    """Keeps what it is given; fails at the call named `fails`, waits for `released` at the one named `waits`."""

    def __init__(self, *, fails: str = "", waits: str = "") -> None:
        self.fails, self.waits, self.released = fails, waits, threading.Event()
        self.calls: list[str] = []
        self.metrics: dict[tuple[str, int], float] = {}
        self.tags: dict[str, str] = {}
        self.artifacts: dict[str, str] = {}

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name == self.waits:
            self.released.wait(60)
        if name == self.fails:
            raise ConnectionError("http://me:secret@host/api has gone")

    def log_batch(self, run_id: str, *, metrics: Any, tags: Any) -> None:
        assert run_id == RUN
        self._called("log_batch")
        self.metrics |= {(metric.key, metric.step): metric.value for metric in metrics}
        self.tags |= {tag.key: tag.value for tag in tags}

    def log_text(self, run_id: str, text: str, path: str) -> None:
        assert run_id == RUN
        self._called("log_text")
        self.artifacts[path] = text

    def log_artifact(self, run_id: str, file: str, folder: str) -> None:
        assert run_id == RUN
        self._called("log_artifact")
        self.artifacts[f"{folder}/{file.rpartition('/')[2]}"] = ""


@pytest.fixture(autouse=True)
def mlflow(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Put a module in the place of MLflow."""

    def metric(key: str, value: float, timestamp: int, step: int) -> SimpleNamespace:
        return SimpleNamespace(key=key, value=value, timestamp=timestamp, step=step)

    def tag(key: str, value: str) -> SimpleNamespace:
        return SimpleNamespace(key=key, value=value)

    module: Any = ModuleType("mlflow")
    module.entities = SimpleNamespace(Metric=metric, RunTag=tag)
    module.active_run = lambda: None
    module.MlflowClient = Client
    monkeypatch.setitem(sys.modules, "mlflow", module)
    return module  # type: ignore[no-any-return]


def closed(number: int = 7) -> ClosedWindow:
    found = report([drifted("price")])
    return ClosedWindow("shop", WindowKey(0, 10), 1_000, Scored("drift", "{}", "drift", found), number)


def test_metrics_tags_and_the_report_are_logged() -> None:
    client = Client()
    whole = report([drifted("price/kg"), feature("age")])
    logged = log_report(whole, run_id=RUN, client=client)
    assert logged == Logged(RUN, len(client.metrics), tuple(client.artifacts), ())
    assert client.calls == ["log_batch", "log_text", "log_text", "log_text"]
    assert client.metrics["driftwatch/feature_drift_score/price-2Fkg/ks", 0] == 0.4123
    assert client.metrics["driftwatch/drifted_features", 0] == 1
    assert client.metrics["driftwatch/missing_ratio/age/current", 0] == 0.0
    assert not any("reference_info" in key for key, _ in client.metrics)  # text, which is a tag
    assert client.tags["driftwatch.verdict"] == "drift"
    assert client.tags["driftwatch.reference"] == whole.reference_hash
    assert client.artifacts["driftwatch/report.json"] == whole.to_json(indent=2)
    assert client.artifacts["driftwatch/report.html"] == whole.to_html()


def test_a_step_has_its_own_folder() -> None:
    client = Client()
    logged = log_report(report([feature("x")]), run_id=RUN, client=client, step=3)
    assert {step for _, step in client.metrics} == {3}
    assert logged.artifacts[0] == "driftwatch/3/report.json"


def test_a_statistic_without_a_value_is_no_metric_and_is_said() -> None:
    client = Client()
    tests = {"ks": TestResult(float("inf")), "psi": TestResult(0.1)}
    logged = log_report(report([feature("x", tests=tests)]), run_id=RUN, client=client)
    assert logged.not_finite == ("x/ks",)
    assert client.tags["driftwatch.without_value"] == "1"
    assert {key for key, _ in client.metrics if "score" in key} == {"driftwatch/feature_drift_score/x/psi"}


def test_the_profile_is_kept_where_it_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "ref.dwp").write_bytes(b"profile")
    logged = log_report(report(), run_id=RUN, client=Client(), profile=tmp_path / "ref.dwp")
    assert logged.artifacts[-1] == "driftwatch/ref.dwp"


@pytest.mark.parametrize(("fails", "n_artifacts"), [("log_batch", 0), ("log_text", 0), ("log_artifact", 3)])
def test_what_mlflow_raises_is_told_and_not_raised(
    fails: str, n_artifacts: int, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(fails=fails)
    logged = log_report(report([feature("x")]), run_id=RUN, client=client, profile="ref.dwp")
    assert logged.error == "ConnectionError: http://***@host/api has gone"
    assert len(logged.artifacts) == n_artifacts
    assert logged.n_metrics == len(client.metrics)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("driftwatch.mlflow", logging.WARNING)
    assert "secret" not in caplog.text


def test_a_client_that_cannot_be_made_is_told_and_not_raised(mlflow: Any) -> None:
    def broken() -> None:
        raise RuntimeError("no such store")

    mlflow.MlflowClient = broken
    assert log_report(report(), run_id=RUN).error == "RuntimeError: no such store"


def test_strict_raises_it() -> None:
    with pytest.raises(ConnectionError):
        log_report(report(), run_id=RUN, client=Client(fails="log_batch"), strict=True)


def test_a_server_that_does_not_answer_is_left_behind() -> None:
    client = Client(waits="log_text")
    try:
        began = time.monotonic()
        logged = log_report(report([feature("x")]), run_id=RUN, client=client, timeout=0.05)
        assert time.monotonic() - began < 30
        assert logged.error == "TimeoutError: MLflow has not answered within 0.05 s. Is its server there?"
        assert (logged.n_metrics, logged.artifacts) == (len(client.metrics), ())
        with pytest.raises(TimeoutError):
            log_report(report(), run_id=RUN, client=client, timeout=0.05, strict=True)
    finally:
        client.released.set()


def test_the_active_run_is_taken_and_left_alone(mlflow: Any) -> None:
    mlflow.active_run = lambda: SimpleNamespace(info=SimpleNamespace(run_id=RUN))
    assert log_report(report()).run_id == RUN


def test_without_a_run_there_is_nowhere_to_log_to() -> None:
    with pytest.raises(ConfigError, match=r"no MLflow run is active in this thread\. Pass `run_id`"):
        log_report(report())


@pytest.mark.parametrize("options", [{"timeout": 0}, {"top": -1}])
def test_wrong_settings_raise_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        log_report(report(), run_id=RUN, client=Client(), **options)


def test_every_window_goes_to_the_run_of_a_logger() -> None:
    client = Client()
    logger = ReportLogger(RUN, client=client)
    logger(closed(7))
    logger(closed(8))
    failed = ClosedWindow("shop", WindowKey(0, 10), 1_000, Scored("error", "{}", "the check failed"), 9)
    logger(failed)
    assert {step for _, step in client.metrics} == {7, 8}
    assert (logger.n_logged, logger.n_failed) == (2, 0)
    client.fails = "log_batch"
    logger(closed(10))
    assert (logger.n_logged, logger.n_failed) == (2, 1)
    assert logger.last is not None
    assert logger.last.error is not None


def test_windows_do_not_queue_behind_a_server_that_is_away() -> None:
    client = Client(waits="log_batch")
    try:
        logger = ReportLogger(RUN, client=client, timeout=0.05)
        for number in range(3):
            logger(closed(number))
        assert (logger.n_logged, logger.n_failed, client.calls) == (0, 3, ["log_batch"])
        assert logger.last == Logged(RUN, 0, (), (), "the report before this one is still on its way")
    finally:
        client.released.set()
    assert logger._sending is not None
    logger._sending.join(30)
    logger(closed(4))
    assert logger.n_logged == 1


def test_without_the_library_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"mlflow-skinny.*pip install 'driftwatch\[mlflow\]'"):
        log_report(report(), run_id=RUN)
    with pytest.raises(MissingExtraError, match=r"mlflow-skinny.*pip install 'driftwatch\[mlflow\]'"):
        ReportLogger(RUN)
