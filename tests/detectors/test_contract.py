"""What every detector of the catalog promises, on seeded data, against SciPy or a formula written out."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import distance

from driftwatch.arrays.column import Levels
from driftwatch.arrays.schema import FeatureKind
from driftwatch.arrays.table import read_table
from driftwatch.detectors import (
    ChiSquaredDetector,
    JensenShannonDetector,
    KSDetector,
    MissingShareDetector,
    MMDDetector,
    PSIDetector,
    TotalVariationDetector,
    WassersteinDetector,
)
from driftwatch.detectors._catalog import default_detectors
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector
from driftwatch.profile.profile import Profile
from driftwatch.profile.sample import CategoricalSample, NumericSample, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.detectors.base import Score

RNG = np.random.default_rng(0)
N, M = 500, 400
NAMES = ("same", "moved", "constant")
REFERENCE = np.stack([RNG.normal(size=N), RNG.normal(size=N), np.full(N, 2.0)])
CURRENT = np.stack([RNG.normal(size=M), RNG.normal(1.0, 2.0, size=M), np.full(M, 2.0)])
LEVELS = "abcdef"
REFERENCE_COUNTS = np.array([[100, 90, 80, 70, 60, 100], [100, 90, 80, 70, 60, 100], [500, 0, 0, 0, 0, 0]])
CURRENT_COUNTS = np.array([[85, 65, 68, 55, 45, 82], [10, 150, 20, 70, 60, 90], [400, 0, 0, 0, 0, 0]])


def numeric_sample() -> NumericSample:
    profile = Profile.fit(read_table(dict(zip(NAMES, REFERENCE, strict=True))))
    return NumericSample(profile.blocks[0], CURRENT, n_rows=N)


def categorical_sample() -> CategoricalSample:
    def levels(counts: np.ndarray[Any, Any]) -> dict[str, Levels]:
        rows = zip(NAMES, counts.tolist(), strict=True)
        return {name: Levels({k: c for k, c in zip(LEVELS, row, strict=True) if c}, 0) for name, row in rows}

    return CategoricalSample(NAMES, levels(REFERENCE_COUNTS), levels(CURRENT_COUNTS))


SAMPLES: dict[FeatureKind, Callable[[], Sample]] = {
    FeatureKind.NUMERIC: numeric_sample,
    FeatureKind.CATEGORICAL: categorical_sample,
}


def shares(kind: FeatureKind, row: int) -> tuple[Any, Any]:
    """Return the shares of both sides in the bins or levels of a feature, by a histogram."""
    if kind is FeatureKind.CATEGORICAL:
        return REFERENCE_COUNTS[row] / REFERENCE_COUNTS[row].sum(), CURRENT_COUNTS[row] / CURRENT_COUNTS[row].sum()
    edges = np.unique(np.quantile(REFERENCE[row], np.arange(1, 10) / 10))
    bounds = [-np.inf, *edges[(edges > REFERENCE[row].min()) & (edges < REFERENCE[row].max())], np.inf]
    sides = [
        [np.mean((x >= a) & (x < b)) for a, b in itertools.pairwise(bounds)] for x in (REFERENCE[row], CURRENT[row])
    ]
    return np.array(sides[0]), np.array(sides[1])


def psi_formula(kind: FeatureKind, row: int) -> float:
    r, c = (np.maximum(side, 1e-4) for side in shares(kind, row))
    return float(np.sum((c - r) * np.log(c / r)))


def chi2_scipy(row: int) -> tuple[float, float]:
    table = np.stack([REFERENCE_COUNTS[row], CURRENT_COUNTS[row]])
    result = stats.chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)
    return float(result.statistic), float(result.pvalue)


# Detector name to the statistic of one feature, by SciPy or by the formula.
ORACLES: dict[str, Callable[[FeatureKind, int], float]] = {
    "ks": lambda _, row: float(stats.ks_2samp(REFERENCE[row], CURRENT[row]).statistic),
    "wasserstein": lambda _, row: float(stats.wasserstein_distance(REFERENCE[row], CURRENT[row])),
    "chi2": lambda _, row: chi2_scipy(row)[0],
    "psi": psi_formula,
    "jensenshannon": lambda kind, row: float(distance.jensenshannon(*shares(kind, row), base=2)),
    "total_variation": lambda kind, row: float(np.abs(np.subtract(*shares(kind, row))).sum() / 2),
}
PVALUES: dict[str, Callable[[int], float]] = {
    "ks": lambda row: float(stats.ks_2samp(REFERENCE[row], CURRENT[row]).pvalue),
    "chi2": lambda row: chi2_scipy(row)[1],
}

DETECTORS = {detector.name: detector for detector in (*default_detectors(), MissingShareDetector())}
CASES = [
    pytest.param(detector, kind, id=f"{name}-{kind}")
    for name, detector in DETECTORS.items()
    for kind in SAMPLES
    if kind in detector.kinds
]
cases = pytest.mark.parametrize(("detector", "kind"), CASES)


def score_of(detector: BaseDetector[Any], kind: FeatureKind) -> Score:
    return detector.score(SAMPLES[kind]())


def test_the_catalog_holds_every_detector_that_can_be_chosen() -> None:
    shipped = {
        *(KSDetector, WassersteinDetector, ChiSquaredDetector),
        *(PSIDetector, JensenShannonDetector, TotalVariationDetector),
        MMDDetector,
    }
    assert {type(detector) for detector in default_detectors()} == shipped
    # tests/detectors/test_embeddings.py is about those of embeddings
    assert {detector.name for detector in default_detectors()} == {*ORACLES, "mmd"}


@cases
def test_class_says_what_it_is(detector: BaseDetector[Any], kind: FeatureKind) -> None:
    assert kind in BOTH_KINDS
    assert detector.kinds <= BOTH_KINDS
    assert detector.effect_kinds <= detector.kinds
    assert detector.needs in {"counts", "ordering", "rows"}
    assert detector.name in detector.measures


@cases
def test_every_part_of_a_score_has_one_entry_per_feature(detector: BaseDetector[Any], kind: FeatureKind) -> None:
    score = score_of(detector, kind)
    arrays = [score.statistic, score.pvalue, score.effect, *(score.measures or {}).values()]
    assert {array.shape for array in arrays if array is not None} == {(3,)}
    lists = [score.reasons, score.flags, *score.details.values()]
    assert {len(entries) for entries in lists if entries is not None} <= {3}


@cases
def test_measures_are_the_ones_that_thresholds_may_name(detector: BaseDetector[Any], kind: FeatureKind) -> None:
    score = score_of(detector, kind)
    assert set(score.measures or {detector.name: score.statistic}) == set(detector.measures)


@cases
def test_effect_is_given_for_the_declared_kinds_and_in_the_unit_interval(
    detector: BaseDetector[Any], kind: FeatureKind
) -> None:
    effect = score_of(detector, kind).effect
    assert (effect is not None) == (kind in detector.effect_kinds)
    if effect is not None:
        assert ((effect >= 0.0) & (effect <= 1.0)).all()


@pytest.mark.parametrize(("detector", "kind"), [case for case in CASES if "missing" not in str(case.id)])
@pytest.mark.parametrize("row", range(3), ids=NAMES)
def test_statistic_equals_the_oracle(detector: BaseDetector[Any], kind: FeatureKind, row: int) -> None:
    found = float(score_of(detector, kind).statistic[row])
    # PSI and JS sum differences of nearly equal logarithms: rounding is far below this
    np.testing.assert_allclose(found, ORACLES[detector.name](kind, row), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("detector", "kind"), [case for case in CASES if str(case.id).partition("-")[0] in PVALUES])
@pytest.mark.parametrize("row", range(3), ids=NAMES)
def test_pvalue_equals_scipy(detector: BaseDetector[Any], kind: FeatureKind, row: int) -> None:
    pvalue = score_of(detector, kind).pvalue
    assert pvalue is not None
    np.testing.assert_allclose(float(pvalue[row]), PVALUES[detector.name](row), rtol=1e-6)


@pytest.mark.parametrize(("detector", "kind"), [case for case in CASES if "missing" not in str(case.id)])
def test_moved_feature_scores_above_the_others(detector: BaseDetector[Any], kind: FeatureKind) -> None:
    same, moved, constant = score_of(detector, kind).statistic
    assert moved > 3 * same
    assert constant == 0.0


def test_effect_of_noise_is_far_below_the_effect_of_the_move() -> None:
    for detector, kind in ((KSDetector(), FeatureKind.NUMERIC), (TotalVariationDetector(), FeatureKind.CATEGORICAL)):
        effect = score_of(detector, kind).effect
        assert effect is not None
        assert (effect[0] < 0.05, effect[1] > 0.2) == (True, True)


def test_effect_is_the_noise_corrected_distance() -> None:
    effect = score_of(KSDetector(), FeatureKind.NUMERIC).effect
    d = ORACLES["ks"](FeatureKind.NUMERIC, 1)
    assert effect is not None
    # E[K^2] = pi^2 / 12 for the Kolmogorov distribution K
    np.testing.assert_allclose(effect[1], np.sqrt(d**2 - np.pi**2 / 12 * (1 / N + 1 / M)), rtol=1e-12)


def test_excess_of_psi_is_what_chance_does_not_explain() -> None:
    noise = score_of(PSIDetector(), FeatureKind.NUMERIC).noise
    assert noise is not None
    # nine degrees of freedom for ten bins; Yurdakul and Naranjo (2020)
    wanted = [max(psi_formula(FeatureKind.NUMERIC, row) - 9 * (1 / N + 1 / M), 0.0) for row in range(2)]
    np.testing.assert_allclose(noise.excess[:2], wanted, rtol=1e-9)


@pytest.mark.parametrize("detector", [PSIDetector(), JensenShannonDetector(), TotalVariationDetector()])
def test_binned_distance_of_a_constant_reference_is_marked(detector: BaseDetector[Any]) -> None:
    reasons = score_of(detector, FeatureKind.NUMERIC).reasons
    assert reasons is not None
    assert [reason is not None for reason in reasons] == [False, False, True]


def test_wasserstein_is_relative_to_the_standard_deviation_of_the_reference() -> None:
    score = score_of(WassersteinDetector(), FeatureKind.NUMERIC)
    np.testing.assert_allclose(
        np.asarray(score.details["normalized"][:2], dtype=float),
        [stats.wasserstein_distance(REFERENCE[row], CURRENT[row]) / REFERENCE[row].std() for row in range(2)],
        rtol=1e-9,
    )
    assert np.isnan(score.details["normalized"][2])  # type: ignore[arg-type]
    assert score.reasons is not None
    assert "reference is constant" in str(score.reasons[2])


@pytest.mark.parametrize(
    ("detector", "statistic"),
    [
        (PSIDetector(n_bins=2), "psi"),
        (JensenShannonDetector(n_bins=4), "jensenshannon"),
        (PSIDetector(floor=0.1), "psi"),
    ],
    ids=["psi n_bins", "js n_bins", "psi floor"],
)
def test_parameters_of_a_binned_detector_change_the_result(detector: BaseDetector[Any], statistic: str) -> None:
    default = score_of(DETECTORS[statistic], FeatureKind.NUMERIC).statistic
    assert score_of(detector, FeatureKind.NUMERIC).statistic[1] != default[1]


@pytest.mark.parametrize(
    ("method", "word", "mode"),
    [("exact", "exact", "exact"), ("asymp", "asymptotic", "asymp"), ("limit", "limit", None)],
)
def test_method_of_the_ks_test_is_named(method: Any, word: str, mode: Any) -> None:
    score = score_of(KSDetector(method=method), FeatureKind.NUMERIC)
    assert score.details["pvalue_method"] == [word] * 3
    assert score.pvalue is not None
    if mode is None:  # the Kolmogorov limit at D sqrt(n m / (n + m))
        d = ORACLES["ks"](FeatureKind.NUMERIC, 0)
        wanted = stats.kstwobign.sf(d * np.sqrt(N * M / (N + M)))
    else:
        wanted = stats.ks_2samp(REFERENCE[0], CURRENT[0], method=mode).pvalue
    np.testing.assert_allclose(score.pvalue[0], wanted, rtol=1e-6)


def test_detectors_are_values() -> None:
    assert PSIDetector(n_bins=7) == PSIDetector(n_bins=7) != PSIDetector()
    assert hash(KSDetector()) == hash(KSDetector())
