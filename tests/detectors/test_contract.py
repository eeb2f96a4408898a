"""What every detector of the catalog promises, on seeded data, against SciPy or a formula written out."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import special, stats
from scipy.spatial import distance

from driftwatch import detectors
from driftwatch.arrays.column import Levels
from driftwatch.arrays.schema import FeatureKind
from driftwatch.arrays.table import read_table
from driftwatch.detectors import (
    CramersVDetector,
    CramerVonMisesDetector,
    GTestDetector,
    HellingerDetector,
    JensenShannonDetector,
    KLDetector,
    KSDetector,
    LInfinityDetector,
    MannWhitneyDetector,
    MissingShareDetector,
    PSIDetector,
    TotalVariationDetector,
    WassersteinDetector,
)
from driftwatch.detectors._catalog import DEFAULT_NAMES, default_detectors, detector_by_name
from driftwatch.detectors._catalog import DETECTORS as SHIPPED
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector
from driftwatch.errors import UnknownNameError
from driftwatch.profile.profile import Profile
from driftwatch.profile.sample import CategoricalSample, NumericSample, Sample
from kernel_oracles import SAMPLE_ORACLES

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


def counts_of(kind: FeatureKind, row: int) -> Any:
    sizes = (N, M) if kind is FeatureKind.NUMERIC else (REFERENCE_COUNTS[row].sum(), CURRENT_COUNTS[row].sum())
    table = np.rint(np.stack(shares(kind, row)) * np.array(sizes)[:, None]).astype(np.int64)
    return table[:, table.sum(axis=0) > 0]


def anderson_darling(row: int) -> dict[str, float]:
    return SAMPLE_ORACLES["anderson_darling_2samp"](REFERENCE[row], CURRENT[row])


def chi2_of_counts(kind: FeatureKind, row: int, lambda_: Any = "pearson") -> Any:
    return stats.chi2_contingency(counts_of(kind, row), correction=False, lambda_=lambda_)


def kuiper_loop(row: int) -> float:
    x, y = REFERENCE[row], CURRENT[row]
    gaps = [np.mean(x <= value) - np.mean(y <= value) for value in np.concatenate([x, y])]
    return float(max(0.0, *gaps) - min(0.0, *gaps))


def bergsma_v(kind: FeatureKind, row: int) -> float:
    table = counts_of(kind, row)
    total, k = table.sum(), table.shape[1]
    phi2 = max(0.0, chi2_of_counts(kind, row).statistic / total - (k - 1) / (total - 1))
    return float(np.sqrt(phi2 / (1 - 1 / (total - 1)))) if k > 1 else 0.0


# Detector name to the statistic of one feature, by SciPy or by the formula.
ORACLES: dict[str, Callable[[FeatureKind, int], float]] = {
    "ks": lambda _, row: float(stats.ks_2samp(REFERENCE[row], CURRENT[row]).statistic),
    "wasserstein": lambda _, row: float(stats.wasserstein_distance(REFERENCE[row], CURRENT[row])),
    "anderson_darling": lambda _, row: anderson_darling(row)["statistic"],
    "chi2": lambda _, row: chi2_scipy(row)[0],
    "chi2_bins": lambda kind, row: float(chi2_of_counts(kind, row).statistic),
    "cramers_v": bergsma_v,
    # two equal constants are at distance 0, but for the steps at distinct values that scipy's formula contains
    "cramervonmises": lambda _, row: (
        float(stats.cramervonmises_2samp(REFERENCE[row], CURRENT[row]).statistic) if row < 2 else 1 / (4 * (N + M))
    ),
    "energy": lambda _, row: float(stats.energy_distance(REFERENCE[row], CURRENT[row])),
    "g_test": lambda kind, row: float(chi2_of_counts(kind, row, "log-likelihood").statistic),
    "hellinger": lambda kind, row: float(np.linalg.norm(np.subtract(*map(np.sqrt, shares(kind, row)))) / np.sqrt(2)),
    "kl": lambda kind, row: float(special.kl_div(*(np.maximum(s, 1e-4) for s in shares(kind, row)[::-1])).sum()),
    "kuiper": lambda _, row: kuiper_loop(row),
    "l_infinity": lambda kind, row: float(np.abs(np.subtract(*shares(kind, row))).max()),
    "mannwhitney": lambda _, row: float(stats.mannwhitneyu(REFERENCE[row], CURRENT[row]).statistic),
    "psi": psi_formula,
    "jensenshannon": lambda kind, row: float(distance.jensenshannon(*shares(kind, row), base=2)),
    "total_variation": lambda kind, row: float(np.abs(np.subtract(*shares(kind, row))).sum() / 2),
}
PVALUES: dict[str, Callable[[FeatureKind, int], float]] = {
    "ks": lambda _, row: float(stats.ks_2samp(REFERENCE[row], CURRENT[row]).pvalue),
    "anderson_darling": lambda _, row: anderson_darling(row)["pvalue"],
    "chi2": lambda _, row: chi2_scipy(row)[1],
    "cramervonmises": lambda _, row: (
        float(stats.cramervonmises_2samp(REFERENCE[row], CURRENT[row]).pvalue) if row < 2 else 1.0
    ),
    "g_test": lambda kind, row: float(chi2_of_counts(kind, row, "log-likelihood").pvalue),
    # of a constant, on which nothing stands out: scipy says 1 up to 1.17 and NaN from there on
    "mannwhitney": lambda _, row: float(stats.mannwhitneyu(REFERENCE[row], CURRENT[row]).pvalue) if row < 2 else 1.0,
}

DETECTORS = {name: detector_by_name(name) for name in SHIPPED} | {"missing": MissingShareDetector()}
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
    listed = {name for name in detectors.__all__ if name.endswith("Detector")}
    assert listed - {"BaseDetector", "MissingShareDetector"} <= {cls for _, cls in SHIPPED.values()}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_row_of_the_catalog_gives_the_name_and_the_class(name: str) -> None:
    module, cls = SHIPPED[name]
    detector = detector_by_name(name)
    assert (detector.name, type(detector).__module__) == (name, f"driftwatch.detectors.{module}")
    assert getattr(detectors, cls) is type(detector)
    assert cls in dir(detectors)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_detector_has_an_oracle(name: str) -> None:
    if not detector_by_name(name).kinds <= BOTH_KINDS:
        return  # tests/detectors/test_embeddings.py is about those of embeddings
    own = Path(__file__).with_name(f"test_{SHIPPED[name][0]}.py")  # a test file of its own
    assert name in {*ORACLES, "fisher_exact"} or own.exists(), f"wanted a row of ORACLES, or {own.name}"


def test_default_detectors_are_the_first_of_the_catalog() -> None:
    assert tuple(detector.name for detector in default_detectors()) == DEFAULT_NAMES == tuple(SHIPPED)[:7]


def test_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown detector: 'helinger' \(did you mean 'hellinger'\?\)"):
        detector_by_name("helinger")


@cases
def test_class_says_what_it_is(detector: BaseDetector[Any], kind: FeatureKind) -> None:
    assert kind in BOTH_KINDS
    assert detector.kinds <= BOTH_KINDS
    assert detector.effect_kinds <= detector.kinds
    assert detector.needs in {"counts", "distances", "ordering", "rows"}
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


@pytest.mark.parametrize(("detector", "kind"), [case for case in CASES if str(case.id).partition("-")[0] in ORACLES])
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
    np.testing.assert_allclose(float(pvalue[row]), PVALUES[detector.name](kind, row), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("detector", "kind"), [case for case in CASES if "missing" not in str(case.id)])
def test_moved_feature_scores_above_the_others(detector: BaseDetector[Any], kind: FeatureKind) -> None:
    score = score_of(detector, kind)
    if detector.name == "fisher_exact":
        assert np.isnan(score.statistic).all()  # six levels, and one
        return
    # the one that grows with the difference, where the statistic is none
    same, moved, constant = (score.measures or {}).get(detector.name, score.statistic)
    assert moved > 3 * same
    assert constant == pytest.approx(0.0, abs=1e-3)


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
        (KLDetector(n_bins=2), "kl"),
        (KLDetector(floor=0.1), "kl"),
        (HellingerDetector(n_bins=4), "hellinger"),
        (LInfinityDetector(n_bins=4), "l_infinity"),
        (GTestDetector(n_bins=4), "g_test"),
        (CramersVDetector(n_bins=4), "cramers_v"),
        (CramersVDetector(bias_correction=False), "cramers_v"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value),
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


@pytest.mark.parametrize(
    ("detector", "test", "wanted"),
    [
        (CramerVonMisesDetector, stats.cramervonmises_2samp, "asymptotic"),
        (MannWhitneyDetector, stats.mannwhitneyu, "exact"),
    ],
)
def test_method_of_a_rank_test_changes_the_p_value(detector: Any, test: Any, wanted: str) -> None:
    few = {"x": REFERENCE[0, :20]}
    block = Profile.fit(read_table(few)).blocks[0]
    sample = NumericSample(block, CURRENT[:1, :18], n_rows=20)
    default, other = (float(d.score(sample).pvalue[0]) for d in (detector(), detector(method=wanted)))
    assert other != default
    assert other == pytest.approx(float(test(REFERENCE[0, :20], CURRENT[0, :18], method=wanted).pvalue), abs=1e-7)


def test_fisher_detector_tests_two_levels_and_says_why_no_others() -> None:
    names = ("two", "three", "one", "apart")
    counts = ([9, 3, 0], [5, 5, 5], [7, 0, 0], [6, 0, 0]), ([2, 8, 0], [4, 6, 5], [9, 0, 0], [0, 5, 0])
    sides = [
        {
            name: Levels({k: c for k, c in zip("abc", row, strict=True) if c}, 0)
            for name, row in zip(names, side, strict=True)
        }
        for side in counts
    ]
    score = detector_by_name("fisher_exact").score(CategoricalSample(names, *sides))
    assert score.pvalue is not None
    assert score.reasons is not None
    np.testing.assert_allclose(score.pvalue[0], stats.fisher_exact(np.array([[9, 3], [2, 8]])).pvalue, rtol=1e-10)
    assert np.isnan(score.pvalue[1])
    assert [reason.split(":")[0] if reason else None for reason in score.reasons] == [
        None,
        "Fisher's exact test needs two levels, and more occur",
        "the odds ratio is not defined",
        "the odds ratio is infinite",
    ]


def test_mann_whitney_detector_names_who_is_larger() -> None:
    details = score_of(MannWhitneyDetector(), FeatureKind.NUMERIC).details
    shares = [np.mean(CURRENT[row][:, None] > REFERENCE[row]) for row in range(2)]
    np.testing.assert_allclose(np.asarray(details["superiority"][:2], dtype=float), shares, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(details["rank_biserial"], dtype=float)[1], 2 * shares[1] - 1, rtol=1e-12)


@pytest.mark.parametrize("name", ["cramervonmises", "anderson_darling", "mannwhitney", "kuiper"])
def test_rank_tests_of_mostly_zeros_do_not_reject_without_drift(name: str) -> None:
    rng = np.random.default_rng(4)
    rows, current = (np.where(rng.random((300, n)) < 0.9, 0.0, rng.normal(size=(300, n))) for n in (400, 90))
    block = Profile.fit(read_table(dict(enumerate(rows)))).blocks[0]
    pvalue = detector_by_name(name).score(NumericSample(block, current, n_rows=400)).pvalue
    assert pvalue is not None
    assert np.mean(pvalue <= 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize("name", ["cramervonmises", "anderson_darling", "mannwhitney", "kuiper", "cramers_v"])
def test_effects_without_drift_are_small_on_average_and_with_it_not(name: str) -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(200, 300))
    block = Profile.fit(read_table(dict(enumerate(rows)))).blocks[0]
    effects = []
    for shift in (0.0, 1.0):
        sample = NumericSample(block, rng.normal(shift, size=(200, 250)), n_rows=300)
        effect = detector_by_name(name).score(sample).effect
        assert effect is not None
        effects.append(effect)
    # its square less its expectation is 0 on average; without the correction a mean of .06 to .12 would be left
    assert np.mean(effects[0]) < 0.04
    assert np.min(effects[1]) > 0.15


def test_detectors_are_values() -> None:
    assert PSIDetector(n_bins=7) == PSIDetector(n_bins=7) != PSIDetector()
    assert hash(KSDetector()) == hash(KSDetector())
