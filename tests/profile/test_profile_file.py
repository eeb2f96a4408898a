"""A profile saved and loaded compares as the one that was fitted, holds no rows, and is read without trust."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor, Profile, Window
from driftwatch.errors import ArchiveError, ConfigError, InputError, UnknownNameError
from driftwatch.profile import archive
from known_answers import tables

RNG = np.random.default_rng(3)
N = 300
COLUMNS: dict[str, Any] = {
    "x": RNG.normal(size=N),
    "tied": RNG.integers(0, 5, N),
    "city": RNG.choice(["Rome", "Oslo", "Bern"], N).tolist(),
    "flag": (RNG.random(N) < 0.3).tolist(),
    "at": [f"2024-01-{1 + i % 28:02}" for i in range(N)],
    "empty": [None] * N,
    "text": RNG.normal(size=(N, 4)),
}
CURRENT = {**COLUMNS, "x": RNG.normal(0.6, size=N), "city": ["Rome"] * (N - 1) + ["Turin"]}
GOLDEN = Path(__file__).parent / "golden" / "profile-1.npz"
GOLDEN_2 = Path(__file__).parent / "golden" / "profile-2.npz"


def saved(profile: Profile, tmp_path: Path) -> Profile:
    profile.save(tmp_path / "reference.npz")
    return Profile.load(tmp_path / "reference.npz")


def test_a_loaded_profile_says_the_same(tmp_path: Path) -> None:
    profile = Profile.fit(COLUMNS)
    loaded = saved(profile, tmp_path)
    assert loaded.describe() == profile.describe()
    assert (loaded.hash, loaded.n_rows, loaded.missing) == (profile.hash, N, profile.missing)
    assert loaded.features == profile.features
    assert (profile.has_rows, loaded.has_rows) == (True, False)


def test_a_loaded_profile_gives_the_report_of_a_window(tmp_path: Path) -> None:
    profile = Profile.fit(COLUMNS)
    loaded = saved(profile, tmp_path)
    wanted = Monitor.from_profile(profile).check(Window(profile).update(CURRENT))
    from_window = Monitor.from_profile(loaded).check(Window(loaded).update(CURRENT))
    from_rows = Monitor.from_profile(loaded).check(CURRENT)
    assert from_window.features == from_rows.features == wanted.features
    assert wanted.reference_hash == from_rows.reference_hash
    assert wanted.drifted_features == ["city", "x"]


def test_windows_of_the_fitted_and_of_the_loaded_profile_add(tmp_path: Path) -> None:
    profile = Profile.fit(COLUMNS)
    loaded = saved(profile, tmp_path)
    both = Window(profile).update(CURRENT) + Window(loaded).update(CURRENT)
    assert both.n_rows == 2 * N


def test_a_fitted_profile_compares_rows_as_they_are() -> None:
    profile = Profile.fit({"x": COLUMNS["x"]})
    report = Monitor.from_profile(profile).check({"x": CURRENT["x"]})
    assert report.features == Monitor({"x": COLUMNS["x"]}).check({"x": CURRENT["x"]}).features
    assert "error_bound" not in report.features["x"].tests["ks"].details


def test_detectors_that_need_the_order_are_skipped_with_the_reason(tmp_path: Path) -> None:
    loaded = saved(Profile.fit(COLUMNS), tmp_path)
    report = Monitor.from_profile(loaded, detectors=["ks", "cramervonmises", "total_variation"]).check(CURRENT)
    test = report.features["x"].tests["cramervonmises"]
    reason = "skipped: it needs the order of all values, and a window holds counts"
    assert (test.statistic, test.reason) == (None, reason)
    alone = Monitor.from_profile(loaded, detectors=["cramervonmises"]).check(CURRENT).features["x"]
    assert (alone.status, alone.drift_detected) == ("skipped", False)


def test_the_file_holds_no_rows_and_no_rare_labels(tmp_path: Path) -> None:
    values = RNG.normal(size=50_000)
    rare = ["common"] * 49_997 + ["Ada Lovelace"] * 3
    Profile.fit({"x": values, "name": rare}).save(tmp_path / "x.npz")
    read = archive.load(tmp_path / "x.npz", kind="profile", formats=(2,))
    assert max(array.size for array in read.arrays.values()) < 2_600
    assert "Lovelace" not in repr(read.header)
    assert "common" in repr(read.header)


def test_every_setting_changes_the_file() -> None:
    values = {"x": RNG.normal(size=5000), "name": ["a"] * 4980 + ["b"] * 20}
    plain = Profile.fit(values, salt=b"s").summary
    assert Profile.fit(values, salt=b"s").summary.frame == plain.frame
    changes: list[dict[str, Any]] = [
        {"n_points": 100},
        {"n_points": None},
        {"min_count": 21},
        {"redact": ["name"]},
        {"salt": b"t"},
    ]
    for change in changes:
        assert Profile.fit(values, **{"salt": b"s", **change}).summary.frame != plain.frame


def test_all_points_are_exact() -> None:
    profile = Profile.fit({"x": RNG.normal(size=3000)}, n_points=None)
    report = Monitor.from_profile(profile).check(Window(profile).update({"x": RNG.normal(0.1, size=2000)}))
    assert report.features["x"].tests["ks"].details["error_bound"] == 0.0
    assert profile.describe()["x"]["exact"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"n_points": 3}, ConfigError, "`n_points` must be 0 for deciles only, an integer of at least 16, or None"),
        ({"min_count": -1}, ConfigError, "`min_count` must be an integer of at least 0"),
        ({"redact": "city"}, ConfigError, "Pass \\['city'\\]"),
        ({"redact": ["town"]}, UnknownNameError, "town"),
        ({"salt": b""}, ConfigError, "`salt` must be 1 to 64 bytes"),
        ({"kinds": {"town": "numeric"}}, UnknownNameError, "town"),
        ({"kinds": {"x": "number"}}, UnknownNameError, "number"),
        ({"names": ["town"]}, UnknownNameError, "town"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Profile.fit(COLUMNS, **options)


def test_diff_names_what_changed() -> None:
    other = {name: values for name, values in COLUMNS.items() if name != "tied"} | {
        "x": COLUMNS["x"] + 2.0,
        "new": [1.0] * N,
    }
    found = Profile.fit(COLUMNS).diff(Profile.fit({**other, "flag": ["yes"] * N}))
    assert (found["removed"], found["added"]) == (["tied"], ["new"])
    assert found["changed"]["x"]["shift"] == pytest.approx(2.0 / np.std(COLUMNS["x"]))
    assert found["changed"]["flag"]["kind"] == {"before": "boolean", "after": "categorical"}
    assert "city" not in found["changed"]


def test_a_window_becomes_the_reference() -> None:
    profile = Profile.fit(COLUMNS)
    window = Window(profile).update(CURRENT)
    moved = profile.with_reference(window.counts)
    report = Monitor.from_profile(moved).check(Window(moved).update(CURRENT))
    assert not report.drift_detected
    assert [report.features[name].tests["ks"].statistic for name in ("x", "tied")] == [0.0, 0.0]
    assert Monitor.from_profile(moved).check(Window(profile).update(COLUMNS)).drifted_features == ["city", "x"]
    assert moved.hash != profile.hash
    assert moved.n_rows == N


@pytest.mark.parametrize(
    "change", [{"features": 3}, {"settings": {}}, {"blocks": [["x"]]}, {"n_rows": None}, {"printed": {}}]
)
def test_a_header_of_another_shape_is_one_clear_error(change: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    Profile.fit(COLUMNS).save(path)
    read = archive.load(path, kind="profile", formats=(2,))
    archive.save(path, read._replace(header={**read.header, **change}))
    with pytest.raises(ArchiveError, match="no profile that can be read"):
        Profile.load(path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("tally.cells.0", lambda x: -1 - x),
        ("tally.cells.0", lambda x: x[:, 1:]),
        ("tally.cells.0", lambda x: x.astype(np.int32)),
        ("points.values.0", lambda x: x[:, ::-1]),
        ("points.unit.0", lambda x: -x),
        ("points.values.0", lambda x: x.astype(np.float32)),
    ],
)
def test_arrays_that_make_no_sense_are_one_clear_error(name: str, change: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    Profile.fit(COLUMNS).save(path)
    read = archive.load(path, kind="profile", formats=(2,))
    archive.save(path, read._replace(arrays={**read.arrays, name: change(read.arrays[name])}))
    with pytest.raises(ArchiveError, match="no profile that can be read"):
        Profile.load(path)


def test_the_golden_file_of_format_1_is_read_for_ever() -> None:
    # Written by format 1: `Profile.fit(tables("rodents", "drift")[0], salt=b"golden").save(GOLDEN)`
    loaded = Profile.load(GOLDEN)
    reference, current = tables("rodents", "drift")
    assert loaded.n_rows == reference.num_rows
    wanted = Monitor(reference).check(current)
    found = Monitor.from_profile(loaded).check(current)
    assert found.drifted_features == wanted.drifted_features
    for name, feature in wanted.features.items():
        for test in {"psi", "chi2"} & set(feature.tests):
            assert found.features[name].tests[test].statistic == pytest.approx(feature.tests[test].statistic, rel=1e-12)


def test_the_golden_profile_of_format_2_reads() -> None:
    loaded = Profile.load(GOLDEN_2)
    rows = np.random.default_rng(4).normal(size=(120, 3))  # what it was fitted on, as golden/write.py has it
    wanted = Profile.fit({"e": rows}, salt=b"golden").summary.projections["e"]
    found = loaded.summary.projections["e"]
    assert all(np.array_equal(a, b) for a, b in zip(found.moments, wanted.moments, strict=True))
    features = Monitor.from_profile(loaded).check(Window(loaded).update({"e": rows + 1.0})).features
    assert features["e"].drift_detected
    assert features["e"].tests["frozen_lines"].details["frechet"] == pytest.approx(0.9, abs=0.3)


def test_an_embedding_of_format_1_is_compared_without_sums(tmp_path: Path) -> None:
    Profile.fit(COLUMNS).save(tmp_path / "new.npz")
    new = archive.load(tmp_path / "new.npz", kind="profile", formats=(2,))
    arrays = {name: array for name, array in new.arrays.items() if not name.startswith("rows.")}
    assert len(new.arrays) - len(arrays) == 2
    archive.save(tmp_path / "old.npz", new._replace(format=1, arrays=arrays))
    old = Profile.load(tmp_path / "old.npz")
    window = Window(old).update(CURRENT)
    assert Window.from_bytes(window.to_bytes(), old).to_bytes() == window.to_bytes()
    test = Monitor.from_profile(old).check(window).features["text"].tests["frozen_lines"]
    assert test.pvalue is not None
    assert "mmd2" not in test.details
    with pytest.raises(InputError, match="counted on another"):
        window + Window(Profile.load(tmp_path / "new.npz"))


def test_a_calibration_travels_with_the_profile(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    monitor = Monitor({"x": rng.normal(size=2000), "y": rng.normal(size=2000)})
    result = monitor.calibrate(window=100, checks_per_day=1, false_alarms_per_month=1)
    loaded = saved(monitor.profile, tmp_path)
    again = Monitor.from_profile(loaded)
    assert again.calibration == result
    assert again.plan.alpha == monitor.plan.alpha != 0.05
    assert again.check({"x": rng.normal(size=100), "y": rng.normal(size=100)}).calibrated
    assert Monitor.from_profile(loaded, calibrated=False).plan.alpha == 0.05
