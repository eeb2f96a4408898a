"""Every exported family, one row each (layer 4); docs/metrics.md has the same table."""

from __future__ import annotations

from driftwatch.metrics.model import Kind, Spec

__all__ = ["SPECS"]

_FEATURE = ("model", "feature")
_METHOD = ("model", "feature", "method")
_COUNTER, _GAUGE = Kind.COUNTER, Kind.GAUGE

# By the name without the prefix, in the order in which they are exported.
SPECS = {
    spec.name.removeprefix("driftwatch_"): spec
    for spec in (
        Spec("driftwatch_build_info", _GAUGE, "The version that exports these metrics.", ("version",)),
        # the last check of each stream
        Spec(
            "driftwatch_last_check_timestamp_seconds",
            _GAUGE,
            "When the report of the last check was stored, in seconds after 1970.",
            unit="s",
        ),
        Spec(
            "driftwatch_last_window_end_timestamp_seconds",
            _GAUGE,
            "Where the last window of time ends that was checked, in seconds after 1970.",
            unit="s",
        ),
        Spec(
            "driftwatch_last_check_result",
            _GAUGE,
            "1 for the verdict of the last check, 0 for the others; `error` is a check that failed.",
            ("model", "result"),
        ),
        Spec("driftwatch_window_rows", _GAUGE, "Rows of the last check.", unit="{row}"),
        Spec(
            "driftwatch_dataset_drifted",
            _GAUGE,
            "Whether the last check found drift; absent where it gave no verdict.",
        ),
        Spec(
            "driftwatch_drifted_features",
            _GAUGE,
            "Features that drifted in the last check.",
            unit="{feature}",
        ),
        Spec(
            "driftwatch_drifted_features_ratio",
            _GAUGE,
            "Share of the features with a verdict that drifted in the last check.",
            unit="1",
        ),
        Spec(
            "driftwatch_features",
            _GAUGE,
            "Features of the last check by status; anything but `ok` has no verdict of its own.",
            ("model", "status"),
            "{feature}",
        ),
        Spec(
            "driftwatch_features_omitted",
            _GAUGE,
            "Features of the last check that are left out here, as they rank behind the exported ones.",
            unit="{feature}",
        ),
        Spec(
            "driftwatch_min_effect",
            _GAUGE,
            "The effect size from which a drift is material.",
        ),
        Spec(
            "driftwatch_reference_info",
            _GAUGE,
            "The reference that the last check compared with.",
            ("model", "hash"),
        ),
        Spec(
            "driftwatch_last_report_unreadable",
            _GAUGE,
            "Whether the report of the last check is of a form that this version cannot read.",
        ),
        # its features
        Spec(
            "driftwatch_feature_drifted",
            _GAUGE,
            "Whether the feature drifted in the last check; absent where it has no verdict.",
            _FEATURE,
        ),
        Spec(
            "driftwatch_feature_effect",
            _GAUGE,
            "Effect size of the feature in the last check, corrected for noise, 0 to 1.",
            _FEATURE,
        ),
        Spec(
            "driftwatch_feature_drift_score",
            _GAUGE,
            "A statistic of the feature in the last check, in the form that its threshold acts on.",
            _METHOD,
            "{score}",
        ),
        Spec(
            "driftwatch_feature_drift_threshold",
            _GAUGE,
            "The threshold of the statistic; absent where it has none.",
            _METHOD,
            "{score}",
        ),
        Spec(
            "driftwatch_feature_drift_pvalue",
            _GAUGE,
            "The p-value of the statistic after the correction of the report.",
            _METHOD,
        ),
        Spec(
            "driftwatch_missing_ratio",
            _GAUGE,
            "Share of missing values of the feature, in the reference and in the last check.",
            ("model", "feature", "side"),
            unit="1",
        ),
        # its performance
        Spec(
            "driftwatch_performance",
            _GAUGE,
            "A metric of the model's predictions, in the reference and in the last check.",
            ("model", "metric", "side"),
        ),
        Spec(
            "driftwatch_performance_dropped",
            _GAUGE,
            "Whether the metric dropped in the last check.",
            ("model", "metric"),
        ),
        # what the stream has counted
        Spec(
            "driftwatch_rows_total",
            _COUNTER,
            "Rows that were counted in windows.",
            unit="{row}",
        ),
        Spec(
            "driftwatch_rows_dropped_total",
            _COUNTER,
            "Rows that were not counted in a window, or messages and requests whose rows were not, by reason.",
            ("model", "reason"),
            "{row}",
        ),
        Spec(
            "driftwatch_checks_total",
            _COUNTER,
            "Checks by verdict; `error` is a check that failed.",
            ("model", "result"),
            "{check}",
        ),
        Spec(
            "driftwatch_check_seconds_total",
            _COUNTER,
            "Seconds that the checks took together.",
            unit="s",
        ),
        Spec(
            "driftwatch_events_total",
            _COUNTER,
            "What else a stream counts, such as messages, duplicates and conflicts.",
            ("model", "event"),
            "{event}",
        ),
        # how far it is
        Spec(
            "driftwatch_event_timestamp_seconds",
            _GAUGE,
            "The latest time of a row that was counted, in seconds after 1970.",
            unit="s",
        ),
        Spec(
            "driftwatch_watermark_timestamp_seconds",
            _GAUGE,
            "Up to when the stream is complete, which is where its slowest partition is, in seconds after 1970.",
            unit="s",
        ),
        Spec(
            "driftwatch_lag_messages",
            _GAUGE,
            "Messages that the broker has behind what a worker has read, by partition, when it last asked.",
            ("model", "partition"),
            "{message}",
        ),
        Spec(
            "driftwatch_lag_timestamp_seconds",
            _GAUGE,
            "When a worker last asked the broker how far behind it is, in seconds after 1970.",
            unit="s",
        ),
        Spec(
            "driftwatch_open_windows",
            _GAUGE,
            "Windows that have counts and no report yet.",
            unit="{window}",
        ),
        # alerts
        Spec(
            "driftwatch_letters",
            _GAUGE,
            "Messages that the store holds, by state: waiting to be sent, delivered, or dead, which is given up.",
            ("receiver", "state"),
            "{letter}",
        ),
        Spec(
            "driftwatch_oldest_waiting_letter_timestamp_seconds",
            _GAUGE,
            "When the oldest waiting message was written, in seconds after 1970.",
            ("receiver",),
            "s",
        ),
    )
}
