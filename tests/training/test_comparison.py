"""From counts to a report: what drifted, under which name, at which level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pytest

from driftwatch import DriftReport, Monitor, training
from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.report import json_schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

RNG = np.random.default_rng(0)
REFERENCE = RNG.normal(size=(2_000, 3))


def counted(grid: training.Grid, *batches: NDArray[Any]) -> training.Tally:
    tally = training.start(grid)
    for batch in batches:
        tally = training.update(grid, tally, batch)
    return tally


def report_of(current: NDArray[Any], **options: Any) -> DriftReport:
    grid = training.fit_grid(REFERENCE)
    report: DriftReport = training.compare(grid, counted(grid, *np.array_split(current, 4)), **options)
    return report


def test_shifted_feature_drifts_and_the_others_do_not() -> None:
    report = report_of(RNG.normal([0.0, 0.5, 0.0], size=(1_000, 3)))
    assert report.drifted_features == ["f1"]
    assert report.features["f1"].direction == "up"


def test_change_of_spread_has_its_direction() -> None:
    report = report_of(RNG.normal(scale=[1.6, 0.6, 1.0], size=(1_000, 3)))
    assert [report.features[name].direction for name in ("f0", "f1", "f2")] == ["wider", "narrower", None]


def test_statistics_of_deciles_are_those_of_the_monitor() -> None:
    current = RNG.normal(0.1, size=(1_000, 3))
    found, wanted = report_of(current), Monitor(REFERENCE).check(current)
    for name in wanted.features:
        assert found.features[name].bins == wanted.features[name].bins
        for test in ("psi", "jensenshannon", "total_variation"):
            assert found.features[name].tests[test].statistic == wanted.features[name].tests[test].statistic


def test_ks_carries_its_error_bound() -> None:
    current = RNG.normal(0.1, size=(1_000, 3))
    found, exact = report_of(current).features["f0"].tests["ks"], Monitor(REFERENCE).check(current).features["f0"]
    d, bound = exact.tests["ks"].statistic, found.details["error_bound"]
    assert found.statistic is not None
    assert isinstance(bound, float)
    assert d is not None
    assert found.statistic <= d <= found.statistic + bound < found.statistic + 0.02


def test_missing_values_that_appear_are_found() -> None:
    current = RNG.normal(size=(1_000, 3))
    current[::3, 2] = np.nan
    report = report_of(current)
    assert report.drifted_features == ["f2"]
    assert report.features["f2"].signals == ("missing_share",)


def test_report_is_what_the_schema_describes() -> None:
    grids = {"embedding": training.fit_grid(REFERENCE), "label": training.fit_labels(np.arange(20) % 4, n_classes=4)}
    tallies = {
        "embedding": counted(grids["embedding"], RNG.normal(0.4, size=(15, 3))),
        "label": counted(grids["label"], np.asarray([0, 1, 2, 3, -100] * 3)),
    }
    report = training.compare(grids, tallies)
    jsonschema.validate(report.to_dict(), json_schema())
    assert DriftReport.from_json(report.to_json()) == report
    assert report.summary()


def test_mapping_gives_names_of_layers() -> None:
    grids = {"a": training.fit_grid(REFERENCE), "b": training.fit_grid(REFERENCE[:, :1], n_fingerprints=0)}
    report = training.compare(grids, {name: training.start(grid) for name, grid in grids.items()})
    assert list(report.features) == ["a[0]", "a[1]", "a[2]", "a[rows]", "b[0]"]


def test_empty_tally_has_no_verdict() -> None:
    grid = training.fit_grid(REFERENCE)
    report = training.compare(grid, training.start(grid))
    assert report.verdict == "no_verdict"
    assert report.features["f0"].reason == "no values in current, at least 10 are needed"


def test_vanished_class_is_found_by_name() -> None:
    labels = RNG.integers(0, 5, 2_000)
    grid = training.fit_labels(labels, n_classes=5)
    report = training.compare(grid, counted(grid, labels[labels != 3]))
    assert report.drifted_features == ["label"]
    bins = report.features["label"].bins
    assert bins is not None
    assert bins.current[bins.labels.index("3")] == 0


def test_labels_out_of_range_are_a_level_that_was_not_there() -> None:
    grid = training.fit_labels(np.arange(1_000) % 2, n_classes=2)
    report = training.compare(grid, counted(grid, np.arange(1_000) % 3))
    assert "unseen_levels" in report.features["label"].signals
    assert report.drift_detected


def test_copies_of_rows_are_found_though_no_distribution_moves() -> None:
    current = RNG.normal(size=(2_000, 3))
    current[:200] = current[200:400]
    report = report_of(current)
    assert report.drifted_features == ["rows"]
    share = report.features["rows"].effect
    assert share == pytest.approx(0.1, abs=0.02)


def test_ranks_that_read_the_same_shard_are_found_by_merging() -> None:
    grid = training.fit_grid(REFERENCE)
    shard = counted(grid, RNG.normal(size=(1_000, 3)))
    assert not training.compare(grid, shard).drift_detected
    assert training.compare(grid, training.merge(shard, shard)).drifted_features == ["rows"]


def test_reference_may_be_the_counts_of_another_epoch() -> None:
    grid = training.fit_grid(REFERENCE)
    shifted = [counted(grid, RNG.normal(1.0, size=(1_000, 3))) for _ in range(2)]
    assert training.compare(grid, shifted[0]).n_drifted == 3
    assert training.compare(training.rebase(grid, shifted[0]), shifted[1]).n_drifted == 0


def test_level_is_shared_out_over_the_checks() -> None:
    assert report_of(REFERENCE, alpha=0.1, n_checks=50).alpha == pytest.approx(0.002)
    assert report_of(REFERENCE, alpha=None, n_checks=50).alpha is None


def test_thresholds_replace_the_material_leg() -> None:
    current = RNG.normal(0.5, size=(1_000, 3))
    assert not report_of(current, thresholds={"ks": 0.9}).drift_detected


def test_reference_hash_follows_the_reference() -> None:
    hashes = []
    for reference in (REFERENCE, REFERENCE, REFERENCE[:-1]):
        grid = training.fit_grid(reference)
        hashes.append(training.compare(grid, training.start(grid)).reference_hash)
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize("n_checks", [0, -1, 2.5])
def test_number_of_checks_must_be_a_positive_integer(n_checks: Any) -> None:
    with pytest.raises(ConfigError, match="`n_checks` must be a positive integer"):
        report_of(REFERENCE, n_checks=n_checks)


def test_unknown_correction_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="correction"):
        report_of(REFERENCE, correction="holms")


def test_names_must_agree() -> None:
    grid = training.fit_grid(REFERENCE)
    with pytest.raises(InputError, match=r"must have the same names: got 'a' and 'b'"):
        training.compare({"a": grid}, {"b": training.start(grid)})
    with pytest.raises(InputError, match="must be a Grid and a Tally"):
        training.compare(grid, {"b": training.start(grid)})
