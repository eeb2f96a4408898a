"""A span for each check, for OpenTelemetry through its API package (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch._version import version
from driftwatch.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import TracerProvider

    from driftwatch.scoring.judging import ClosedWindow

__all__ = ["check_spans"]

EVENTS = 50  # features with an event of their own; SDKs keep 128 of a span


def check_spans(tracer_provider: TracerProvider | None = None) -> Callable[[ClosedWindow], None]:
    """Return a function for `on_window` that makes a span of each judged window.

    The span `driftwatch.check` has the verdict as attributes and an event `driftwatch.drift` for each drifted feature, the
    first 50 by effect; that of a check that failed has the status error. It is a child of the span that is current.

    Parameters
    ----------
    tracer_provider : TracerProvider, optional
        The global one by default.

    Raises
    ------
    MissingExtraError
        If the API of OpenTelemetry is not installed.

    Examples
    --------
    >>> on_window = check_spans()  # Worker(..., on_window=check_spans())
    """
    try:
        from opentelemetry import trace
    except ModuleNotFoundError as error:
        raise MissingExtraError.for_feature("check_spans", package="opentelemetry-api", extra="otel") from error
    tracer = trace.get_tracer("driftwatch", version(), tracer_provider)

    def on_window(closed: ClosedWindow) -> None:
        attributes: dict[str, str | int | float] = {
            "model": closed.stream,
            "driftwatch.verdict": closed.scored.verdict,
            "driftwatch.rows": closed.n_rows,
            "driftwatch.run": closed.run_id,
            "driftwatch.window.start": closed.key.start,
            "driftwatch.window.stop": closed.key.stop,
        }
        with tracer.start_as_current_span("driftwatch.check", attributes=attributes) as span:
            report = closed.scored.result
            if report is None:
                span.set_status(trace.StatusCode.ERROR, closed.scored.summary)
                return
            span.set_attribute("driftwatch.features", report.n_features)
            span.set_attribute("driftwatch.features.drifted", report.n_drifted)
            for name in report.drifted_features[:EVENTS]:
                feature = report.features[name]
                told: dict[str, str | int | float] = {"feature": name, "effect": feature.effect or 0.0}
                if feature.direction is not None:
                    told["direction"] = feature.direction
                span.add_event("driftwatch.drift", told)

    return on_window
