"""Chi-squared that stays honest with rare levels: asymptotic, by permutation, pooled, exact."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats

from driftwatch.arrays.column import Levels
from driftwatch.detectors import ChiSquaredDetector
from driftwatch.errors import ConfigError
from driftwatch.profile.sample import CategoricalSample

Counts = list[int]


def verdict_of(reference: Counts, current: Counts, **options: Any) -> tuple[float, float, dict[str, Any]]:
    """Return statistic, p-value and details of one feature."""

    def levels(counts: Counts) -> dict[str, Levels]:
        return {"x": Levels({f"level {i}": count for i, count in enumerate(counts) if count}, 0)}

    score = ChiSquaredDetector(**options).score(CategoricalSample(["x"], levels(reference), levels(current)))
    assert score.pvalue is not None
    details = {key: values[0] for key, values in score.details.items()}
    assert score.flags is not None
    assert (score.flags[0] == ("low_expected_counts",)) == (details["pvalue_method"] != "asymptotic")
    return float(score.statistic[0]), float(score.pvalue[0]), details


def scipy_pvalue(reference: Counts, current: Counts) -> float:
    return float(stats.chi2_contingency([reference, current], correction=False).pvalue)


def pooled_by_hand(reference: Counts, current: Counts, least: float = 5.0) -> tuple[Counts, Counts]:
    """Return the counts with the rarest levels, by total, put together until both expected counts reach the least."""
    n, m = sum(reference), sum(current)
    smaller = min(n, m) / (n + m)
    groups: list[list[int]] = []
    group = [0, 0]
    # the detector sees levels of equal total by their label, from the most frequent level down
    labelled = sorted(range(len(reference)), key=lambda i: (-(reference[i] + current[i]), f"level {i}"))
    for i in sorted(labelled, key=lambda i: reference[i] + current[i]):
        group = [group[0] + reference[i], group[1] + current[i]]
        if sum(group) * smaller >= least:
            groups.append(group)
            group = [0, 0]
    if groups:
        groups[-1] = [groups[-1][0] + group[0], groups[-1][1] + group[1]]
    return [r for r, _ in groups], [c for _, c in groups]


COMMON = ([50, 60, 70, 20], [45, 70, 50, 30])
RARE = ([500, 300, 120, 9, 6, 3, 2, 1, 1], [40, 35, 20, 2, 1, 1, 0, 3, 0])
CHANCE = tuple(np.random.default_rng(12).multinomial(120, np.arange(1, 41) / 820, size=2).tolist())
MANY_RARE = ([400, *[3] * 60, *[1] * 40], [380, *[2] * 60, *[2] * 40])


def test_common_levels_are_tested_as_scipy_does() -> None:
    statistic, pvalue, details = verdict_of(*COMMON)
    wanted = stats.chi2_contingency(COMMON, correction=False)
    np.testing.assert_allclose([statistic, pvalue], [wanted.statistic, wanted.pvalue], rtol=1e-9)
    assert (details["pvalue_method"], details["dof"], details["pooled_levels"]) == ("asymptotic", wanted.dof, 0)


@pytest.mark.parametrize(("reference", "current"), [RARE, MANY_RARE], ids=["few", "many"])
def test_rare_levels_are_pooled_by_total(reference: Counts, current: Counts) -> None:
    _, pvalue, details = verdict_of(reference, current, rare="pooled")
    np.testing.assert_allclose(pvalue, scipy_pvalue(*pooled_by_hand(reference, current)), rtol=1e-9)
    assert details["pvalue_method"] == "pooled"


def test_many_rare_levels_keep_degrees_of_freedom() -> None:
    assert len(pooled_by_hand(*MANY_RARE)[0]) > 10


@pytest.mark.parametrize(("reference", "current"), [RARE, MANY_RARE], ids=["few", "many"])
def test_plain_test_is_reported_beside_the_pooled_one(reference: Counts, current: Counts) -> None:
    statistic, _, details = verdict_of(reference, current)
    wanted = stats.chi2_contingency([reference, current], correction=False)
    np.testing.assert_allclose([statistic, details["pvalue_asymptotic"]], [wanted.statistic, wanted.pvalue], rtol=1e-9)
    assert details["dof"] == wanted.dof


@pytest.mark.parametrize(
    ("reference", "current"),
    [([8, 2], [4, 6]), ([95, 5], [11, 1]), ([3, 1], [1, 9]), ([12, 0], [9, 3]), ([6, 2, 1], [3, 1, 4])],
)
def test_two_thin_levels_are_tested_exactly(reference: Counts, current: Counts) -> None:
    _, pvalue, details = verdict_of(reference, current, rare="pooled")
    top = int(np.argmax(np.add(reference, current)))
    table = np.array([[side[top], sum(side) - side[top]] for side in (reference, current)])
    np.testing.assert_allclose(pvalue, stats.fisher_exact(table).pvalue, rtol=1e-9)
    assert details["pvalue_method"] == "exact"


@pytest.mark.parametrize(("reference", "current"), [([12, 0], [9, 3]), ([6, 2, 1], [3, 1, 4]), ([8, 2], [4, 6])])
def test_few_tables_are_counted(reference: Counts, current: Counts) -> None:
    _, pvalue, details = verdict_of(reference, current)
    # every table with these margins once, by the multivariate hypergeometric distribution of one of its rows
    levels, n = np.add(reference, current), sum(reference)
    tables = [t for t in itertools.product(*(range(k + 1) for k in levels)) if sum(t) == n]
    chance = np.asarray(stats.multivariate_hypergeom(levels, n).pmf(tables))
    gaps = (np.array(tables) - levels * n / levels.sum()) ** 2 / levels ** (2 / 3)
    order = chance if len(levels) == 2 else -gaps.sum(axis=1)
    seen = order[tables.index(tuple(reference))]
    np.testing.assert_allclose(pvalue, chance[order <= seen * (1 + np.sign(seen) * 1e-9)].sum(), rtol=1e-9)
    assert details["pvalue_method"] == "exact"


@pytest.mark.parametrize(("reference", "current"), [RARE, MANY_RARE], ids=["few", "many"])
def test_p_value_of_rare_levels_is_that_of_shuffled_rows(reference: Counts, current: Counts) -> None:
    _, pvalue, details = verdict_of(reference, current)
    levels, m = np.add(reference, current), sum(current)
    drawn = np.random.default_rng(3).multivariate_hypergeometric(levels, m, size=20_000)
    expected = levels * m / levels.sum()
    found, seen = (((x - expected) ** 2 / levels ** (2 / 3)).sum(axis=-1) for x in (drawn, np.array(current)))
    share = (found >= seen * (1 - 1e-9)).mean()
    assert pvalue == pytest.approx(share, rel=0.6)  # four standard errors of 14 %
    assert details["pvalue_method"] == "permutation"
    assert details["n_permutations"] > 0


def test_p_value_does_not_depend_on_other_features() -> None:
    pairs = {"a": CHANCE, "b": CHANCE, "c": RARE}

    def pvalues(*names: str) -> dict[str, float]:
        sides = [
            {name: Levels({f"{i}": k for i, k in enumerate(pairs[name][side])}, 0) for name in names} for side in (0, 1)
        ]
        found = ChiSquaredDetector().score(CategoricalSample(list(names), *sides)).pvalue
        assert found is not None
        return dict(zip(names, found.tolist(), strict=True))

    together = pvalues("a", "b", "c")
    assert together["a"] != together["b"]  # the same counts under another name have draws of their own
    assert pvalues("c", "a") == {name: together[name] for name in ("c", "a")}


def test_seed_and_number_of_permutations_change_the_p_value() -> None:
    default = verdict_of(*CHANCE)[1]
    assert verdict_of(*CHANCE)[1] == default
    assert verdict_of(*CHANCE, seed=1)[1] != default
    few = verdict_of(*CHANCE, n_permutations=20)
    assert few[2]["n_permutations"] == 20
    assert few[1] != default


def test_hundreds_of_drifted_features_stay_below_a_correction() -> None:
    # 1 / (n_permutations + 1) of 1e-4 would be above 0.05 / 600, and nothing could drift
    _, pvalue, _ = verdict_of([500, 100, 30, 4, 2, 1], [10, 20, 30, 2, 4, 5])
    assert pvalue < 0.05 / 600


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rare": "permutations"}, "did you mean 'permutation'"),
        ({"n_permutations": 0}, "`n_permutations` must be an integer of at least 1"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
        ({"seed": True}, "`seed` must be an integer of at least 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ChiSquaredDetector(**options)


def test_single_level_gives_no_evidence() -> None:
    statistic, pvalue, details = verdict_of([7], [3])
    assert (statistic, pvalue, details["dof"]) == (0.0, 1.0, 0)


def test_empty_side_gives_no_number() -> None:
    statistic, pvalue, _ = verdict_of([5, 5], [0, 0])
    assert np.isnan([statistic, pvalue]).all()


def test_min_expected_decides_when_levels_are_rare() -> None:
    assert verdict_of(*COMMON, min_expected=60.0, rare="pooled")[2]["pvalue_method"] == "pooled"
    assert verdict_of(*COMMON, min_expected=60.0)[2]["pvalue_method"] == "permutation"
    assert verdict_of(*RARE, min_expected=0.0)[2]["pvalue_method"] == "asymptotic"


def test_sides_can_be_swapped() -> None:
    for reference, current in (COMMON, RARE, MANY_RARE, ([8, 2], [4, 6])):
        forwards, backwards = verdict_of(reference, current)[:2], verdict_of(current, reference)[:2]
        np.testing.assert_allclose(forwards, backwards, rtol=1e-12)


def test_levels_of_equal_total_are_not_pooled_by_side() -> None:
    # Half of the levels lean to one side and half to the other, as chance makes them; pooled by their lean they would
    # be two groups of 3 : 1 and 1 : 3.
    reference, current = [3, 1] * 100, [1, 3] * 100
    _, pvalue, details = verdict_of(reference, current, rare="pooled")
    assert details["pvalue_method"] == "pooled"
    assert pvalue > 0.01
