"""Profiles fitted in batches: exact counts whatever the sample, bounds that hold, and columns that come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch import Monitor, Profile, Window
from driftwatch.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

SALT = b"1"
RNG = np.random.default_rng(3)
N, BATCH = 20_000, 1_500
LEVELS = np.asarray([f"level {i:03}" for i in range(60)])
DATA = {
    "x": np.where(RNG.random(N) < 0.05, np.nan, RNG.lognormal(size=N)),
    "narrow": RNG.normal(size=N).astype("f4"),
    "count": RNG.poisson(3, N),
    "city": LEVELS[np.minimum(RNG.geometric(0.1, N), 59)],
    "member": RNG.random(N) < 0.3,
}
CURRENT = {
    "x": RNG.lognormal(0.1, size=2_000),
    "narrow": RNG.normal(0.05, 1.1, 2_000).astype("f4"),
    "count": RNG.poisson(3.1, 2_000),
    "city": LEVELS[np.minimum(RNG.geometric(0.12, 2_000), 59)],
    "member": RNG.random(2_000) < 0.33,
}


def part(data: dict[str, Any], rows: Any) -> dict[str, Any]:
    return {name: values[rows] for name, values in data.items()}


def batches(data: dict[str, Any], size: int = BATCH) -> Iterator[dict[str, Any]]:
    for start in range(0, N, size):
        yield part(data, slice(start, start + size))


def drawn(data: dict[str, Any], n: int, seed: int = 0) -> dict[str, Any]:
    return part(data, np.sort(np.random.default_rng(seed).choice(N, n, replace=False)))


def sorted_by(name: str) -> dict[str, Any]:
    return part(DATA, np.argsort(DATA[name], kind="stable"))


@pytest.mark.parametrize("by", [None, "x", "city"])
@pytest.mark.parametrize("n_sampled", [None, 300, 5_000])
def test_statistics_are_those_of_all_rows_within_their_bounds(by: str | None, n_sampled: int | None) -> None:
    data = DATA if by is None else sorted_by(by)
    # of sorted data the first batch, which is the default sample, is the worst sample that there is
    sample = None if n_sampled is None else drawn(data, n_sampled)
    profile = Profile.fit_batches(batches(data), sample=sample, salt=SALT)
    wanted = Monitor(data).check(CURRENT)  # oracle: all rows at once
    found = Monitor.from_profile(profile).check(CURRENT)
    for name, feature in wanted.features.items():
        assert (found.features[name].n_reference, found.features[name].n_current) == (
            feature.n_reference,
            feature.n_current,
        )
        for test in ("ks", "wasserstein"):
            if test in feature.tests:
                exact, bounded = feature.tests[test].statistic, found.features[name].tests[test]
                assert bounded.statistic is not None
                assert exact is not None
                bound = bounded.details["error_bound"]
                assert isinstance(bound, float)
                assert bounded.statistic <= exact + 1e-9 <= bounded.statistic + bound + 2e-9
                if n_sampled == 5_000:
                    assert bound < {"ks": 0.01, "wasserstein": 0.05}[test]
    for name in ("city", "member"):  # of levels every statistic is exact
        for test, result in wanted.features[name].tests.items():
            assert found.features[name].tests[test].statistic == pytest.approx(result.statistic, rel=1e-12)


def test_counts_are_those_of_all_rows_on_the_points_of_the_sample() -> None:
    sample = drawn(DATA, 2_000)
    profile = Profile.fit_batches(batches(DATA), sample=sample, salt=SALT)
    on_sample = Profile.fit(sample, salt=SALT)
    whole = Window(on_sample).update(DATA).counts  # oracle: all rows in one batch
    assert profile.n_rows == N
    assert profile.summary.frame == on_sample.summary.frame
    for block, tally in zip(profile.summary.blocks, whole.blocks, strict=True):
        for found, wanted in zip(block.tally, tally, strict=True):
            np.testing.assert_array_equal(found, wanted)
    assert profile.summary.levels == whole.levels


def test_a_sample_that_is_everything_gives_the_profile_of_all_rows() -> None:
    profile = Profile.fit_batches(batches(DATA), sample=DATA, salt=SALT)
    whole = Profile.fit(DATA, salt=SALT)
    assert profile.summary.frame == whole.summary.frame
    for name, facts in whole.describe().items():
        described = profile.describe()[name]
        for key in ("missing", "min", "max", "points", "levels"):
            assert described.get(key) == facts.get(key)
        for key in ("mean", "std"):
            if key in facts:
                assert described[key] == pytest.approx(facts[key], rel=1e-5)


def test_psi_is_exact_on_the_bins_of_the_sample() -> None:
    sample = drawn(DATA, 2_000)
    profile = Profile.fit_batches(batches(DATA), sample=sample)
    found = Monitor.from_profile(profile).check(CURRENT).features["narrow"].tests["psi"]
    edges = Profile.fit({"narrow": sample["narrow"]}).summary.blocks[0].points.deciles[0]

    def shares(values: Any) -> Any:
        return np.maximum(np.bincount(np.searchsorted(edges, values, side="right"), minlength=10) / len(values), 1e-4)

    p, q = shares(DATA["narrow"]), shares(CURRENT["narrow"])  # oracle: bins [a, b) by hand
    assert found.statistic == pytest.approx(((q - p) * np.log(q / p)).sum(), rel=1e-12)


def test_only_one_batch_is_asked_for_at_a_time() -> None:
    alive: list[int] = []

    def run() -> Iterator[Any]:
        for i in range(5):
            alive.append(i)
            yield part(DATA, slice(100 * i, 100 * (i + 1)))
            alive.remove(i)
            assert alive == []

    assert Profile.fit_batches(run()).n_rows == 500


def test_first_batch_with_rows_is_the_sample() -> None:
    empty = part(DATA, slice(0, 0))
    profile = Profile.fit_batches([empty, part(DATA, slice(0, 50)), empty, part(DATA, slice(50, 90))], salt=SALT)
    assert profile.n_rows == 90
    assert profile.summary.frame == Profile.fit(part(DATA, slice(0, 50)), salt=SALT).summary.frame


@pytest.mark.parametrize("sample", [None, DATA])
@pytest.mark.parametrize("given", [[], [{"x": np.zeros(0)}]])
def test_no_rows_are_refused(given: list[Any], sample: Any) -> None:
    with pytest.raises(InputError, match="`batches` must hold at least one row"):
        Profile.fit_batches(given, sample=sample)


def test_arguments_are_those_of_fit() -> None:
    options: dict[str, Any] = {"kinds": {"count": "categorical"}, "names": ["count", "city", "x"], "n_points": 64}
    options |= {"min_count": 200, "redact": ["count"], "salt": SALT, "joint": {"both": ["x", "x2"]}}
    data = DATA | {"x2": RNG.normal(size=N)}
    options["names"] = [*options["names"], "x2"]
    found, wanted = Profile.fit_batches([data], **options), Profile.fit(data, **options)
    assert found.summary.frame == wanted.summary.frame
    assert found.summary.levels == wanted.summary.levels
    assert found.settings == wanted.settings
    assert list(found.features) == ["count", "city", "x", "x2", "both"]
    with pytest.raises(UnknownNameError, match="redact"):
        Profile.fit_batches([data], redact=["nobody"])


def test_a_column_that_changes_its_type_has_no_reference_and_says_why() -> None:
    profile = Profile.fit_batches([{"x": [1.0, 2.0], "y": [1, 2]}, {"x": ["one", "two"], "y": [3, 4]}])
    assert "not all batches hold the same: the type changed" in str(profile.features["x"].problem)
    report = Monitor.from_profile(profile).check({"x": [1.0] * 20, "y": range(20)})
    assert (report.features["x"].status, report.features["y"].status) == ("error", "insufficient")


def test_integers_and_nothing_in_a_column_of_floats_change_nothing() -> None:
    parts = [{"x": [1.5, 2.5]}, {"x": [3, 4]}, {"x": [None, None]}, pa.table({"x": pa.nulls(2)})]
    profile = Profile.fit_batches(parts)
    assert profile.features["x"].problem is None
    assert (profile.n_rows, profile.missing["x"], profile.describe()["x"]["max"]) == (8, 4, 4.0)


def test_columns_that_come_late_or_go_away_are_marked() -> None:
    profile = Profile.fit_batches([{"x": range(20), "y": range(20)}, {"x": range(20), "z": range(20)}])
    assert profile.features["y"].flags == ("absent_rows",)
    assert profile.features["x"].flags == ()
    assert "the sample that the points were taken from has not" in str(profile.features["z"].problem)
    report = Monitor.from_profile(profile).check({"x": range(20), "y": range(20), "z": range(20)})
    assert report.only_in_current == ()
    assert report.features["z"].status == "error"
    assert report.features["y"].n_reference == 20


def test_columns_that_are_left_out_by_name_are_known_and_no_features() -> None:
    profile = Profile.fit_batches([{"x": range(20), "y": range(20)}, {"x": range(20), "z": range(20)}], names=["x"])
    assert (list(profile.features), profile.known) == (["x"], frozenset("xyz"))
    report = Monitor.from_profile(profile).check({"x": range(20), "y": range(20), "z": range(20)})
    assert report.only_in_current == ()
