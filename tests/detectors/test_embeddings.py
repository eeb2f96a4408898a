"""Detectors of embeddings and joint features: what they find, what they leave alone, and what an effect means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import distance

from driftwatch import Monitor
from driftwatch.arrays.table import read_table
from driftwatch.detectors import (
    DimensionKSDetector,
    MMDDetector,
    MultivariateEnergyDetector,
    SlicedWassersteinDetector,
)
from driftwatch.kernels import mmd_2samp, sliced_wasserstein_2samp
from driftwatch.kernels.aggregated import mmd_aggregated
from driftwatch.monitor.comparison import compare
from driftwatch.profile.embedding import EmbeddingBlock, EmbeddingSample, kept_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from driftwatch.detectors._rows import RowsDetector

DETECTORS: dict[str, RowsDetector] = {
    detector.name: detector
    for detector in (
        MMDDetector(n_permutations=99, max_permutations=99),
        SlicedWassersteinDetector(n_permutations=99, max_permutations=99, n_projections=16),
        MultivariateEnergyDetector(n_permutations=99, max_permutations=99),
        DimensionKSDetector(),
    )
}
detectors = pytest.mark.parametrize("detector", DETECTORS.values(), ids=list(DETECTORS))


def sample_of(
    reference: NDArray[Any], current: NDArray[Any], *, joint: bool = False, level: float | None = None
) -> EmbeddingSample:
    columns = tuple(f"f{i}" for i in range(reference.shape[1])) if joint else ()
    return EmbeddingSample(EmbeddingBlock("x", kept_rows(reference), columns), kept_rows(current), finest_level=level)


def normal(n: int, d: int = 6, *, seed: int, shift: float = 0.0) -> NDArray[np.float64]:
    x = np.random.default_rng(seed).normal(size=(n, d))
    x[:, 0] += shift
    return x


def values(detector: RowsDetector, sample: EmbeddingSample) -> tuple[float, float, float]:
    score = detector.score(sample)
    assert score.pvalue is not None
    assert score.effect is not None
    return float(score.statistic[0]), float(score.pvalue[0]), float(score.effect[0])


@detectors
def test_shift_of_one_dimension_is_significant_and_material(detector: RowsDetector) -> None:
    _, pvalue, effect = values(detector, sample_of(normal(300, seed=0), normal(200, seed=1, shift=1.0)))
    assert pvalue <= 0.01
    assert 0.1 < effect <= 1.0


@detectors
def test_no_drift_is_neither(detector: RowsDetector) -> None:
    found = [values(detector, sample_of(normal(150, seed=s), normal(100, seed=100 + s))) for s in range(20)]
    # the share of 20 runs at level 0.1: 6 or more have probability 0.01
    assert sum(pvalue <= 0.1 for _, pvalue, _ in found) <= 5
    assert float(np.median([effect for _, _, effect in found])) < 0.1


@detectors
def test_effect_does_not_grow_with_the_number_of_rows_of_a_plain_shift(detector: RowsDetector) -> None:
    small, large = (
        np.mean(
            [values(detector, sample_of(normal(n, 2, seed=s), normal(n, 2, seed=50 + s, shift=0.8)))[2] for s in seeds]
        )
        for n, seeds in ((150, range(8)), (900, range(2)))
    )
    assert small == pytest.approx(large, rel=0.15)


@detectors
def test_the_same_rows_give_the_same_answer_twice(detector: RowsDetector) -> None:
    sample = sample_of(normal(80, seed=2), normal(60, seed=3, shift=0.3))
    assert values(detector, sample) == values(detector, sample)


@detectors
def test_details_say_how_many_rows_were_compared(detector: RowsDetector) -> None:
    details = detector.score(sample_of(normal(80, seed=2), normal(60, seed=3))).details
    assert (details["n_compared_reference"], details["n_compared_current"]) == ([80], [60])


@detectors
def test_a_single_row_gives_no_answer_and_a_reason(detector: RowsDetector) -> None:
    score = detector.score(sample_of(normal(80, seed=2), normal(1, seed=3)))
    assert np.isnan(score.statistic[0])
    assert score.reasons == ["fewer than two complete rows on a side"]


@detectors
def test_statistic_without_drift_is_about_what_the_report_says_it_would_be(detector: RowsDetector) -> None:
    rows = []
    for seed in range(20):
        score = detector.score(sample_of(normal(90, seed=seed), normal(60, seed=300 + seed)))
        assert score.noise is not None
        rows.append([float(score.statistic[0]), *(float(values[0]) for values in score.noise)])
    found, expected, q99, excess = np.transpose(rows)
    # 20 statistics know their mean to a fifth of their spread, which is below a tenth of the 99 % quantile's distance
    assert np.mean(found) == pytest.approx(np.mean(expected), abs=0.25 * float(np.mean(q99 - expected)))
    assert np.count_nonzero(found > q99) <= 2
    assert excess.min() == 0.0


@detectors
@pytest.mark.filterwarnings("error")
def test_constant_rows_are_no_drift(detector: RowsDetector) -> None:
    statistic, pvalue, effect = values(detector, sample_of(np.ones((30, 4)), np.ones((20, 4))))
    assert statistic == pytest.approx(0.0, abs=1e-12)
    assert (pvalue, effect) == (1.0, 0.0)


@detectors
def test_constant_that_moved_is_drift(detector: RowsDetector) -> None:
    _, pvalue, effect = values(detector, sample_of(np.ones((60, 4)), np.full((50, 4), 2.0)))
    assert pvalue <= 0.01
    assert effect > 0.9


def test_mmd_is_the_statistic_of_the_rows_as_they_are() -> None:
    sample = sample_of(normal(60, seed=4), normal(50, seed=5, shift=0.5))
    expected = mmd_2samp(sample.reference_rows, sample.current_rows).statistic
    assert values(MMDDetector(), sample)[0] == pytest.approx(float(expected), rel=1e-12)


def test_mmd_effect_is_the_separation_beyond_that_of_relabeled_rows() -> None:
    sample = sample_of(normal(60, seed=4), normal(50, seed=5, shift=1.5))
    found = mmd_aggregated(sample.reference_rows, sample.current_rows)
    square, noise = float(found.separation) ** 2, float(found.expected_squared_separation)
    assert 0.0 < noise < square
    assert values(MMDDetector(), sample)[2] == pytest.approx(math.sqrt(square - noise), rel=1e-9)


def slow_energy(reference: NDArray[Any], current: NDArray[Any]) -> tuple[float, float]:
    """Return the energy distance and its share of `2 E|X - Y|`, from all pairs of rows."""
    across, within, also = (
        distance.cdist(a, b).mean() for a, b in ((reference, current), (reference, reference), (current, current))
    )
    return float(2 * across - within - also), float(1 - (within + also) / (2 * across))


def test_energy_of_rows_is_the_mean_distance_of_scipy() -> None:
    sample = sample_of(normal(60, seed=4), normal(50, seed=5, shift=0.5))
    score = MultivariateEnergyDetector(n_permutations=9).score(sample)
    wanted = slow_energy(sample.reference_rows, sample.current_rows)
    assert score.statistic == pytest.approx(wanted[0], rel=1e-10)
    assert score.details["coefficient"] == pytest.approx([wanted[1]], rel=1e-10)
    assert score.measures is not None
    assert {name: float(found[0]) for name, found in score.measures.items()} == pytest.approx(
        {
            "multivariate_energy": wanted[0],
            "energy_coefficient": wanted[1],
        }
    )


def test_energy_test_equals_slow_relabelings() -> None:
    sample = sample_of(normal(20, seed=4), normal(15, seed=5, shift=0.4))
    pooled = np.concatenate([sample.reference_rows, sample.current_rows])
    rng, found = np.random.default_rng(3), []
    for _ in range(39):
        chosen = np.isin(np.arange(35), rng.permutation(35)[:15])
        found.append(slow_energy(pooled[~chosen], pooled[chosen])[0])
    observed = slow_energy(sample.reference_rows, sample.current_rows)[0]
    score = MultivariateEnergyDetector(n_permutations=39, seed=3).score(sample)
    assert score.pvalue == pytest.approx((1 + sum(value >= observed for value in found)) / 40)
    assert score.noise is not None
    expected, q99, excess = (float(part[0]) for part in score.noise)
    assert (expected, q99) == pytest.approx((np.mean(found), max(found)), rel=1e-9)
    assert excess == pytest.approx(max(0.0, observed - np.mean(found)), rel=1e-9)


def test_energy_effect_is_how_well_distances_tell_the_sides_apart() -> None:
    sample = sample_of(normal(40, seed=4), normal(30, seed=5, shift=1.5))
    pooled = np.concatenate([sample.reference_rows, sample.current_rows])
    table = distance.cdist(pooled, pooled)

    def separation(is_current: NDArray[np.bool_]) -> float:
        scores = []
        for i, row in enumerate(table):
            others = np.arange(len(pooled)) != i
            scores.append(row[others & ~is_current].mean() - row[others & is_current].mean())
        auc = stats.mannwhitneyu(np.array(scores)[is_current], np.array(scores)[~is_current]).statistic / (40 * 30)
        return max(0.0, 2.0 * float(auc) - 1.0)

    rng = np.random.default_rng(0)
    noise = [separation(np.isin(np.arange(70), rng.permutation(70)[:30])) ** 2 for _ in range(9)]
    wanted = math.sqrt(separation(np.arange(70) >= 40) ** 2 - np.mean(noise))
    assert values(MultivariateEnergyDetector(n_permutations=9), sample)[2] == pytest.approx(wanted, rel=1e-9)


def test_energy_scales_with_the_rows_and_its_share_does_not() -> None:
    reference, current = normal(60, seed=4), normal(50, seed=5, shift=0.5)
    detector = MultivariateEnergyDetector(n_permutations=19)
    one, other = (detector.score(sample_of(scale * reference, scale * current)) for scale in (1.0, 1000.0))
    assert other.statistic == pytest.approx(1000.0 * one.statistic)
    assert other.details["coefficient"] == pytest.approx(one.details["coefficient"])
    assert (other.pvalue, other.effect) == (one.pvalue, one.effect)


@pytest.mark.parametrize("name", ["multivariate_energy", "energy_coefficient"])
def test_thresholds_and_excess_act_on_the_energy_of_rows(name: str) -> None:
    reference, current = {"e": normal(100, seed=4)}, {"e": normal(80, seed=5, shift=1.5)}
    detectors = [MultivariateEnergyDetector(n_permutations=99)]
    test = Monitor(reference, detectors=detectors).check(current).features["e"].tests["multivariate_energy"]
    assert test.statistic is not None
    assert test.excess is not None
    assert test.excess > 0.0
    unit = 1.0 if name == "multivariate_energy" else float(str(test.details["coefficient"])) / test.statistic
    between = unit * (test.statistic + test.excess) / 2.0
    for excess, material in ((False, True), (True, False)):
        monitor = Monitor(reference, detectors=detectors, thresholds={name: between}, excess=excess)
        assert monitor.check(current).features["e"].material is material


def test_energy_of_rows_is_chosen_by_name_and_decides_for_embeddings() -> None:
    sides = [{"x": normal(200, 1, seed=s)[:, 0], "e": normal(200, seed=10 + s, shift=s * 1.0)} for s in (0, 1)]
    report = Monitor(sides[0], detectors=["ks", "multivariate_energy"]).check(sides[1])
    assert report.drifted_features == ["e"]
    assert list(report.features["e"].tests) == ["multivariate_energy"]
    assert "energy" in report.summary()


def test_sliced_wasserstein_is_the_statistic_of_the_kernel() -> None:
    sample = sample_of(normal(60, seed=4), normal(50, seed=5, shift=0.5))
    detector = SlicedWassersteinDetector(n_projections=7, n_permutations=30, max_permutations=30, seed=3)
    statistic, pvalue, _ = values(detector, sample)
    rows = sample.reference_rows, sample.current_rows
    expected = sliced_wasserstein_2samp(*rows, n_projections=7, n_permutations=30, rng=3)
    assert statistic == pytest.approx(float(expected.statistic))
    assert pvalue == float(expected.pvalue)


def test_dimension_ks_is_bonferroni_over_scipy() -> None:
    reference, current = normal(60, seed=4), normal(50, seed=5, shift=0.5)
    found = [stats.ks_2samp(r, c) for r, c in zip(reference.T, current.T, strict=True)]
    statistic, pvalue, _ = values(DimensionKSDetector(), sample_of(reference, current))
    assert statistic == pytest.approx(max(result.statistic for result in found))
    assert pvalue == pytest.approx(min(1.0, 6 * min(result.pvalue for result in found)))


def test_dimension_ks_correction_changes_the_p_value() -> None:
    sample = sample_of(normal(60, seed=4), normal(50, seed=5, shift=0.5))
    ratio = values(DimensionKSDetector("bonferroni"), sample)[1] / values(DimensionKSDetector("none"), sample)[1]
    assert ratio == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (MMDDetector(n_permutations=49), MMDDetector(n_permutations=199)),
        (MMDDetector(seed=0), MMDDetector(seed=1)),
        (MultivariateEnergyDetector(n_permutations=49), MultivariateEnergyDetector(n_permutations=199)),
        (MultivariateEnergyDetector(seed=0), MultivariateEnergyDetector(seed=1)),
        (SlicedWassersteinDetector(n_permutations=49), SlicedWassersteinDetector(n_permutations=199)),
        (SlicedWassersteinDetector(seed=0), SlicedWassersteinDetector(seed=1)),
        (SlicedWassersteinDetector(n_projections=4), SlicedWassersteinDetector(n_projections=5)),
    ],
    ids=repr,
)
def test_every_parameter_changes_the_result(one: RowsDetector, other: RowsDetector) -> None:
    sample = sample_of(normal(60, seed=4), normal(50, seed=6, shift=0.2))
    assert values(one, sample) != values(other, sample)


@pytest.mark.parametrize(
    "detector",
    [
        MMDDetector(n_permutations=99, max_permutations=500),
        MultivariateEnergyDetector(n_permutations=99, max_permutations=500),
        SlicedWassersteinDetector(32, 99, 500),
    ],
    ids=["mmd", "multivariate_energy", "sliced_wasserstein"],
)
def test_a_report_of_many_features_gets_the_permutations_that_its_level_needs(detector: RowsDetector) -> None:
    drift, none = normal(60, seed=6, shift=3.0), normal(60, seed=7)
    reference = normal(80, seed=5)
    coarse = detector.score(sample_of(reference, drift, level=0.05))
    fine = detector.score(sample_of(reference, drift, level=0.005))
    assert (coarse.pvalue[0], fine.pvalue[0]) == (1 / 100, 1 / 401)  # type: ignore[index]
    too_fine = detector.score(sample_of(reference, drift, level=1e-6))
    assert (too_fine.pvalue[0], too_fine.flags) == (1 / 501, [("few_permutations",)])  # type: ignore[index]
    assert detector.score(sample_of(reference, none, level=1e-6)).flags == [()]


@pytest.mark.parametrize("kind", [MMDDetector, MultivariateEnergyDetector])
def test_it_goes_on_only_where_no_permutation_reached_the_statistic(
    kind: type[MMDDetector | MultivariateEnergyDetector],
) -> None:
    detector = kind(n_permutations=99, max_permutations=5000)
    same = detector.score(sample_of(normal(40, seed=8), normal(40, seed=9), level=1e-3))
    assert same.details["n_permutations"] == [99]


def test_a_look_at_one_feature_has_the_permutations_of_the_whole_report() -> None:
    sides = [
        {**{f"x{i}": normal(60, 1, seed=i)[:, 0] for i in range(9)}, "e": normal(60, seed=20 + s, shift=4.0 * s)}
        for s in (0, 1)
    ]
    monitor = Monitor(sides[0], detectors=["ks", MultivariateEnergyDetector(n_permutations=99)])
    whole = monitor.check(sides[1]).features["e"].tests["multivariate_energy"].details["n_permutations"]
    (found,), _ = compare(monitor.profile, monitor.plan, read_table(sides[1]), ["e"])
    assert found.findings["multivariate_energy"].details["n_permutations"] == whole == 2 * 10 * 2 / 0.05


def test_joint_rows_are_ranks_over_both_sides() -> None:
    reference, current = normal(7, 3, seed=10), normal(5, 3, seed=11)
    reference[2, 1] = current[0, 1]  # a tie across the sides
    sample = sample_of(reference, current, joint=True)
    pooled = np.concatenate([reference, current])
    expected = (2.0 * stats.rankdata(pooled, axis=0) - 1.0) / 12 - 1.0
    np.testing.assert_allclose(np.concatenate([sample.reference_rows, sample.current_rows]), expected, atol=1e-12)


def test_correlation_that_turns_is_found_jointly_and_not_by_dimension() -> None:
    turn = np.array([[1.0, 0.7], [0.0, math.sqrt(1 - 0.49)]])
    reference, current = normal(300, 2, seed=12) @ turn, normal(200, 2, seed=13) @ turn * [1, -1]
    sample = sample_of(reference, current, joint=True)
    assert values(MMDDetector(), sample)[1] == 1 / 1000
    assert values(MMDDetector(), sample)[2] > 0.3
    assert values(DimensionKSDetector(), sample)[1] > 0.05
