"""Embeddings and joint features as counts on frozen lines: the same in any split, and they see what marginals do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import linalg, spatial, stats

from driftwatch import Monitor, Profile, Window
from driftwatch.detectors.frozen_lines import FrozenLinesDetector
from driftwatch.profile import moments, projections
from driftwatch.profile.moments import no_moments
from driftwatch.profile.projections import MAX_AXES, N_LINES, ProjectedSample

RNG = np.random.default_rng(2)
REFERENCE = RNG.normal(size=(1500, 12))


def profile_of(rows: Any, **options: Any) -> Profile:
    return Profile.fit({"e": rows}, **options)


def report_of(profile: Profile, data: Any) -> Any:
    return Monitor.from_profile(profile).check(Window(profile).update(data)).features


def ranks_of(profile: Profile, rows: Any) -> Any:
    """Return the ranks of rows among the frozen quantiles, (d, n), by numpy's search."""
    levels = profile.summary.projections["e"].levels
    both = [
        (np.searchsorted(level, x), np.searchsorted(level, x, "right")) for level, x in zip(levels, rows.T, strict=True)
    ]
    return np.asarray(both).sum(axis=1) - 127.0


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16"])
def test_any_split_gives_the_same_bytes(dtype: str) -> None:
    profile = profile_of(REFERENCE.astype("f4"))
    current = (10.0 * RNG.normal(size=(700, 12))).astype(dtype)
    parts = [Window(profile).update({"e": part}) for part in np.array_split(current[::-1], [1, 3, 200, 640])]
    total = parts[3] + parts[0] + (parts[4] + parts[1]) + parts[2]
    assert total.to_bytes() == Window(profile).update({"e": current}).to_bytes()


def test_rows_that_are_projected_a_few_at_a_time_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = profile_of(REFERENCE).summary.projections["e"]
    wanted = lines.tally(REFERENCE[:100])
    sizes: list[int] = []
    ranks = projections._ranks

    def noted(levels: Any, rows: Any) -> Any:
        sizes.append(len(rows))
        return ranks(levels, rows)

    monkeypatch.setattr(projections, "_ranks", noted)
    monkeypatch.setattr(projections, "ROWS_AT_ONCE", 12 * 30)
    found = lines.tally(REFERENCE[:100])
    assert sizes == [30, 30, 30, 10]
    assert all(np.array_equal(a, b) for a, b in zip(found.cells, wanted.cells, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(found.moments, wanted.moments, strict=True))


def test_counts_on_a_line_are_those_of_its_definition() -> None:
    profile = profile_of(REFERENCE)
    lines = profile.summary.projections["e"]
    current = RNG.normal(0.2, size=(400, 12))
    sample = ProjectedSample(lines, lines.tally(current))
    # Oracle: the ranks of an axis by numpy, and scipy's two-sample distance between them
    for axis in (0, 7):
        ranks = [
            np.searchsorted(lines.levels[axis], x[:, axis])
            + np.searchsorted(lines.levels[axis], x[:, axis], side="right")
            for x in (REFERENCE, current)
        ]
        found = max(sample.lines.distances.above[N_LINES + axis], sample.lines.distances.below[N_LINES + axis])
        bound = sample.lines.error_bounds["ks"][N_LINES + axis]
        exact = stats.ks_2samp(ranks[0], ranks[1]).statistic
        assert found <= exact + 1e-12 <= found + bound + 2e-12


def test_a_shift_of_one_dimension_is_found_on_its_axis() -> None:
    profile = profile_of(REFERENCE)
    current = RNG.normal(size=(500, 12))
    current[:, 5] += 0.6
    feature = report_of(profile, {"e": current})["e"]
    assert feature.drift_detected
    assert feature.tests["frozen_lines"].details["line"] == N_LINES + 5
    assert feature.tests["mmd"].reason == "skipped: it needs whole rows, and a window holds counts"


def test_a_rotation_that_leaves_the_marginals_alone_is_found() -> None:
    def pairs(rho: float, n: int) -> dict[str, Any]:
        rows = RNG.multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]], size=n)
        return {"a": rows[:, 0], "b": np.exp(rows[:, 1])}

    profile = Profile.fit(pairs(0.7, 2000), joint={"both": ["a", "b"]})
    features = report_of(profile, pairs(-0.7, 1000))
    assert [features[name].drift_detected for name in ("a", "b", "both")] == [False, False, True]


def test_the_pvalue_holds_its_level() -> None:
    rejected = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        lines = profile_of(rng.normal(size=(200, 6))).summary.projections["e"]
        pvalue = FrozenLinesDetector().score(ProjectedSample(lines, lines.tally(rng.normal(size=(120, 6))))).pvalue
        assert pvalue is not None
        rejected += bool(pvalue[0] <= 0.1)
    assert rejected <= stats.binom.ppf(0.999, 150, 0.1)


