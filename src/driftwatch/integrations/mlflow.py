"""Reports into runs of MLflow (layer 5). The only file that knows its client."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError, MissingExtraError
from driftwatch.integrations.mlflow_names import metric_key
from driftwatch.metrics.of_report import DEFAULT_TOP, check_top, report_families
from driftwatch.profile.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch.report.model import DriftReport
    from driftwatch.scoring.judging import ClosedWindow

__all__ = ["Logged", "ReportLogger", "log_report"]

FOLDER = "driftwatch"  # of the artifacts, and the first word of every metric and tag
TIMEOUT = 30.0  # seconds; a client tries again for minutes where the server is away
_CREDENTIALS = re.compile(r"//[^/@\s]+@")

_log = logging.getLogger("driftwatch.mlflow")


@dataclass(frozen=True, slots=True)
class Logged:
    """What became of a report.

    Attributes
    ----------
    run_id : str
    n_metrics : int
        Metrics that MLflow has.
    artifacts : tuple of str
        Paths in the run that MLflow has.
    not_finite : tuple of str
        `feature/statistic` of the statistics that have no finite value, and so no metric.
    error : str, optional
        Why it is not all there. None where it is.
    """

    run_id: str
    n_metrics: int
    artifacts: tuple[str, ...]
    not_finite: tuple[str, ...]
    error: str | None = None


def log_report(
    report: DriftReport,
    *,
    run_id: str | None = None,
    step: int | None = None,
    client: Any = None,
    top: int | None = DEFAULT_TOP,
    profile: Profile | str | os.PathLike[str] | None = None,
    timeout: float = TIMEOUT,
    strict: bool = False,
) -> Logged:
    """Log a report to a run of MLflow: metrics, tags and the report itself. The run is neither started nor ended.

    What MLflow does wrong never raises and never takes longer than `timeout`: it is in the answer, and in the log
    `driftwatch.mlflow`.

    Parameters
    ----------
    report : DriftReport
    run_id : str, optional
        The active run of this thread by default.
    step : int, optional
        Of the metrics, and a folder for the artifacts, where a run takes several reports.
    client : MlflowClient, optional
        A new one by default, for the tracking URI that is set.
    top : int, optional
        Features with metrics of their own: the drifted first, each by falling effect. None for all.
    profile : Profile or path, optional
        The reference, to be kept as an artifact too.
    timeout : float
        Seconds to wait. What is not done then goes on in the background.
    strict : bool
        Raise what went wrong instead.

    Raises
    ------
    ConfigError
        If there is no run: none is active in this thread and `run_id` is not given.
    MissingExtraError
        If MLflow is not installed.
    """
    if not timeout > 0:
        raise ConfigError(f"`timeout` must be a positive number of seconds, got {timeout!r}.")
    sending = _Sending(
        report, run_id=_active_run() if run_id is None else run_id, step=step, client=client, top=top, profile=profile
    )
    sending.start()
    return sending.outcome(timeout, strict=strict)


class ReportLogger:
    """Logs every judged window to one run: `Worker(..., on_window=ReportLogger(run_id))`.

    Parameters
    ----------
    run_id : str
        The run is neither started nor ended.
    client, top, timeout
        As for `log_report`.

    Attributes
    ----------
    n_logged, n_failed : int
        Reports that MLflow has, and those that it has not, or not whole.
    last : Logged, optional
        What became of the last one.
    """

    def __init__(
        self, run_id: str, *, client: Any = None, top: int | None = DEFAULT_TOP, timeout: float = TIMEOUT
    ) -> None:
        check_top(top)
        _mlflow()
        self._run_id, self._client, self._top, self._timeout = run_id, client, top, timeout
        self._sending: _Sending | None = None
        self.n_logged = self.n_failed = 0
        self.last: Logged | None = None

    def __call__(self, closed: ClosedWindow) -> None:
        """Log the report of a window with its number in the store as the step; a failed check has none."""
        if closed.scored.result is None:
            return
        if self._sending is not None and self._sending.is_alive():
            self._count(Logged(self._run_id, 0, (), (), "the report before this one is still on its way"))
            return
        self._sending = _Sending(
            closed.scored.result, run_id=self._run_id, step=closed.run_id, client=self._client, top=self._top
        )
        self._sending.start()
        self._count(self._sending.outcome(self._timeout))

    def _count(self, logged: Logged) -> None:
        self.last = logged
        if logged.error is None:
            self.n_logged += 1
        else:
            self.n_failed += 1


class _Sending(threading.Thread):
    """One report on its way, in a thread that is left behind where it takes too long."""

    def __init__(
        self,
        report: DriftReport,
        *,
        run_id: str,
        step: int | None,
        client: Any,
        top: int | None,
        profile: Profile | str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(name="driftwatch-mlflow", daemon=True)
        check_top(top)
        self._mlflow = _mlflow()
        self._report, self._run_id, self._step = report, run_id, step
        self._client, self._top, self._profile = client, top, profile
        self._n_metrics = 0
        self._artifacts: list[str] = []
        self._error: Exception | None = None

    def run(self) -> None:
        """Send everything; what goes wrong is kept."""
        try:
            self._send(self._mlflow.MlflowClient() if self._client is None else self._client)
        except Exception as error:  # noqa: BLE001 - whatever MLflow raises must not end a service
            self._error = error

    def outcome(self, timeout: float, *, strict: bool = False) -> Logged:
        """Wait for the end, and say what became of it."""
        self.join(timeout)
        error = self._error
        if self.is_alive():
            error = TimeoutError(f"MLflow has not answered within {timeout:g} s. Is its server there?")
        if error is not None and strict:
            raise error
        said = None if error is None else _CREDENTIALS.sub("//***@", f"{type(error).__name__}: {error}")
        if said is not None:
            _log.warning("a report is not, or not wholly, in the MLflow run %s: %s", self._run_id, said)
        return Logged(self._run_id, self._n_metrics, tuple(self._artifacts), self._not_finite(), said)

    def _send(self, client: Any) -> None:
        entities = self._mlflow.entities
        at, step = _milliseconds(self._report), self._step or 0
        metrics = [entities.Metric(key, value, at, step) for key, value in self._values()]
        tags = {
            "verdict": self._report.verdict.value,
            "drifted_features": str(self._report.n_drifted),
            "without_value": str(len(self._not_finite())),
            "reference": self._report.reference_hash,
            "version": self._report.driftwatch_version,
        }
        tagged = [entities.RunTag(f"{FOLDER}.{name}", value) for name, value in tags.items()]
        client.log_batch(self._run_id, metrics=metrics, tags=tagged)
        self._n_metrics = len(metrics)
        folder = FOLDER if self._step is None else f"{FOLDER}/{self._step}"
        texts = {
            "report.json": self._report.to_json(indent=2),
            "report.md": self._report.to_markdown(),
            "report.html": self._report.to_html(),
        }
        for name, text in texts.items():
            client.log_text(self._run_id, text, f"{folder}/{name}")
            self._artifacts.append(f"{folder}/{name}")
        if self._profile is not None:
            self._artifacts.append(_log_profile(client, self._run_id, self._profile, folder))

    def _values(self) -> Iterator[tuple[str, float]]:
        for family in report_families(self._report, "", top=self._top):
            name = family.spec.name.removeprefix("driftwatch_")
            if name != "reference_info":  # text, which is a tag
                for sample in family.samples:
                    yield metric_key(FOLDER, name, *sample.labels[1:]), float(sample.value)

    def _not_finite(self) -> tuple[str, ...]:
        return tuple(
            f"{feature.name}/{method}"
            for feature in self._report.ranked()[: self._top]
            for method, result in feature.tests.items()
            if result.statistic is None
        )


def _mlflow() -> Any:
    try:
        import mlflow
    except ModuleNotFoundError as error:
        raise MissingExtraError.for_feature("log_report", package="mlflow-skinny", extra="mlflow") from error
    return mlflow


def _active_run() -> str:
    active = _mlflow().active_run()
    if active is None:
        raise ConfigError(
            "no MLflow run is active in this thread. Pass `run_id`, or call inside of `with mlflow.start_run():`."
        )
    return str(active.info.run_id)


def _milliseconds(report: DriftReport) -> int:
    try:
        at = dt.datetime.fromisoformat(report.created_at)
    except ValueError:
        at = dt.datetime.now(dt.UTC)
    return int((at if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)).timestamp() * 1_000)


def _log_profile(client: Any, run_id: str, profile: Profile | str | os.PathLike[str], folder: str) -> str:
    """Log the file of a profile, and return the path of the artifact."""
    if not isinstance(profile, Profile):
        client.log_artifact(run_id, os.fspath(profile), folder)
        return f"{folder}/{Path(profile).name}"
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "profile.dwp"
        profile.save(path)
        client.log_artifact(run_id, str(path), folder)
    return f"{folder}/{path.name}"
