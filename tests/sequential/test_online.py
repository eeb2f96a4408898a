"""The contract that all online detectors keep, and their oracles: river, plain loops and published run lengths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driftwatch.errors import ConfigError, InputError
from driftwatch.sequential import ADWIN, CUSUM, DDM, EWMA, OnlineDetector, PageHinkley
from online_streams import N_STREAMS, SETTINGS, errors, numbers

RIVER: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "river_alarms.json").read_text("utf-8"))
OURS: dict[str, str] = {  # where river has another name
    "alpha": "decay",
    "min_instances": "min_samples",
    "mode": "side",
    "min_window_length": "min_window",
    "warm_start": "min_samples",
    "warning_threshold": "warning_level",
    "drift_threshold": "drift_level",
}
DETECTORS: dict[str, type[Any]] = {"PageHinkley": PageHinkley, "ADWIN": ADWIN, "DDM": DDM}


def make(name: str, n_streams: int = N_STREAMS, **settings: Any) -> OnlineDetector:
    """Return a detector that raises some alarms on the streams."""
    if name in {"CUSUM", "EWMA"}:
        chosen: type[Any] = {"CUSUM": CUSUM, "EWMA": EWMA}[name]
        chart: OnlineDetector = chosen(
            settings.pop("mean", 0.5), settings.pop("std", 0.15), n_streams=n_streams, **settings
        )
        return chart
    sensitive: dict[str, Any] = {"PageHinkley": {"threshold": 10.0}, "ADWIN": {"clock": 8}, "DDM": {}}
    detector: OnlineDetector = DETECTORS[name](n_streams=n_streams, **{**sensitive[name], **settings})
    return detector


def stream_for(name: str, n: int = 1500) -> np.ndarray[Any, Any]:
    return (errors() if name == "DDM" else numbers())[::2][:n]


ALL = ["CUSUM", "EWMA", "PageHinkley", "ADWIN", "DDM"]
CASES = [(name, i) for name, settings in SETTINGS.items() for i in range(len(settings))]


@pytest.mark.parametrize(("name", "i"), CASES)
def test_alarms_are_those_of_river(name: str, i: int) -> None:
    settings = {OURS.get(key, key): value for key, value in SETTINGS[name][i].items()}
    alarms = DETECTORS[name](n_streams=N_STREAMS, **settings).update(errors() if name == "DDM" else numbers())
    assert [np.flatnonzero(stream).tolist() for stream in alarms.T] == RIVER[name][i]


@pytest.mark.parametrize("name", ALL)
def test_some_stream_has_alarms(name: str) -> None:
    assert make(name).update(stream_for(name)).any()


@pytest.mark.parametrize("name", ALL)
def test_streams_do_not_know_each_other(name: str) -> None:
    x = stream_for(name)
    alarms = make(name).update(x)
    for i in range(N_STREAMS):
        np.testing.assert_array_equal(make(name, 1).update(x[:, i : i + 1])[:, 0], alarms[:, i])


@pytest.mark.parametrize("name", ALL)
def test_values_one_by_one_are_values_in_a_row(name: str) -> None:
    x = stream_for(name, 400)
    single, whole = make(name), make(name)
    alarms = np.stack([single.update(row) for row in x])
    np.testing.assert_array_equal(whole.update(x), alarms)
    np.testing.assert_array_equal(single.n_detections, whole.n_detections)
    np.testing.assert_array_equal(whole.n_detections, alarms.sum(axis=0))
    np.testing.assert_array_equal(whole.drift_detected, alarms.any(axis=0))
    np.testing.assert_array_equal(single.drift_detected, alarms[-1])


@pytest.mark.parametrize("name", ALL)
def test_resumed_detector_goes_on_with_the_same_results(name: str) -> None:
    x = stream_for(name)
    detector = make(name)
    detector.update(x[:777])
    stored = json.dumps(detector.state_dict(), allow_nan=False)
    resumed = type(detector).from_state(json.loads(stored))
    np.testing.assert_array_equal(resumed.n_detections, detector.n_detections)
    np.testing.assert_array_equal(resumed.drift_detected, detector.drift_detected)
    np.testing.assert_array_equal(resumed.update(x[777:]), detector.update(x[777:]))
    assert resumed.state_dict() == detector.state_dict()


@pytest.mark.parametrize("name", ALL)
def test_detector_of_a_file_goes_on_with_the_same_results(name: str, tmp_path: Path) -> None:
    x = stream_for(name)
    detector = make(name)
    detector.update(x[:777])
    detector.save(tmp_path / "x.npz")
    resumed = type(detector).load(tmp_path / "x.npz")
    assert resumed.state_dict() == detector.state_dict()
    np.testing.assert_array_equal(resumed.update(x[777:]), detector.update(x[777:]))


@pytest.mark.parametrize("name", ALL)
def test_update_after_reset_starts_fresh(name: str) -> None:
    x = stream_for(name)
    detector = make(name)
    first = detector.update(x)
    detector.reset()
    assert not detector.n_detections.any()
    assert not detector.drift_detected.any()
    np.testing.assert_array_equal(detector.update(x), first)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("chosen", [[1], np.arange(N_STREAMS) == 1])
def test_reset_of_one_stream_leaves_the_others(name: str, chosen: Any) -> None:
    x = stream_for(name)
    detector, other = make(name), make(name)
    detector.update(x[:700])
    other.update(x[:700])
    detector.reset(chosen)
    found, wanted = detector.update(x[700:]), other.update(x[700:])
    np.testing.assert_array_equal(np.delete(found, 1, axis=1), np.delete(wanted, 1, axis=1))
    np.testing.assert_array_equal(found[:, 1], make(name).update(x[700:])[:, 1])


@pytest.mark.parametrize("name", ALL)
def test_missing_value_leaves_its_stream_as_it_was(name: str) -> None:
    x = stream_for(name, 600)
    gaps = np.full((1200, N_STREAMS), np.nan)
    gaps[::2] = x
    gaps[1::2, 0] = np.nan
    alarms = make(name).update(gaps)
    assert not alarms[1::2].any()
    np.testing.assert_array_equal(alarms[::2], make(name).update(x))


@pytest.mark.parametrize("name", ALL)
def test_state_does_not_grow_with_the_stream(name: str) -> None:
    detector = make(name)
    detector.update(stream_for(name, 500))
    before = len(json.dumps(detector.state_dict()))
    for _ in range(3):
        detector.update(stream_for(name, 500))
    assert len(json.dumps(detector.state_dict())) < 1.6 * before  # ADWIN's window takes a level more when it doubles


@pytest.mark.parametrize("name", ALL)
def test_another_shape_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"must have shape \(6,\) or \(n_values, 6\), got \(5,\)"):
        make(name).update(np.zeros(5))
    assert make(name, 1).update(0.5).shape == (1,)


def test_state_of_another_detector_or_a_damaged_one_is_refused() -> None:
    state = make("CUSUM").state_dict()
    with pytest.raises(InputError, match=r"format 'driftwatch.sequential.ewma', version 1, is wanted"):
        EWMA.from_state(state)
    del state["arrays"]["upper"]
    with pytest.raises(InputError, match="the state has no array 'upper' of shape"):
        CUSUM.from_state(state)
    with pytest.raises(InputError, match="damaged"):
        CUSUM.from_state({**make("CUSUM").state_dict(), "settings": {"no": 1}})


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("CUSUM", {"mean": 0.4}),
    ("CUSUM", {"std": 0.3}),
    ("CUSUM", {"k": 0.1}),
    ("CUSUM", {"h": 9.0}),
    ("CUSUM", {"side": "up"}),
    ("CUSUM", {"side": "down"}),
    ("EWMA", {"mean": 0.4}),
    ("EWMA", {"std": 0.3}),
    ("EWMA", {"weight": 0.05}),
    ("EWMA", {"limit": 4.0}),
    ("EWMA", {"side": "up"}),
    ("EWMA", {"steady": True}),
    ("PageHinkley", {"delta": 0.2}),
    ("PageHinkley", {"threshold": 20.0}),
    ("PageHinkley", {"decay": 0.99}),
    ("PageHinkley", {"side": "down"}),
    ("PageHinkley", {"min_samples": 400}),
    ("ADWIN", {"delta": 0.5}),
    ("ADWIN", {"clock": 100}),
    ("ADWIN", {"max_buckets": 2}),
    ("ADWIN", {"min_window": 60}),
    ("ADWIN", {"grace_period": 900}),
    ("ADWIN", {"restart": False}),
    ("DDM", {"drift_level": 2.5}),
    ("DDM", {"min_samples": 200}),
]


@pytest.mark.parametrize(("name", "setting"), CHANGES)
def test_every_setting_changes_the_result(name: str, setting: dict[str, Any]) -> None:
    x = stream_for(name)
    assert (make(name).update(x) != make(name, **setting).update(x)).any()


def test_warning_level_of_ddm_changes_the_warnings_alone() -> None:
    x = errors()
    early, late = DDM(warning_level=1.0, n_streams=N_STREAMS), DDM(warning_level=3.0, n_streams=N_STREAMS)
    warned = []
    for row in x[:1700]:
        np.testing.assert_array_equal(early.update(row), late.update(row))
        assert not late.warning_detected.any()
        assert not (early.warning_detected & early.drift_detected).any()
        warned.append(early.warning_detected)
    assert np.any(warned)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: CUSUM(0.0, 0.0), "`std` must be above 0"),
        (lambda: CUSUM(0.0, 1.0, h=0.0), "`h` must be above 0"),
        (lambda: CUSUM(0.0, 1.0, k=-1.0), "`k` must not be negative"),
        (lambda: CUSUM(0.0, 1.0, side="left"), "`side` must be one of both, up, down, got 'left'"),
        (lambda: CUSUM([0.0, 1.0], 1.0, n_streams=3), "must fit together, got n_streams=3"),
        (lambda: CUSUM([0.0, 1.0], [1.0, 1.0, 1.0]), "must fit together"),
        (lambda: CUSUM([[0.0]], 1.0), "must fit together"),
        (lambda: EWMA(0.0, 1.0, weight=0.0), "`weight` must be above 0 and at most 1"),
        (lambda: EWMA(0.0, 1.0, limit=-1.0), "`limit` must be above 0"),
        (lambda: PageHinkley(decay=1.5), "`decay` must be above 0 and at most 1"),
        (lambda: PageHinkley(n_streams=0), "`n_streams` must be at least 1, got 0"),
        (lambda: ADWIN(delta=1.0), "`delta` must be below 1"),
        (lambda: ADWIN(max_buckets=1), "`max_buckets` must be at least 2"),
        (lambda: DDM(warning_level=4.0), "`warning_level` must not exceed `drift_level`"),
    ],
)
def test_setting_out_of_range_is_refused(build: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build()


def test_mean_and_std_may_differ_from_stream_to_stream() -> None:
    x = np.random.default_rng(0).normal([0.0, 100.0], [1.0, 20.0], size=(60, 2))
    both = CUSUM([0.0, 100.0], [1.0, 20.0], h=2.0).update(x)
    np.testing.assert_array_equal(both[:, 1], CUSUM(100.0, 20.0, h=2.0).update(x[:, 1:])[:, 0])


def test_cusum_is_the_recursion_of_the_book() -> None:
    x = np.random.default_rng(0).normal(0.2, 1.1, size=80)
    detector = CUSUM(0.1, 1.1, k=0.4, h=50.0)
    upper = lower = 0.0
    for value in x.tolist():
        detector.update(value)
        z = (value - 0.1) / 1.1
        upper, lower = max(0.0, upper + z - 0.4), max(0.0, lower - z - 0.4)
        np.testing.assert_allclose([detector.upper[0], detector.lower[0]], [upper, lower], rtol=1e-12)


def _run_length(detector: OnlineDetector, shift: float, n_values: int) -> float:
    """Return the mean run length, from the number of alarms: a detector begins anew after each."""
    rng = np.random.default_rng(1)
    n_alarms = sum(int(detector.update(row).sum()) for row in rng.normal(shift, 1.0, (n_values, detector.n_streams)))
    return n_values * detector.n_streams / n_alarms


@pytest.mark.parametrize(
    ("h", "shift", "published"),
    [(4.0, 0.0, 168.0), (4.0, 1.0, 8.38), (5.0, 0.0, 465.0), (5.0, 0.5, 38.0), (5.0, 1.0, 10.4)],
)
def test_run_length_of_cusum_is_the_published_one(h: float, shift: float, published: float) -> None:
    # Montgomery, Introduction to Statistical Quality Control, table 9.3 (k = 1/2, two-sided).
    found = _run_length(CUSUM(0.0, 1.0, h=h, n_streams=1500), shift, int(5 * published) + 1500)
    assert found == pytest.approx(published, rel=0.03)


@pytest.mark.parametrize(
    ("weight", "limit", "shift", "published"),
    [(0.2, 2.962, 0.0, 500.0), (0.1, 2.814, 0.0, 500.0), (0.2, 2.962, 1.0, 10.5), (0.1, 2.814, 0.5, 31.3)],
)
def test_run_length_of_ewma_is_the_published_one(weight: float, limit: float, shift: float, published: float) -> None:
    # Lucas and Saccucci (1990), table 3, in the long-run limits.
    detector = EWMA(0.0, 1.0, weight=weight, limit=limit, steady=True, n_streams=1500)
    assert _run_length(detector, shift, int(4 * published) + 1500) == pytest.approx(published, rel=0.03)


def test_window_of_adwin_is_that_of_the_values_left_in_it() -> None:
    x = numbers()[:, 1]
    detector = ADWIN(restart=False)
    for i, value in enumerate(x.tolist(), 1):
        detector.update(value)
        width = int(detector.width[0])
        if i % 50 == 0:
            assert detector.mean[0] == pytest.approx(x[i - width : i].mean(), rel=1e-9)
            squares = float(_spread(detector))
            assert squares == pytest.approx(float(x[i - width : i].var() * width), rel=1e-9)
    assert detector.n_detections[0] > 0
    assert width < len(x) * 0.7


def _spread(detector: ADWIN) -> float:
    """Return the sum of squared differences from the window's mean."""
    size, total, squares = (a[0] for a in detector._oldest_first(np.array([0])))
    held = size > 0
    own = total[held] / size[held]
    return float(squares[held].sum() + (size[held] * (own - detector.mean[0]) ** 2).sum())


def test_mean_of_an_empty_window_is_nan() -> None:
    assert np.isnan(ADWIN().mean).all()
