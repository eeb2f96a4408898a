"""The classifier two-sample test; scikit-learn is an extra, and these tests run where it is installed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from driftwatch.detectors import ClassifierDetector
from driftwatch.detectors.classifier import mann_whitney
from driftwatch.errors import MissingExtraError
from driftwatch.profile.embedding import EmbeddingBlock, EmbeddingSample, kept_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

RNG = np.random.default_rng(0)


def score(reference: NDArray[Any], current: NDArray[Any], *, joint: bool = False, **options: Any) -> tuple[float, ...]:
    columns = tuple(f"f{i}" for i in range(reference.shape[1])) if joint else ()
    sample = EmbeddingSample(EmbeddingBlock("x", kept_rows(reference), columns), kept_rows(current))
    found = ClassifierDetector(**options).score(sample)
    assert found.pvalue is not None
    assert found.effect is not None
    return float(found.statistic[0]), float(found.pvalue[0]), float(found.effect[0])


@pytest.mark.parametrize("decimals", [9, 0], ids=["continuous", "ties"])
def test_p_value_is_that_of_scipy(decimals: int) -> None:
    scores = np.round(np.random.default_rng(1).normal(size=70), decimals)
    is_current = np.arange(70) >= 40
    area, pvalue = mann_whitney(scores, is_current)
    expected = stats.mannwhitneyu(scores[is_current], scores[~is_current], alternative="greater", method="asymptotic")
    assert area == pytest.approx(expected.statistic / (40 * 30))
    assert pvalue == pytest.approx(expected.pvalue)


def test_scores_that_are_all_equal_say_nothing() -> None:
    assert mann_whitney(np.zeros(10), np.arange(10) >= 5) == (0.5, 1.0)


def test_without_scikit_learn_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    monkeypatch.setitem(__import__("sys").modules, "sklearn.base", None)
    with pytest.raises(MissingExtraError, match=r"ClassifierDetector needs scikit-learn.*\[sklearn\]"):
        score(RNG.normal(size=(40, 3)), RNG.normal(size=(40, 3)))


class TestWithScikitLearn:
    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        pytest.importorskip("sklearn", reason="scikit-learn is an extra")

    def test_shift_is_found_with_the_effect_of_the_best_plane(self) -> None:
        rng = np.random.default_rng(2)
        current = rng.normal(size=(300, 10))
        current[:, 0] += 2.0
        area, pvalue, effect = score(rng.normal(size=(400, 10)), current)
        # the best classifier of two normals 2 apart has the AUC Phi(2 / sqrt 2)
        best = stats.norm.cdf(math.sqrt(2.0))
        assert best - 0.05 < area < best + 0.03
        assert effect == pytest.approx(2 * area - 1, abs=0.01)
        assert pvalue < 1e-12

    def test_p_values_without_drift_are_not_too_small(self) -> None:
        pvalues = []
        for seed in range(60):
            rng = np.random.default_rng(seed)
            pvalues.append(score(rng.normal(size=(60, 30)), rng.normal(size=(40, 30)))[1])
        # at level 0.2, 20 or more of 60 have probability 0.01
        assert np.count_nonzero(np.array(pvalues) <= 0.2) < 20

    def test_correlation_that_turns_is_found_in_a_joint_feature(self) -> None:
        rng = np.random.default_rng(3)
        turn = np.array([[1.0, 0.8], [0.0, 0.6]])
        reference, current = rng.normal(size=(400, 2)) @ turn, rng.normal(size=(400, 2)) @ turn * [1, -1]
        assert score(reference, current, joint=True)[1] < 0.001
        assert score(reference, current, joint=False)[1] > 0.01  # a plane sees no correlation

    def test_estimator_of_choice_is_cloned_and_used(self) -> None:
        from sklearn.tree import DecisionTreeClassifier

        own = DecisionTreeClassifier(max_depth=1, random_state=0)
        rng = np.random.default_rng(4)
        pair = rng.normal(size=(100, 3)), rng.normal(0.5, 1.0, size=(100, 3))
        assert score(*pair, estimator=own) != score(*pair)
        assert not hasattr(own, "tree_")

    def test_seed_decides_the_halves(self) -> None:
        rng = np.random.default_rng(5)
        pair = rng.normal(size=(100, 3)), rng.normal(0.2, 1.0, size=(100, 3))
        assert score(*pair, seed=0) == score(*pair, seed=0)
        assert score(*pair, seed=0) != score(*pair, seed=1)

    def test_three_rows_on_a_side_give_no_answer(self) -> None:
        assert all(math.isnan(value) for value in score(RNG.normal(size=(40, 3)), RNG.normal(size=(3, 3))))