@pytest.mark.parametrize(("axes", "shift", "by_features"), [(slice(None), 0.1, True), (3, 0.3, False)])
def test_the_pvalue_is_twice_the_smaller_of_lines_and_features(axes: Any, shift: float, *, by_features: bool) -> None:
    profile = profile_of(np.random.default_rng(2).normal(size=(1500, 12)))
    lines = profile.summary.projections["e"]
    alone = replace(lines, moments=no_moments(None))
    current = np.random.default_rng(0).normal(size=(200, 12))
    current[:, axes] += shift
    both, on_lines = (
        FrozenLinesDetector().score(ProjectedSample(kept, kept.tally(current))).pvalue for kept in (lines, alone)
    )
    # Oracle for the features: how often relabeled rows have means that lie as far apart
    rows = np.concatenate([np.random.default_rng(2).normal(size=(1500, 12)), current])
    turns = moments._frequencies(12) @ ranks_of(profile, rows) * (2.0 * np.pi / 2**20)
    waves = np.concatenate([np.cos(turns), np.sin(turns)])
    weights = np.repeat([1 / 1500, -1 / 200], [1500, 200])
    rng = np.random.default_rng(1)
    drawn = np.asarray([((waves @ rng.permutation(weights)) ** 2).sum() for _ in range(1999)])
    of_features = (1 + (drawn >= ((waves @ weights) ** 2).sum()).sum()) / 2000
    assert both is not None
    assert on_lines is not None
    assert (of_features < on_lines[0]) == by_features
    assert both[0] == pytest.approx(2 * min(on_lines[0], of_features), rel=0.3 if by_features else 1e-9)


def test_the_distance_of_the_features_estimates_that_of_the_kernel() -> None:
    # Oracle: MMD² of a Gaussian kernel on the ranks, every pair of rows by scipy. 64 frequencies: ten percent or so
    profile = profile_of(REFERENCE)
    current = REFERENCE[:600] + 0.7
    test = report_of(profile, {"e": current})["e"].tests["frozen_lines"]
    x, y = (ranks_of(profile, rows).T for rows in (REFERENCE, current))
    width = 2 * 12 * 127.0**2 / 3
    within = [(np.exp(-spatial.distance.pdist(rows, "sqeuclidean") / (2 * width))).mean() for rows in (x, y)]
    across = np.exp(-spatial.distance.cdist(x, y, "sqeuclidean") / (2 * width)).mean()
    assert test.details["mmd2"] == pytest.approx(sum(within) - 2 * across, rel=0.2)


def test_the_frechet_distance_is_that_of_the_means_and_covariances() -> None:
    profile = profile_of(REFERENCE)
    current = REFERENCE[:400] * 1.5 + 0.2
    x, y = (ranks_of(profile, rows) / 127.0 for rows in (REFERENCE, current))
    root = linalg.sqrtm(np.cov(x) @ np.cov(y)).real  # the formula of Dowson & Landau, by scipy
    squared = ((x.mean(axis=1) - y.mean(axis=1)) ** 2).sum() + np.trace(np.cov(x) + np.cov(y) - 2 * root)
    found = report_of(profile, {"e": current})["e"].tests["frozen_lines"].details["frechet"]
    assert found == pytest.approx(squared**0.5, rel=1e-6)


def test_a_window_of_one_row_has_no_covariance_and_a_pvalue_of_its_lines() -> None:
    lines = profile_of(REFERENCE).summary.projections["e"]
    score = FrozenLinesDetector().score(ProjectedSample(lines, lines.tally(REFERENCE[:1])))
    assert score.pvalue is not None
    assert 0.0 <= score.pvalue[0] <= 1.0
    assert score.details["mmd2"] == pytest.approx([np.nan], nan_ok=True)


def test_rows_with_missing_numbers_are_counted_as_missing() -> None:
    rows = REFERENCE.copy()
    rows[::10, 3] = np.nan
    profile = profile_of(rows)
    current = RNG.normal(size=(100, 12))
    current[:7, 0] = np.inf
    feature = report_of(profile, {"e": current})["e"]
    assert (feature.n_current, feature.missing_current, feature.missing_reference) == (93, 7, 150)


def test_rows_of_another_length_are_an_error_of_that_feature() -> None:
    profile = Profile.fit({"e": REFERENCE, "x": REFERENCE[:, 0]})
    features = report_of(profile, {"e": REFERENCE[:, :5], "x": REFERENCE[:, 0]})
    assert "embed both sides with one model" in features["e"].reason
    assert features["x"].status == "ok"


def test_a_joint_feature_without_one_of_its_columns_is_absent() -> None:
    profile = Profile.fit({"a": REFERENCE[:, 0], "b": REFERENCE[:, 1]}, joint={"both": None})
    report = Monitor.from_profile(profile).check(Window(profile).update({"a": REFERENCE[:, 0]}))
    assert report.only_in_reference == ("b", "both")


def test_long_rows_have_their_first_axes() -> None:
    lines = profile_of(RNG.normal(size=(40, MAX_AXES + 8))).summary.projections["e"]
    assert len(lines.block.names) == N_LINES + MAX_AXES


def test_it_comes_back_from_a_file(tmp_path: Any) -> None:
    profile = Profile.fit({"e": REFERENCE, "a": REFERENCE[:, 0], "b": REFERENCE[:, 1]}, joint={"both": ["a", "b"]})
    profile.save(tmp_path / "x.npz")
    loaded = Profile.load(tmp_path / "x.npz")
    current = {"e": REFERENCE[:300] + 0.3, "a": REFERENCE[:300, 0], "b": REFERENCE[:300, 1]}
    window = Window(loaded).update(current)
    assert Window.from_bytes(window.to_bytes(), loaded).to_bytes() == window.to_bytes()
    assert Monitor.from_profile(loaded).check(window).features == report_of(profile, current)
    moved = loaded.with_reference(window.counts)
    assert report_of(moved, current)["e"].tests["frozen_lines"].statistic == 0.0


def test_the_headline_is_a_statistic_that_was_computed() -> None:
    profile = profile_of(REFERENCE)
    report = Monitor.from_profile(profile).check(Window(profile).update({"e": REFERENCE[:300] + 0.5}))
    line = report.summary().splitlines()[1]
    assert "max KS 0." in line
    assert "MMD" not in line
